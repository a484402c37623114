from django.apps import AppConfig


class LeasesConfig(AppConfig):
    name = "leases"

    def ready(self) -> None:
        from access.endings import access_ended
        from credentials.lending import register_counter, register_matcher
        from leases.endings import count_ending, count_living, end_leases

        access_ended.connect(end_leases, dispatch_uid="leases.endings")
        register_counter(count_living)
        register_matcher(count_ending)
