from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"

    def ready(self) -> None:
        from audit.domain_events import event_committed
        from audit.metrics import count_entry
        from foundation.db.privileges import after_migrate

        event_committed.connect(count_entry, dispatch_uid="audit.metrics")

        # Once per `migrate`, when every app's tables exist: Django sends it for each app that has
        # models, `access` has none, so the lowest app that has some listens for all.
        post_migrate.connect(after_migrate, sender=self, dispatch_uid="foundation.db.privileges")
