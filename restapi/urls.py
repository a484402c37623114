"""The addresses below /api/v1/."""

from django.urls import path

from restapi.views import Credentials

urlpatterns = [path("credentials", Credentials.as_view())]
