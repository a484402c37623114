"""Loopback ports: free ones for private servers, and the listening sockets of the console."""

import errno
import socket
import time

from devtools.exit_codes import LaunchError

BACKLOG = 256


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing uses at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listen(port: int, patience: float = 0) -> list[socket.socket]:
    """Sockets listening on 127.0.0.1 and, where this machine has it, ::1.

    Both, because `localhost` may mean either. `patience` is how many seconds a port that is taken
    may take to become free. Raises LaunchError.
    """
    sockets = [_listen_patiently(port, patience)]
    try:
        sockets.append(_listen(socket.AF_INET6, "::1", port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sockets[0].close()
            raise _taken(port) from None
    return sockets


def _listen_patiently(port: int, patience: float) -> socket.socket:
    deadline = time.monotonic() + patience
    while True:
        try:
            return _listen(socket.AF_INET, "127.0.0.1", port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LaunchError(
                    f"cannot listen on port {port}: {error.strerror}; choose one with --port N"
                ) from None
            if time.monotonic() >= deadline:
                raise _taken(port) from None
        time.sleep(0.2)


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _taken(port: int) -> LaunchError:
    return LaunchError(f"port {port} is taken by another program; choose one with --port N")
