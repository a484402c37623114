"""A scripted stand-in for the Messages API: it calls the tools it was told to and then stops."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Results = list[dict[str, Any]]
Step = tuple[str, Callable[[Results], dict[str, Any]]]


@dataclass
class Script:
    """The tools to call in order; each call's arguments may use the results so far."""

    steps: list[Step]
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def results(self) -> Results:
        """What the tools answered so far, as the model saw it."""
        return _results(self.requests[-1]) if self.requests else []

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The content block the model says next."""
        self.requests.append(request)
        results = _results(request)
        offered = {tool["name"] for tool in request.get("tools", [])}
        if len(results) < len(self.steps) and self.steps[len(results)][0] in offered:
            name, arguments = self.steps[len(results)]
            return {
                "type": "tool_use",
                "id": f"toolu_{len(results) + 1}",
                "name": name,
                "input": arguments(results),
            }
        return {"type": "text", "text": "DONE"}


def _results(request: dict[str, Any]) -> Results:
    blocks: Results = []
    messages: Results = request["messages"]
    for message in messages:
        if isinstance(message["content"], list):
            blocks += [one for one in message["content"] if one.get("type") == "tool_result"]
    return blocks


def _events(model: str, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    usage = {"input_tokens": 1, "output_tokens": 1}
    tool = block["type"] == "tool_use"
    empty = {**block, "input": {}} if tool else {"type": "text", "text": ""}
    delta = (
        {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        if tool
        else {"type": "text_delta", "text": block["text"]}
    )
    message: dict[str, Any] = {
        "id": "msg",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    stop = {"stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None}
    yield {"type": "message_start", "message": message}
    yield {"type": "content_block_start", "index": 0, "content_block": empty}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": stop, "usage": usage}
    yield {"type": "message_stop"}


@contextmanager
def scripted_model(script: Script) -> Iterator[str]:
    """Serve `script` on a free loopback port; answers the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Requests hold what the model saw; nothing of them is logged."""

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if "count_tokens" in self.path:
                self._send(b'{"input_tokens":1}', "application/json")
                return
            events = _events(request["model"], script.answer(request))
            lines = (f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events)
            self._send("".join(lines).encode(), "text/event-stream")

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
