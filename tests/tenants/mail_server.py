"""A small SMTP server on loopback that treats each recipient as a test wants it to."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connections
from django.test import override_settings

DROP = "drop"
HANG = "hang"
OK = "250 ok"


@dataclass
class MailServer:
    """What it answers, and what it took. `recipients`: a reply line, DROP or HANG by address."""

    recipients: dict[str, str] = field(default_factory=dict)
    sender: str = OK
    data: str = OK
    greeting: str = "220 ready"
    while_sending: Callable[[], object] = lambda: None
    taken: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def mail_server(**treatment: object) -> Iterator[MailServer]:
    """The server, and Django's settings that lead to it."""
    said = MailServer(**treatment)  # type: ignore[arg-type]  # the fields by name

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                _converse(self, said)
            except OSError:
                return
            finally:
                connections.close_all()  # this thread's, which `while_sending` may have opened

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=server.server_address[1],
            EMAIL_TIMEOUT=0.5,
        ):
            try:
                yield said
            finally:
                said.closing.set()
                server.shutdown()


def _converse(client: socketserver.StreamRequestHandler, said: MailServer) -> None:
    def answer(line: str) -> None:
        client.wfile.write(line.encode() + b"\r\n")

    answer(said.greeting)
    recipient = ""
    while line := client.rfile.readline().decode().strip():
        verb = line[:4].upper()
        if verb == "QUIT":
            answer("221 bye")
            return
        if verb == "MAIL":
            answer(said.sender)
        elif verb == "RCPT":
            recipient = line.partition("<")[2].partition(">")[0]
            said.while_sending()
            reply = said.recipients.get(recipient, OK)
            if reply == HANG:
                said.closing.wait(30)
            if reply in (HANG, DROP):
                return
            answer(reply)
        elif verb == "DATA":
            answer("354 go on")
            lines = iter(client.rfile.readline, b".\r\n")
            text = b"".join(lines).decode()
            if said.data == OK:
                said.taken.append(recipient)
                said.messages.append(text)
            answer(said.data)
        else:
            answer(OK)
