"""Servers that hang: one always does, and one that can be told to."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit


@dataclass
class FrozenServer:
    """Takes connections and never says a word."""

    listener: socket.socket = field(default_factory=socket.socket)
    taken: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self.listener.accept()[0])
            except OSError:
                return

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"

    def close(self) -> None:
        """Let go of everything."""
        self.listener.shutdown(socket.SHUT_RDWR)
        for one in (self.listener, *self.taken):
            one.close()


@dataclass
class FreezableServer:
    """Relays to another server until it is frozen; then it takes connections and says nothing."""

    behind: str
    listener: socket.socket = field(default_factory=socket.socket)
    runs: threading.Event = field(default_factory=threading.Event)
    relayed: list[socket.socket] = field(default_factory=list)
    relays: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runs.set()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def url(self) -> str:
        """The address of the server behind, through this one."""
        parts = urlsplit(self.behind)
        user = parts.netloc.rpartition("@")[0]
        port = self.listener.getsockname()[1]
        return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}"))

    def close(self) -> None:
        """End all connections."""
        self.runs.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.relayed:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for relay in self.relays:
            relay.join(5)

    def _take(self) -> None:
        parts = urlsplit(self.behind)
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection((parts.hostname or "", parts.port or 5432))
            self.relayed += (near, far)
            for ends in ((near, far), (far, near)):
                self.relays.append(threading.Thread(target=self._relay, args=ends, daemon=True))
                self.relays[-1].start()

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.runs.wait()
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()
