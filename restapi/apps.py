from django.apps import AppConfig


class RestApiConfig(AppConfig):
    name = "restapi"
