"""Addresses of the base pages."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from forestgis.web import views

app_name = "web"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="web:map"), name="home"),
    path("map/", views.map_page, name="map"),
    path("card/<str:key>/", views.card, name="card"),
    path("language/", login_not_required(set_language), name="set_language"),
]
