"""Addresses of the accounts app."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from forestgis.accounts import views

app_name = "accounts"

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke", views.revoke, name="revoke_token"),
]
