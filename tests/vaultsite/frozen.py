"""A server that hangs."""

import socket
import threading
from dataclasses import dataclass, field


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
