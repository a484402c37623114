from django.apps import AppConfig


class LeasesConfig(AppConfig):
    name = "leases"

    def ready(self) -> None:
        from access.revocation import access_revoked
        from credentials.lease_counts import register_counter, register_matcher
        from leases.revocation import count_ending, count_living, end_leases

        access_revoked.connect(end_leases, dispatch_uid="leases.revocation")
        register_counter(count_living)
        register_matcher(count_ending)
