from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "console"

    def ready(self) -> None:
        from audit.domain_events import subscribe
        from console.live.publisher import publisher

        subscribe(publisher.note)
