"""The other end of a loopback redirect: a program on this computer that waits for its code."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.environment import free_port


@dataclass
class Listener:
    """Where it listens, and the requests that came in; a dead one never gets any."""

    port: int
    requests: queue.Queue[str] = field(default_factory=queue.Queue)

    @property
    def origin(self) -> str:
        """Its web origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def redirect_uri(self) -> str:
        """What the client registers."""
        return f"{self.origin}/callback"

    def code(self) -> str:
        """The code of the next request; waits for it."""
        return parse_qs(urlsplit(self.requests.get(timeout=15)).query)["code"][0]


@contextmanager
def listening() -> Iterator[Listener]:
    """A program that answers 200 to whatever comes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/callback"):  # and not the icon that browsers ask for
                listener.requests.put(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>client</title>The client's own page")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener = Listener(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dead() -> Listener:
    """A port on which nobody listens."""
    return Listener(free_port())
