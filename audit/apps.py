from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from foundation.db.privileges import after_migrate

        # Once per `migrate`, when every app's tables exist: Django sends it for each app that has
        # models, `access` has none, so the lowest app that has some listens for all.
        post_migrate.connect(after_migrate, sender=self, dispatch_uid="foundation.db.privileges")
