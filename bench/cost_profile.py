"""Where the CPU time of a call goes: the MCP endpoint in this process, under Python's profiler.

Run as `python -m bench.cost_profile RESULT FILE…` in the environment of a web process; each file is
a scenario of requests. The profiler makes every call of a function dearer, so shares count and not
sums: the report spreads the time that was measured without it over the layers by their shares.
"""

import asyncio
import cProfile
import json
import os
import pstats
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CALLS = 300
WARM_UP = 50
LAYERS = {
    "endpoint": ("/mcpserver/", "/foundation/web/", "/starlette/", "/identity/"),
    "operation and rules": ("/leases/", "/credentials/", "/tenants/", "/access/", "/audit/"),
    "statements and rows": ("/foundation/db/", "/psycopg", "/django/db/"),
    "JSON and shapes": ("/json/", "/pydantic", "/foundation/schema/"),
    "event loop": ("/asyncio/", "/uvloop/", "greenlet", "/contextlib.py", "select."),
}
REST = "everything else"

Endpoint = Callable[[Any, Any, Any], Any]
Request = tuple[list[tuple[bytes, bytes]], bytes]


def main(result: str, files: list[str]) -> None:
    """Writes the layers of each scenario, in microseconds per call, to the file `result`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vaultsite.settings")
    import django

    django.setup()
    costs = asyncio.run(_costs([Path(name) for name in files]))
    Path(result).write_text(json.dumps(costs))


async def _costs(files: list[Path]) -> dict[str, dict[str, float]]:
    from mcpserver.app import serving

    async with serving() as endpoint:
        return {file.name: await _cost(endpoint, _requests(file)) for file in files}


async def _cost(endpoint: Endpoint, requests: list[Request]) -> dict[str, float]:
    await _send(endpoint, requests, WARM_UP)
    started = time.thread_time()
    await _send(endpoint, requests, CALLS)
    microseconds = (time.thread_time() - started) / CALLS * 1e6
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    await _send(endpoint, requests, CALLS)
    profile.disable()
    layers = dict.fromkeys([*LAYERS, REST], 0.0)
    for (path, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]  # not in the stubs
        layers[_layer(f"{path} {name}")] += own
    whole = sum(layers.values())
    return {name: own / whole * microseconds for name, own in layers.items()}


def _layer(function: str) -> str:
    for layer, marks in LAYERS.items():
        if any(mark in function for mark in marks):
            return layer
    return REST


async def _send(endpoint: Endpoint, requests: list[Request], times: int) -> None:
    for number in range(times):
        await _call(endpoint, *requests[number % len(requests)])


async def _call(endpoint: Endpoint, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    answer: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        answer.append(message)

    scope = {"type": "http", "method": "POST", "path": "/api/mcp", "headers": headers}
    await endpoint({**scope, "client": ("127.0.0.1", 1), "query_string": b""}, receive, send)
    if answer[0]["status"] != 200 or b'"isError":false' not in answer[1]["body"]:
        raise RuntimeError("a call was refused")


def _requests(file: Path) -> list[Request]:
    """The requests of a file that `bench.workload` wrote."""
    content, requests = file.read_bytes(), []
    while content:
        length, _, rest = content.partition(b"\n")
        request, content = rest[: int(length)], rest[int(length) :]
        head, _, body = request.partition(b"\r\n\r\n")
        lines = (line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        requests.append(([(name.lower(), value) for name, value in lines], body))
    return requests


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
