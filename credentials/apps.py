from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"

    def ready(self) -> None:
        from access.endings import access_ended, group_left
        from credentials.endings import end_grants, end_group_access

        access_ended.connect(end_grants, dispatch_uid="credentials.endings")
        group_left.connect(end_group_access, dispatch_uid="credentials.groups")
