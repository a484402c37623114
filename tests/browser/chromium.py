"""Real Chromiums that tests share, each test in a context of its own, as fresh as a new profile.

Playwright's synchronous face runs an event loop in its thread, and there Django's ORM refuses to
work; so the steps run in another thread than the test.
"""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

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
# Milliseconds: for a page that is stuck, not for a machine that is slow.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)
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


class Chromiums:
    """The running Chromiums, one for each set of flags, all driven from one thread."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(1)
        self._playwright: Playwright | None = None
        self._running: dict[tuple[str, ...], Browser] = {}

    def run(self, flags: tuple[str, ...], steps: Callable[[Browser], T]) -> T:
        """Runs the steps; every context that they open is closed afterwards."""

        def in_thread() -> T:
            browser = self._browser(flags)
            try:
                return steps(browser)
            finally:
                for context in list(browser.contexts):
                    context.close()

        return self._threads.submit(in_thread).result()

    def close(self) -> None:
        """Ends them all; the next test starts them again."""
        self._threads.submit(self._end).result()

    def _browser(self, flags: tuple[str, ...]) -> Browser:
        if self._playwright is None:
            self._playwright = sync_playwright().start()
        if flags not in self._running or not self._running[flags].is_connected():
            self._running[flags] = self._playwright.chromium.launch(
                executable_path=EXECUTABLE, args=[*QUIET, *flags]
            )
        return self._running[flags]

    def _end(self) -> None:
        for browser in self._running.values():
            browser.close()
        self._running.clear()
        if self._playwright is not None:
            self._playwright.stop()
            self._playwright = None


SHARED = Chromiums()


def in_chromium(
    steps: Callable[[Page], T], *flags: str, complaints: Complaints | None = None, **context: Any
) -> T:
    """Run `steps` on a page without any history; `context` are Playwright's own options."""

    def on_a_page(browser: Browser) -> T:
        page = browser.new_context(viewport={"width": 1280, "height": 800}, **context).new_page()
        page.set_default_timeout(PATIENCE)
        if complaints is not None:
            complaints.watch(page)
        return steps(page)

    return SHARED.run(flags, on_a_page)


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
