"""Reads `/readyz`: waits until the application is ready and reports what is not."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from devtools.exit_codes import LaunchError

START_SECONDS = 90
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Health:
    """Whether the application is ready, and its checks that fail."""

    ready: bool
    failing: list[str]

    @property
    def hopeless(self) -> bool:
        """Whether the keys are the wrong ones: no waiting puts the right file back."""
        return any(check.startswith("keys:") for check in self.failing)

    def __str__(self) -> str:
        if not self.failing:
            return "/readyz finds nothing wrong"
        return f"/readyz finds wrong: {', '.join(self.failing)}"


def read_health(public_url: str) -> Health:
    """Asks `/readyz` once; an application that does not answer is not ready."""
    try:
        answer = httpx2.get(f"{public_url}/readyz", timeout=5, trust_env=False)
        content = answer.json()
    except (httpx2.HTTPError, ValueError):
        return Health(ready=False, failing=["the web process does not answer"])
    return Health(ready=answer.status_code == 200, failing=_failing(content))


def await_ready(public_url: str, watch: Callable[[], None], *, wholly: bool = False) -> None:
    """Waits until the application can serve; `wholly`: until worker and beat are seen at work too.

    Raises LaunchError; so may `watch`, when a process is known to have ended.
    """
    deadline = time.monotonic() + START_SECONDS
    health = read_health(public_url)
    while not health.ready or (wholly and health.failing):
        watch()
        if health.hopeless:
            raise LaunchError(f"not ready, and waiting does not help; {health}")
        if time.monotonic() > deadline:
            raise LaunchError(f"not ready within {START_SECONDS} s; {health}")
        time.sleep(POLL_SECONDS)
        health = read_health(public_url)


def _failing(content: dict[str, Any]) -> list[str]:
    checks: dict[str, Any] = content.get("checks", {})
    return [f"{name}: {state}" for name, state in checks.items() if state != "ok"]
