from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"

    def ready(self) -> None:
        from access.endings import access_ended
        from credentials.endings import end_grants

        access_ended.connect(end_grants, dispatch_uid="credentials.endings")
