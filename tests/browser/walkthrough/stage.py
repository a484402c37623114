"""Where the walkthrough is played: a running `up`, people with browsers, and the pictures of it."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import override_settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Response,
    expect,
    sync_playwright,
)

from devtools.data_directory import DataDirectory
from tests.browser.chromium import EXECUTABLE, PATIENCE, PICTURES, QUIET, Complaints
from tests.devtools.running import Up
from tests.people import PASSWORD
from tests.proofs import aged

SESSIONS = "SELECT session_key, session_data FROM identity_browsersession"
AGED = "UPDATE identity_browsersession SET session_data = %s WHERE session_key = %s"
Colors = Literal["light", "dark"]
DESK = {"width": 1200, "height": 760}
PHONE = {"width": 390, "height": 760}
STEP = 30  # seconds that a code of an authenticator app is for (RFC 6238)
# Broken rules are named by the browser in its own words only; this names the rule.
TELL = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`the policy forbids ${event.violatedDirective} from ${event.sourceFile}`));"""


@dataclass
class Stage:
    """The running product, and everything that its pages are watched for."""

    up: Up
    browser: Browser
    complaints: Complaints = field(default_factory=Complaints)
    pictures: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the product is."""
        return str(self.up.ready["publicUrl"])

    @property
    def setup_link(self) -> str:
        """What `up` shows its operator."""
        return DataDirectory(self.up.data).setup_link.read_text(encoding="utf-8").strip()

    def mailed(self, subject: str, pattern: str) -> str:
        """What `pattern` finds in the mail of that subject, which `up` prints; waits for it."""
        end = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end:
            _, found, mail = self._mails().partition(f"Subject: {subject}")
            if found and (match := re.search(pattern, mail)):
                return match[0]
            time.sleep(0.1)
        raise AssertionError(f"no mail about {subject}")

    def let_proofs_age(self) -> None:
        """More than ten minutes pass in everybody's sessions, and nowhere else."""
        key = (DataDirectory(self.up.data).keys / "secret_key").read_text(encoding="ascii")
        with override_settings(SECRET_KEY=key.strip()), self._owner() as database:
            for name, held in database.execute(SESSIONS).fetchall():
                database.execute(AGED, (aged(held), name))

    def _owner(self) -> psycopg.Connection[tuple[str, str]]:
        return psycopg.connect(str(self.up.ready["databaseOwnerUrl"]))

    def _mails(self) -> str:
        return (DataDirectory(self.up.data).logs / "worker.log").read_text(encoding="utf-8")

    def seat(self, **context: Any) -> BrowserContext:
        """A fresh browser of somebody, watched from its first page on."""
        seat = self.browser.new_context(**{"viewport": DESK, "reduced_motion": "reduce"} | context)
        seat.set_default_timeout(PATIENCE)
        seat.add_init_script(TELL)
        seat.on("page", self.complaints.watch)
        seat.on("response", self._look_at)
        return seat

    def _look_at(self, response: Response) -> None:
        """Every page is under a policy that allows nothing inline."""
        ours = response.url.startswith(f"{self.address}/")
        if (
            not ours
            or response.request.resource_type != "document"
            or response.status in (302, 303)
        ):
            return
        path = urlsplit(response.url).path
        self.visited.append(path)
        policy = response.headers.get("content-security-policy", "")
        if not re.search(r"default-src '(self|none)'(;|$)", policy) or "unsafe" in policy:
            self.complaints.append(f"{path} has the policy {policy!r}")
        if response.status >= 400:
            self.complaints.append(f"{path} answered {response.status}")

    def picture(
        self, page: Page, name: str, colors: Colors = "light", *, whole: bool = False
    ) -> None:
        """One more picture of the story; it is kept when pictures are wanted."""
        self.pictures.append(f"{len(self.pictures) + 1:02}-{name}.png")
        if PICTURES is None:
            return
        page.emulate_media(color_scheme=colors, reduced_motion="reduce")
        folder = Path(PICTURES) / "walkthrough"
        folder.mkdir(parents=True, exist_ok=True)
        made = folder / self.pictures[-1]
        if page.locator("[data-live]").count() and page.locator(".tenant").count():
            is_live(page)
        page.screenshot(path=made, animations="disabled", full_page=whole)
        if program := shutil.which("pngquant"):  # a third of the size, and looks the same
            subprocess.run([program, "--force", "--output", made, "128", made], check=True)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")


@contextmanager
def open_stage(up: Up) -> Iterator[Stage]:
    """A Chromium before a running `up`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=list(QUIET))
        try:
            yield Stage(up, browser)
        finally:
            browser.close()


@dataclass
class Human:
    """Somebody with a browser."""

    stage: Stage
    name: str
    page: Page
    password: str = PASSWORD
    seed: str = ""
    spent: int = 0

    @classmethod
    def enter(cls, stage: Stage, name: str, **context: Any) -> "Human":
        """Somebody sits down at a browser that was never used."""
        return cls(stage, name, stage.seat(**context).new_page())

    @property
    def email(self) -> str:
        """An address of a domain that nobody has (RFC 2606)."""
        return f"{self.name.lower()}@acme.example"

    def code(self) -> str:
        """A code of their authenticator app that was not used yet.

        The app's clock may be half a minute ahead, so hardly anybody has to wait for the next one.
        """
        step = max(int(time.time()) // STEP, self.spent + 1)
        while step > int(time.time()) // STEP + 1:
            time.sleep(0.2)
        self.spent = step
        return str(format_hotp_value(hotp_value(self.seed, step)))

    def go(self, place: str) -> Page:
        """Open an address of the product, or a link that somebody was given."""
        self.page.goto(f"{self.stage.address}{place.removeprefix(self.stage.address)}")
        return self.page

    def another_tab(self, place: str) -> Page:
        """The same browser with one more page open."""
        page = self.page.context.new_page()
        page.goto(f"{self.stage.address}{place}")
        return page

    def press(self, name: str, page: Page | None = None) -> None:
        """Press a button, by its text."""
        (page or self.page).get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        """Follow a link, by its words."""
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def open_row(self, text: str, name: str) -> None:
        """Follow a link in the table's row that contains the text."""
        row = self.page.get_by_role("row").filter(has_text=text)
        row.get_by_role("link", name=name).click()

    def fill(self, **fields: str) -> None:
        """Type into fields, by their names."""
        for name, text in fields.items():
            self.page.locator(f"[name={name}]").fill(text)

    def to_the_top(self) -> None:
        """Back to where the page begins."""
        self.page.evaluate("scrollTo(0, 0)")

    def sees(self, text: str, page: Page | None = None) -> None:
        """It is on the page, or appears there without a reload."""
        expect((page or self.page).locator("main")).to_contain_text(text)

    def picture(
        self,
        name: str,
        page: Page | None = None,
        colors: Colors = "light",
        *,
        whole: bool = False,
    ) -> None:
        """Keep what they see now; `whole`: also what they would scroll to."""
        self.stage.picture(page or self.page, name, colors, whole=whole)


def is_live(page: Page) -> None:
    """Wait until the page hears what happens."""
    expect(page.locator("[data-live='on']")).to_be_attached()


def link_in(result: dict[str, Any], beginning: str) -> str:
    """The address in the text that an agent received."""
    (found,) = set(re.findall(rf"{re.escape(beginning)}[^\s\"'<>)]*", result["content"][0]["text"]))
    return str(found).rstrip(".,;")
