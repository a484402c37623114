from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"

    def ready(self) -> None:
        from access.revocation import access_revoked, group_members_removed
        from credentials.departures import revoke_grants, revoke_group_access

        access_revoked.connect(revoke_grants, dispatch_uid="credentials.departures")
        group_members_removed.connect(revoke_group_access, dispatch_uid="credentials.groups")
