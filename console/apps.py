from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "console"

    def ready(self) -> None:
        from audit.domain_events import DomainEvent, event_committed
        from console.live.publisher import publisher

        def note(event: DomainEvent, **_: object) -> None:
            publisher.note(event)

        event_committed.connect(note, weak=False, dispatch_uid="console.live")
