"""A real Chromium for a test, driven from a thread of its own.

Playwright's synchronous face runs an event loop in its thread, and there Django's ORM refuses to
work; so the steps get their own thread, and the test keeps its own.
"""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from devtools.verify import CHROMIUMS

T = TypeVar("T")
FOUND = next(filter(None, map(shutil.which, CHROMIUMS)), None)
EXECUTABLE = Path(FOUND or "/usr/bin/chromium")
QUIET = (
    "--no-sandbox",  # the sandbox does not start for root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Where to put pictures for the documentation; without it none are kept.
PICTURES = os.environ.get("KEEP_PICTURES")


class Complaints(list[str]):
    """What the browser complained about: console errors, policy violations, broken scripts."""

    def watch(self, page: Page) -> None:
        """Write down what this page complains about from now on."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.append(str(error)))

    def taken(self) -> list[str]:
        """What was complained about since the last time."""
        found = self[:]
        self.clear()
        return found

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.append(message.text)


def in_chromium(
    steps: Callable[[Page], T], *flags: str, complaints: Complaints | None = None, **context: Any
) -> T:
    """Run `steps` on a page of a fresh Chromium; `context` are Playwright's own options."""

    def run() -> T:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=[*QUIET, *flags])
            page = browser.new_context(
                viewport={"width": 1280, "height": 800}, **context
            ).new_page()
            page.set_default_timeout(15_000)
            if complaints is not None:
                complaints.watch(page)
            try:
                return steps(page)
            finally:
                browser.close()

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(run).result()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on `selector`, as somebody without a mouse would."""
    for _ in range(80):
        if page.evaluate("css => document.activeElement.matches(css)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached with the keyboard")


def keep_picture(page: Page, name: str) -> None:
    """A picture of the whole page for the documentation, when pictures are wanted."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)
