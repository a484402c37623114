"""Scripted stand-ins for the model APIs that Codex CLI and opencode speak: commands in order."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# The agents' tools that run a command, and their arguments.
SHELLS: dict[str, Any] = {
    "exec_command": lambda command: {"cmd": command},
    "shell_command": lambda command: {"command": command},
    "shell": lambda command: {"command": ["bash", "-lc", command]},
    "bash": lambda command: {"command": command, "description": "try"},
}


@dataclass
class Commands:
    """The commands to run in order, and what the model was sent."""

    steps: list[str]
    requests: list[dict[str, Any]] = field(default_factory=list)

    def next_call(self, request: dict[str, Any], done: int) -> tuple[str, str] | None:
        """The name of a tool and its arguments as JSON; None at the end, or without a shell."""
        self.requests.append(request)
        names = [_name(tool) for tool in request.get("tools", [])]
        shell = next((name for name in SHELLS if name in names), None)
        if shell is None or done >= len(self.steps):
            return None
        return shell, json.dumps(SHELLS[shell](self.steps[done]))


def _name(tool: dict[str, Any]) -> str:
    return str(tool.get("name") or tool.get("function", {}).get("name"))


def responses_events(commands: Commands, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """OpenAI's Responses API, streamed."""
    done = sum(item.get("type") == "function_call_output" for item in request["input"])
    call = commands.next_call(request, done)
    number = len(commands.requests)
    if call:
        item: dict[str, Any] = {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"call_{number}",
            "name": call[0],
            "arguments": call[1],
        }
    else:
        text = {"type": "output_text", "text": "DONE", "annotations": []}
        item = {"type": "message", "id": f"m_{number}", "role": "assistant", "content": [text]}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    response = {"id": f"resp_{number}", "object": "response", "output": [item], "usage": usage}
    yield {"type": "response.created", "response": {"id": response["id"]}}
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    yield {"type": "response.completed", "response": {**response, "status": "completed"}}


def chat_events(commands: Commands, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """OpenAI's Chat Completions API, streamed."""
    done = sum(message.get("role") == "tool" for message in request["messages"])
    call = commands.next_call(request, done)
    number = len(commands.requests)
    delta: dict[str, Any] = {"role": "assistant", "content": "DONE"}
    if call:
        function = {"name": call[0], "arguments": call[1]}
        tool = {"index": 0, "id": f"call_{number}", "type": "function", "function": function}
        delta = {"role": "assistant", "content": None, "tool_calls": [tool]}
    ends = "tool_calls" if call else "stop"
    for part, reason in ((delta, None), ({}, ends)):
        choice = {"index": 0, "delta": part, "finish_reason": reason}
        yield {
            "id": f"chat_{number}",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "scripted",
            "choices": [choice],
        }


@contextmanager
def scripted_api(commands: Commands) -> Iterator[str]:
    """Serve both APIs on a free loopback port; answers the base URL."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Requests hold what the model saw; nothing of them is logged."""

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            is_chat = self.path.endswith("/chat/completions")
            events = (chat_events if is_chat else responses_events)(commands, request)
            lines = [f"data: {json.dumps(one)}\n\n" for one in events]
            if is_chat:
                lines.append("data: [DONE]\n\n")
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write("".join(lines).encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
