from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"

    def ready(self) -> None:
        from access.left_behind import left_behind_requested
        from access.revocation import access_revoked, disclosure_changed, group_members_removed
        from credentials.departures import revoke_grants, revoke_group_access
        from credentials.left_behind import report_left_behind
        from credentials.policy_changes import end_leases_of_tenant

        access_revoked.connect(revoke_grants, dispatch_uid="credentials.departures")
        left_behind_requested.connect(report_left_behind, dispatch_uid="credentials.left_behind")
        disclosure_changed.connect(end_leases_of_tenant, dispatch_uid="credentials.disclosure")
        group_members_removed.connect(revoke_group_access, dispatch_uid="credentials.groups")
