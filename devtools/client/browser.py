"""A small browser for the self-check: cookies, redirects and HTML forms, without scripts."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import httpx2

from devtools.client.http import new_http
from devtools.exit_codes import LaunchError

REDIRECTS = (301, 302, 303, 307, 308)
LONGEST_CHAIN = 10


@dataclass
class Form:
    """One form of a page, filled in as a browser would show it."""

    action: str = ""
    method: str = "get"
    fields: list[tuple[str, str]] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether the form has a field of this name."""
        return any(known == name for known, _ in self.fields)

    def filled(self, **values: str) -> dict[str, list[str]]:
        """What is sent after typing `values`; a button is pressed the same way."""
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        return sent | {name: [value] for name, value in values.items()}


class _FormReader(HTMLParser):
    """Collects the forms of a page with the values that are set in it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "input":
            self._input(attributes, checked="checked" in attributes)
        elif tag == "select":
            self._select, self._options = attributes.get("name"), []
        elif tag == "option":
            self._options.append((attributes.get("value", ""), "selected" in attributes))
        elif tag == "textarea":
            self._area, self._text = attributes.get("name"), ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select" and self._options:
            chosen = [value for value, selected in self._options if selected]
            self._add(self._select, (chosen or [self._options[0][0]])[0])
        elif tag == "textarea":
            self._add(self._area, self._text)

    def _input(self, attributes: dict[str, str], *, checked: bool) -> None:
        kind = attributes.get("type", "text").lower()
        if kind in ("submit", "button", "image", "reset", "file"):
            return
        if kind in ("checkbox", "radio"):
            if checked:
                self._add(attributes.get("name"), attributes.get("value", "on"))
            return
        self._add(attributes.get("name"), attributes.get("value", ""))

    def _add(self, name: str | None, value: str) -> None:
        if self._form is not None and name:
            self._form.fields.append((name, value))


class Browser:
    """One person's browser session with one site."""

    def __init__(self, origin: str) -> None:
        self._client = new_http(timeout=20)
        self._origin = origin

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def open(self, address: str) -> httpx2.Response:
        """The page at an address, redirects of the site followed."""
        return self._follow(self._client.get(urljoin(self._origin, address)))

    def submit(self, page: httpx2.Response, form: Form, **values: str) -> httpx2.Response:
        """Sends a form of `page`; the answer may be a redirect away from the site."""
        address = urljoin(str(page.url), form.action)
        self._require_ours(address)
        headers = {"Origin": self._origin, "Referer": str(page.url)}
        sent = self._client.post(address, data=form.filled(**values), headers=headers)
        return self._follow(sent)

    def _follow(self, response: httpx2.Response) -> httpx2.Response:
        for _ in range(LONGEST_CHAIN):
            target = away(response)
            if target is None or not self._is_ours(target):
                return response
            response = self._client.get(target)
        raise LaunchError("the site redirects without end")

    def _require_ours(self, address: str) -> None:
        if not self._is_ours(address):
            raise LaunchError("a form of the site would send its data elsewhere")

    def _is_ours(self, address: str) -> bool:
        return address.startswith(f"{self._origin}/")


def away(response: httpx2.Response) -> str | None:
    """Where a response redirects to, or None."""
    if response.status_code not in REDIRECTS:
        return None
    return urljoin(str(response.url), response.headers["location"])


def form_with(page: httpx2.Response, name: str) -> Form:
    """The form of a page that has a field of this name. Raises LaunchError."""
    reader = _FormReader()
    reader.feed(page.text)
    for form in reader.forms:
        if form.has(name):
            return form
    raise LaunchError(
        f"{page.url.path} has no form with the field {name} (HTTP {page.status_code})"
    )
