"""The browser's part of a sign-in: a listener on loopback that waits for the code (RFC 8252)."""

import queue
import secrets
import sys
import threading
import webbrowser
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx2

from vaultctl import oauth
from vaultctl.errors import VaultctlError
from vaultctl.exit_codes import Exit
from vaultctl.sessions import Session

PATIENCE = 600
PATH = "/callback"
POLL_SECONDS = 0.05  # until the listener sees that it is to stop
Answer = dict[str, str]


class Listener(HTTPServer):
    """Receives the redirect; its reply waits until the code was redeemed, so that the last page
    shows the true outcome.
    """

    def __init__(self, complete: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.complete = complete
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.redeemed = threading.Event()

    @property
    def redirect_uri(self) -> str:
        """Where the browser is sent."""
        return f"http://127.0.0.1:{self.server_port}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        """Hand the parameters over and send the browser to Vault's last page."""
        parts = urlsplit(self.path)
        if parts.path != PATH:
            self.send_error(404)
            return
        self.server.answers.put(dict(parse_qsl(parts.query)))
        self.server.redeemed.wait(30)
        self.send_response(302)
        self.send_header("Location", self.server.complete)
        self.send_header("Content-Length", "0")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Addresses contain the code; nothing of them is logged."""


def authorize(
    http: httpx2.Client, url: str, scope: str, *, note: Callable[[str], None], browse: bool
) -> Session:
    """Send the person to the consent page and redeem what comes back."""
    found = oauth.metadata(http, url)
    listener = Listener(f"{url}/oauth/complete")
    threading.Thread(target=listener.serve_forever, args=[POLL_SECONDS], daemon=True).start()
    try:
        request = oauth.Request(found["authorization_endpoint"], url, listener.redirect_uri, scope)
        _invite(request, note, browse=browse)
        if not browse and sys.stdin.isatty():
            note("If the browser is on another machine, paste the address it ends at here.")
            threading.Thread(target=_read_paste, args=[listener], daemon=True).start()
        return oauth.redeem(http, request, _code(listener, request))
    finally:
        listener.redeemed.set()
        listener.shutdown()
        listener.server_close()


def _invite(request: oauth.Request, note: Callable[[str], None], *, browse: bool) -> None:
    if browse and webbrowser.open(request.address):
        note("The browser opens. If it does not, open this address:")
    else:
        note("Open this address in a browser:")
    note(request.address)


def _read_paste(listener: Listener) -> None:
    for line in sys.stdin:
        listener.answers.put(dict(parse_qsl(urlsplit(line.strip()).query)))


def _code(listener: Listener, request: oauth.Request) -> str:
    """The code of the first answer to our own request; others are ignored."""
    while True:
        try:
            answer = listener.answers.get(timeout=PATIENCE)
        except queue.Empty:
            raise VaultctlError("Nobody signed in in time.", Exit.NOT_SIGNED_IN) from None
        if not secrets.compare_digest(answer.get("state", "").encode(), request.state.encode()):
            continue
        if answer.get("iss") != request.url:
            raise VaultctlError("The answer came from another server.", Exit.NOT_SIGNED_IN)
        if "code" in answer:
            return answer["code"]
        why = answer.get("error_description") or answer.get("error") or "no reason given"
        raise VaultctlError(f"The sign-in was refused: {why}", Exit.NOT_SIGNED_IN)
