"""Addresses of the accounts app."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from forestgis.accounts import people_views, views

app_name = "accounts"

urlpatterns = [
    path("login/", views.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke", views.revoke, name="revoke_token"),
    path("login/code/", views.login_code, name="login_code"),
    path("account/password/", views.password, name="password"),
    path("account/second-factor/", views.second_factor_page, name="second_factor"),
    path("account/second-factor/remove", views.remove_second_factor, name="remove_second_factor"),
    path("account/people/", people_views.people_list, name="people"),
    path("account/people/<int:user_id>/", people_views.person, name="person"),
    path("account/people/<int:user_id>/password", people_views.reset, name="reset_password"),
    path("account/people/<int:user_id>/unlock", people_views.unlock, name="unlock"),
    path("account/organisations/", people_views.organisation_list, name="organisations"),
]
