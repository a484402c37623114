from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "console"

    def ready(self) -> None:
        from access.news import listen
        from console.live.publishing import publisher

        listen(publisher.note)
