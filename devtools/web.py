"""The web process of `up`: serves the application on listening sockets that it inherits."""

import asyncio
import socket
import sys

import uvicorn

from vaultsite.http_protocol import DeadlineProtocol

GRACE_SECONDS = 5
TICK_SECONDS = 0.5


class QuietServer(uvicorn.Server):
    """uvicorn's server, which looks less often whether it is to end: it would wake up ten times a
    second, which is most of what an idle installation costs.
    """

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # noqa: ASYNC110  # uvicorn sets a flag, no event
            await asyncio.sleep(TICK_SECONDS)


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
    QuietServer(config).run(sockets=sockets)


if __name__ == "__main__":
    main(sys.argv[1:])
