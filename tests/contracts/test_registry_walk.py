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
from tests.walk.addresses import pages
from tests.walk.forms import WholeForm, forms_of
from tests.walk.full_tenant import ELEMENT, MARKUP, FullTenant, fill_tenant
from tests.walk.views import Views

# What ends the walker's own session; it names nobody's thing.
ENDS_THE_SESSION = ("/account/logout/", "/account/password/change/")


@dataclass
class Walk:
    """Acme and globex with everything in them, and a browser of globex's owner."""

    acme: FullTenant
    globex: FullTenant
    browser: Client

    def pairs(self) -> list[tuple[str, str]]:
        """Each thing of globex with acme's of the same kind."""
        return list(zip(self.globex.things.values(), self.acme.things.values(), strict=True))


@pytest.fixture
def walk(owner: Somebody, outsider: Somebody) -> Walk:
    return Walk(fill_tenant(owner, "acme"), fill_tenant(outsider, "globex"), signed_in(outsider))


def test_a_page_about_acmes_thing_is_not_found_for_globex(walk: Walk) -> None:
    before = acmes_rows(walk.acme.owner)
    for address in pages():
        here = address.of(walk.acme.things)
        shown = [walk.browser.get(here, follow=True)]
        if address.names:
            assert shown[0].status_code in {404, 405}, here
            # An empty form may make no sense before anything is looked up.
            shown.append(walk.browser.post(here, follow=True))
            assert shown[1].status_code in {404, 405, 422}, here
        for one in shown:
            there = one.request["PATH_INFO"]  # where a redirect leads to
            assert "acme-only" not in page_text(one).replace(here, "").replace(there, ""), here
    assert acmes_rows(walk.acme.owner) == before


def test_a_form_that_is_sent_acmes_things_finds_and_changes_nothing(walk: Walk) -> None:
    before = acmes_rows(walk.acme.owner)
    views = Views(walk.browser)
    typed: list[tuple[str, WholeForm]] = []
    for address in pages():
        for here, shown in views.of(address.of(walk.globex.things)):
            forms = forms_of(page_text(shown)) if shown.status_code == 200 else []
            typed += [(urljoin(here, form.action), form) for form in forms if form.is_typed]
            for form, own, foreign in _temptations(forms, walk):
                action, body = form.about(own, foreign)
                target = urljoin(here, action)
                send = walk.browser.post if form.method == "post" else walk.browser.get
                _assert_unknown(send(target, body), form, target)
                assert acmes_rows(walk.acme.owner) == before, target
    _follow(walk, views)
    _type(walk, typed)
    assert acmes_rows(walk.acme.owner) == before


def _temptations(forms: list[WholeForm], walk: Walk) -> list[tuple[WholeForm, str, str]]:
    """Every form of globex's page with each thing of globex that it could name."""
    return [
        (form, own, foreign)
        for form in forms
        for own, foreign in walk.pairs()
        if form.mentions(own) and not form.types_anew(own)
    ]


def _follow(walk: Walk, views: Views) -> None:
    """Links that name a thing in their query, with acme's in its place."""
    for link in views.links.values():
        foreign = link
        for own, acmes in walk.pairs():
            foreign = foreign.replace(own, acmes)
        if foreign != link:
            answer = walk.browser.get(foreign)
            assert answer.status_code in {200, 404}, foreign
            assert "acme-only " not in page_text(answer), f"{foreign} shows words of acme's"


def _type(walk: Walk, typed: list[tuple[str, WholeForm]]) -> None:
    """Acme's key, then its folder, wherever one can type; globex is another one afterwards."""
    for target, form in typed:
        if target not in ENDS_THE_SESSION:
            for name in (walk.acme.things["key"], walk.acme.things["folder_path"]):
                send = walk.browser.post if form.method == "post" else walk.browser.get
                answer = send(target, form.filled(name), follow=True)
                assert "acme-only " not in page_text(answer), f"{target} shows words of acme's"


def _assert_unknown(answer: Any, form: WholeForm, target: str) -> None:
    status = answer.status_code
    assert "acme-only " not in page_text(answer), f"{target} shows words of acme's"
    # A filter that finds nothing is an answer, too; 422: not one of the choices of the page.
    allowed = {200, 404} if form.method == "get" else {404, 422}
    assert status in allowed, f"{target} answered {status} to a foreign thing"


def test_markup_is_shown_literally_and_comes_back_literally(owner: Somebody) -> None:
    acme, browser = fill_tenant(owner, "acme"), signed_in(owner)
    signed_in(owner, headers={"user-agent": MARKUP})  # stands in the list of sessions
    forms: list[tuple[str, WholeForm]] = []
    views = Views(browser)
    for address in pages():
        if address.of(acme.things) in ENDS_THE_SESSION:
            continue
        for here, shown in views.of(address.of(acme.things)):
            _assert_literal(shown, here)
            forms += [(urljoin(here, form.action), form) for form in forms_of(page_text(shown))]
    for target, form in forms:
        if form.method == "post" and target not in ENDS_THE_SESSION:
            _assert_literal(browser.post(target, form.filled(MARKUP), follow=True), target)


def _assert_literal(answer: Any, here: str) -> None:
    if not answer["Content-Type"].startswith("text/html"):
        assert answer["Content-Disposition"].startswith("attachment"), here
        return
    shown = page(answer)
    assert ELEMENT not in {tag for tag, _ in shown.tags}, here
    assert not [name for _, attributes in shown.tags for name in attributes if name == "onload"]
