from django.apps import AppConfig


class LeasesConfig(AppConfig):
    name = "leases"

    def ready(self) -> None:
        from access.revocation import access_revoked
        from credentials.lease_counts import ending_lease_count, live_lease_count
        from leases.quotas import count_live
        from leases.revocation import count_ending, end_leases

        access_revoked.connect(end_leases, dispatch_uid="leases.revocation")
        live_lease_count.connect(count_live, dispatch_uid="leases.live")
        ending_lease_count.connect(count_ending, dispatch_uid="leases.ending")
