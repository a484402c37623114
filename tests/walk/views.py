"""What can be opened from a page by its own links: other views of it, and pages about a thing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.test import Client

from tests.console.pages import Page, page_text


@dataclass
class Views:
    """A browser that opens each page with each set of names in its query once."""

    browser: Client
    links: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def of(self, here: str) -> Iterator[tuple[str, Any]]:
        """The page and its other views – edited, decided, of another kind – with their answers."""
        waiting = [here]
        while waiting:
            address = waiting.pop()
            if _kind(address) not in self._seen:
                self._seen.add(_kind(address))
                answer = self.browser.get(address)
                yield address, answer
                if answer.status_code == 200 and not answer.streaming:
                    found = list(self._links(address, page_text(answer)))
                    waiting += [one for one in found if urlsplit(one).path == urlsplit(here).path]

    def _links(self, here: str, html: str) -> Iterator[str]:
        for tag, of in Page(html).tags:
            link = urljoin(here, of.get("href", "")) if tag == "a" else ""
            if link.startswith("/") and urlsplit(link).query:
                self.links.setdefault(_kind(link), link)
                yield link


def _kind(address: str) -> str:
    """Where it leads, with what its query names but not what it says."""
    parts = urlsplit(address)
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return f"{parts.path}?{','.join(names)}"
