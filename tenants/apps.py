from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from access.left_behind import left_behind_requested
        from tenants.left_behind import report_left_behind

        left_behind_requested.connect(report_left_behind, dispatch_uid="tenants.left_behind")
