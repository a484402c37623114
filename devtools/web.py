"""The web process of `up`: serves the application on listening sockets that it inherits."""

import socket
import sys

import uvicorn

from vaultsite.http_protocol import DeadlineProtocol

GRACE_SECONDS = 5


def main(descriptors: list[str]) -> None:
    """Serves until it is stopped.

    No access log: the addresses of an authorization carry codes and states.
    """
    config = uvicorn.Config(
        "vaultsite.asgi:application",
        lifespan="on",
        http=DeadlineProtocol,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=1024,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    sockets = [socket.socket(fileno=int(descriptor)) for descriptor in descriptors]
    uvicorn.Server(config).run(sockets=sockets)


if __name__ == "__main__":
    main(sys.argv[1:])
