"""Every page and form of the console, walked: with things of a foreign tenant, and with markup.

Pages come from the URLconf and forms from the pages, so a new one is walked or fails.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import pytest
from django.test import Client

from tests.console.pages import page, page_text, signed_in
from tests.contracts.test_tenant_isolation import acmes_rows
from tests.people import Somebody
from tests.walk.addresses import Address, pages
from tests.walk.forms import WholeForm, forms_of
from tests.walk.furnished import ELEMENT, MARKUP, Furnished, furnish

EVERY_PAGE = pytest.mark.parametrize("address", pages(), ids=lambda one: one.pattern or "start")
# What ends the walker's own session; they name nobody's thing.
ENDS_THE_SESSION = ("/account/logout/", "/account/password/change/")


@dataclass
class Walk:
    """Acme and globex with everything in them, and a browser of globex's owner."""

    acme: Furnished
    globex: Furnished
    browser: Client

    def foreign(self, name: str) -> tuple[str, str]:
        """A thing of globex and acme's of the same kind."""
        return self.globex.things[name], self.acme.things[name]


@pytest.fixture
def walk(owner: Somebody, outsider: Somebody) -> Walk:
    return Walk(furnish(owner, "acme"), furnish(outsider, "globex"), signed_in(outsider))


@EVERY_PAGE
def test_a_page_about_acmes_thing_is_not_found_for_globex(address: Address, walk: Walk) -> None:
    if not address.names:
        assert "acme-only" not in page_text(walk.browser.get(address.of({}), follow=True))
        return
    before = acmes_rows(walk.acme.owner)
    for method in (walk.browser.get, walk.browser.post):
        answer = method(address.of(walk.acme.things), follow=True)
        assert answer.status_code in {404, 405}, address.pattern
        assert "acme-only" not in page_text(answer).replace(address.of(walk.acme.things), "")
    assert acmes_rows(walk.acme.owner) == before


@EVERY_PAGE
def test_a_form_that_is_sent_acmes_things_finds_and_changes_nothing(
    address: Address, walk: Walk
) -> None:
    before = acmes_rows(walk.acme.owner)
    for form, own, foreign in _temptations(address, walk):
        action, body = form.about(own, foreign)
        target = urljoin(address.of(walk.globex.things), action)
        answer = (walk.browser.post if form.method == "post" else walk.browser.get)(target, body)
        _assert_unknown(answer, form, target)
    assert acmes_rows(walk.acme.owner) == before


def _temptations(address: Address, walk: Walk) -> list[tuple[WholeForm, str, str]]:
    """Every form of globex's page with each thing of globex that it could name."""
    shown = walk.browser.get(address.of(walk.globex.things))
    if shown.status_code != 200:
        return []
    pairs = [walk.foreign(name) for name in walk.globex.things]
    return [
        (form, own, foreign)
        for form in forms_of(page_text(shown))
        for own, foreign in dict.fromkeys(pairs)
        if form.mentions(own)
    ]


def _assert_unknown(answer: Any, form: WholeForm, target: str) -> None:
    status = answer.status_code
    assert "acme-only " not in page_text(answer), f"{target} shows words of acme's"
    # A filter that finds nothing is an answer, too; 422: not one of the choices of the page.
    allowed = {200, 404} if form.method == "get" else {404, 422}
    assert status in allowed, f"{target} answered {status} to a foreign thing"


@EVERY_PAGE
def test_markup_is_shown_literally(address: Address, owner: Somebody) -> None:
    acme = furnish(owner, "acme")
    browser = signed_in(owner)
    shown = browser.get(address.of(acme.things))
    _assert_literal(shown)
    if address.of(acme.things) in ENDS_THE_SESSION:
        return
    for form in forms_of(page_text(shown)):
        target = urljoin(address.of(acme.things), form.action)
        if form.method == "post" and target not in ENDS_THE_SESSION:
            _assert_literal(browser.post(target, form.filled(MARKUP), follow=True))


def _assert_literal(answer: Any) -> None:
    shown = page(answer)
    assert ELEMENT not in {tag for tag, _ in shown.tags}
    assert not [name for _, attributes in shown.tags for name in attributes if name == "onload"]
