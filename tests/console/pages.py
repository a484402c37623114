"""Signing in with Django's client, filling in the form that stores, and looking at what came."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

from asgiref.sync import async_to_sync
from django.test import Client

from tests.people import CANARY, PASSWORD, Somebody

NEW = "/credentials/new"


def signed_in(who: Somebody, **options: Any) -> Client:
    """A browser in which `who` signed in through the form; `options` are Django's client's."""
    client = Client(**options)
    typed = {"login": who.person.email, "password": PASSWORD}
    assert client.post("/account/login/", typed).status_code == 302
    return client


def filled(**more: Any) -> dict[str, Any]:
    """A form that can be stored, as a browser sends it: every input, empty ones too."""
    form: dict[str, Any] = {
        "key": "stripe-api-key",
        "folder_path": "stripe",
        "type": "api-key",
        "value": CANARY,
        "description": "",
        "tags": "",
        "secret_fields_name": ["", "", ""],
        "secret_fields_value": ["", "", ""],
        "metadata_name": ["", "", ""],
        "metadata_value": ["", "", ""],
        "default_ttl": "",
        "max_ttl": "",
        "max_active_leases": "",
        "max_uses": "",
        "window": "",
        "rotate_every": "",
        "approval": "none",
        "disclosure": "",
        "reveal": "allowed",
        "provider": "",
        "destinations": "",
    }
    return {**form, **more}


class Page(HTMLParser):
    """What a page holds: its visible text, its tags with their attributes, and error lists."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.errors: dict[str, str] = {}
        self.inline: list[str] = []
        self._in_errors = ""
        self._in: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        self._in.append(tag)
        if tag == "ul" and attributes.get("id", "").endswith("_error"):
            self._in_errors = attributes["id"].removeprefix("id_").removesuffix("_error")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._in:
            while self._in.pop() != tag:
                pass
        if tag == "ul":
            self._in_errors = ""

    def handle_data(self, data: str) -> None:
        if self._in and self._in[-1] in {"script", "style"}:
            self.inline.append(data)
            return
        self.texts.append(data)
        if self._in_errors:
            self.errors[self._in_errors] = self.errors.get(self._in_errors, "") + data

    @property
    def text(self) -> str:
        """The visible text with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def inputs(self) -> dict[str, str]:
        """Names and values of inputs; of several with one name the first that holds something."""
        found: dict[str, str] = {}
        for tag, attributes in self.tags:
            if tag == "input" and not found.get(attributes.get("name", "")):
                found[attributes.get("name", "")] = attributes.get("value", "")
        return found


def page_text(response: Any) -> str:
    """The body as text, also of a file that is sent in parts."""
    if response.streaming:
        return async_to_sync(_joined)(response.streaming_content)
    text: str = response.content.decode()
    return text


async def _joined(parts: AsyncIterator[bytes]) -> str:
    return b"".join([part async for part in parts]).decode()


def page(response: Any) -> Page:
    """The body as a page."""
    return Page(page_text(response))
