"""Reads `/readyz`: waits until the application is ready and reports what is not."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from devtools.exit_codes import LaunchError

# A slow machine starts slowly; one whose processes do nothing for this long does not start.
STALL_SECONDS = 90
# Polling processes never stand quite still, so the wait has an end of its own.
LONGEST_SECONDS = 900
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


def await_ready(
    public_url: str,
    watch: Callable[[], None],
    *,
    progress: Callable[[], object] = lambda: None,
    wholly: bool = False,
) -> None:
    """Waits until the application can serve; `wholly`: until worker and beat are seen at work too.

    It waits as long as `progress` answers something new. Raises LaunchError; so may `watch`, when
    a process is known to have ended.
    """
    patience = _Patience(progress)
    health = read_health(public_url)
    while not health.ready or (wholly and health.failing):
        watch()
        if health.hopeless:
            raise LaunchError(f"not ready, and waiting does not help; {health}")
        if patience.is_over(health):
            raise LaunchError(f"not ready, and nothing has moved for a while; {health}")
        time.sleep(POLL_SECONDS)
        health = read_health(public_url)


class _Patience:
    """Ends when neither the processes nor their health have changed for 90 seconds."""

    def __init__(self, progress: Callable[[], object]) -> None:
        self._progress = progress
        self._seen: object = None
        self._end = time.monotonic() + LONGEST_SECONDS
        self._stalled = time.monotonic() + STALL_SECONDS

    def is_over(self, health: Health) -> bool:
        """Whether waiting longer is of no use."""
        now, seen = time.monotonic(), (health, self._progress())
        if seen != self._seen:
            self._seen, self._stalled = seen, now + STALL_SECONDS
        return now > min(self._stalled, self._end)


def _failing(content: dict[str, Any]) -> list[str]:
    checks: dict[str, Any] = content.get("checks", {})
    return [f"{name}: {state}" for name, state in checks.items() if state != "ok"]
