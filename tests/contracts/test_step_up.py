"""What needs a fresh sign-in asks for one: nothing is done before, and nothing typed is lost.

Actions come from the table and forms from their pages, so that a new one is tried or fails.
"""

import json
import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import resolve

from access.actions import RULES, Action, Channel
from access.actor import Actor
from tenants.operations import suspend_member
from tenants.shapes.members import SuspendMember
from tests.console.pages import page_text, signed_in
from tests.identity.oidc_providers import SECRET
from tests.machines import new_key, public_jwk
from tests.people import Somebody, join, new_person
from tests.proofs import asked_again, let_proofs_age, prove
from tests.storage import dump
from tests.walk.addresses import pages
from tests.walk.forms import WholeForm, forms_of
from tests.walk.full_tenant import FullTenant, fill_tenant

ASKED = [one for one, rule in RULES.items() if rule.step_up and Channel.CONSOLE in rule.channels]
# Programs call these; people have other forms for them.
WITHOUT_A_FORM = {
    Action.GIVE_GRANT,
    Action.REMOVE_GRANT,
    Action.ADD_MEMBER,
}
WHY = "to see why it fails"


@dataclass(frozen=True)
class Form:
    """Where a form stands, where it is sent, and what is typed into it, in the open or not."""

    page: str
    typed: dict[str, str]
    target: str = ""
    secret: dict[str, str] = field(default_factory=dict)
    kept: bool = True

    def of(self, things: dict[str, str]) -> "Form":
        """The form about these things."""

        def named(text: str) -> str:
            return re.sub(r"{(\w+)}", lambda match: things[match[1]], text)

        typed = {named(name): named(value) for name, value in self.typed.items()}
        target = named(self.target or self.page)
        return replace(self, page=named(self.page), typed=typed, target=target)

    def found(self, browser: Client, page: str) -> dict[str, list[str]]:
        """What the form holds on a page, as a browser would send it."""
        forms = forms_of(page_text(browser.get(page)))
        (form,) = [one for one in forms if one.method == "post" and self._is(one, page)]
        body: dict[str, list[str]] = {}
        for one in form.choices:
            if one.given:
                body.setdefault(one.name, []).append(one.value)
        return body

    def _is(self, form: WholeForm, page: str) -> bool:
        return urlsplit(urljoin(page, form.action)).path == self.target

    def filled(self, found: dict[str, list[str]]) -> dict[str, list[str]]:
        """The same with all that is typed."""
        return {**found, **{name: [text] for name, text in {**self.typed, **self.secret}.items()}}


FORMS = {
    Action.READ_CREDENTIAL: Form("/credentials/{key}/value", {"purpose": WHY}),
    Action.INVITE_MEMBER: Form("/team/invitations/", {"email": "new@example.org", "role": "admin"}),
    Action.SHOW_INVITATION_LINK: Form("/team/invitations/{invitation_id}/link", {}),
    Action.CHANGE_MEMBER: Form(
        "/team/members/", {"role": "admin"}, "/team/members/{person_id}/role", kept=False
    ),
    Action.RESUME_MEMBER: Form(
        "/team/members/", {}, "/team/members/{suspended_id}/resume", kept=False
    ),
    Action.ADD_TO_GROUP: Form(
        "/team/groups/{group_id}/",
        {"person_id": "{newcomer}"},
        "/team/groups/{group_id}/people",
        kept=False,
    ),
    Action.DECIDE_ACCESS_REQUEST: Form(
        "/approvals/{access_request_id}/", {"decision": "deny", "reason": "not this week"}
    ),
    Action.CHANGE_SETTINGS: Form(
        "/admin/settings/", {"name": "Acme & Sons", "self_approval": "on"}
    ),
    Action.CHANGE_SINGLE_SIGN_ON: Form(
        "/admin/sign-in/",
        {"issuer": "https://login.example.org", "client_id": "vault", "domains": "example.org"},
        secret={"client_secret": SECRET},
    ),
    Action.ADD_ACCOUNT_SECRET: Form(
        "/admin/service-accounts/{account_id}/secrets/new", {"name": "CI", "scopes": "vault:read"}
    ),
    Action.ADD_ACCOUNT_KEY: Form(
        "/admin/service-accounts/{account_id}/keys/new",
        {"name": "signer", "scopes": "vault:read"},
        secret={"jwk": json.dumps(public_jwk(new_key()))},
    ),
    Action.ROTATE_TENANT_KEY: Form("/admin/keys/rotate", {}),
    Action.DESTROY_TENANT_KEY: Form(
        "/admin/keys/{tenant_key_id}/destroy", {"typed": "key 1"}, kept=False
    ),
    Action.CREATE_PERSONAL_TOKEN: Form(
        "/account/tokens/new", {"name": "nightly backup", "scopes": "vault:admin"}
    ),
}


@pytest.fixture
def required(monkeypatch: pytest.MonkeyPatch) -> list[Action]:
    """The actions that were allowed, in the order in which they were asked for."""
    allowed: list[Action] = []
    require = Actor.require

    def note(actor: Actor, action: Action) -> None:
        require(actor, action)
        allowed.append(action)

    monkeypatch.setattr(Actor, "require", note)
    return allowed


@pytest.fixture
def acme(owner: Somebody, member: Somebody) -> FullTenant:
    it = fill_tenant(owner, "acme")
    it.things["newcomer"] = member.id
    suspended = join(owner, new_person("sue"))
    suspend_member(owner.console, SuspendMember(person_id=suspended.id))
    it.things["suspended_id"] = suspended.id
    return it


def test_every_such_action_is_tried_here() -> None:
    assert {*FORMS, *WITHOUT_A_FORM, Action.CHANGE_GRANTS} == set(ASKED)
    sources = [
        one.read_text("utf-8")
        for folder in ("console/pages", "identity/sign_in")
        for one in (settings.BASE_DIR / folder).glob("*.py")
        if one.name != "recovery.py"  # an operator's command, no page
    ]
    assert not [one for one in WITHOUT_A_FORM if any(f"{one}(" in text for text in sources)]


def test_a_form_waits_for_a_fresh_sign_in_and_is_sent_after_it(
    acme: FullTenant, required: list[Action]
) -> None:
    browser = signed_in(acme.owner)
    for action, form in FORMS.items():
        cache.clear()  # more proofs are given here than a person may give in a minute
        _asked_then_sent(browser, action, form.of(acme.things), required)


def _asked_then_sent(browser: Client, action: Action, form: Form, required: list[Action]) -> None:
    body = form.filled(form.found(browser, form.page))
    let_proofs_age()
    before, refused = _all_but_the_session(), len(required)

    back = asked_again(browser.post(form.target, body, headers={"referer": form.page}))
    assert _all_but_the_session() == before, action
    assert action not in required[refused:]
    assert not any(secret in str(dict(browser.session)) for secret in form.secret.values())
    assert "Nothing has been saved yet" in page_text(browser.get(_asking(back)))

    assert prove(browser, back)["Location"] == back
    again = form.found(browser, back)
    if form.kept:
        typed = {name: [text] for name, text in form.typed.items() if name in again}
        assert {name: again[name] for name in typed} == typed, action
        assert len(typed) >= len(form.typed) - ("decision" in form.typed)
    answer = browser.post(form.target, form.filled(again))
    assert answer.status_code in {200, 302}, action
    assert action in required[refused:]
    assert _all_but_the_session() != before, action


def test_back_on_the_page_it_says_that_nothing_was_sent(acme: FullTenant) -> None:
    browser = signed_in(acme.owner)
    form = FORMS[Action.CHANGE_SINGLE_SIGN_ON].of(acme.things)
    let_proofs_age()
    back = asked_again(browser.post(form.target, form.filled({})))
    browser.get(_asking(back))
    prove(browser, back)

    assert "Nothing has been saved yet" not in page_text(browser.get("/admin/settings/"))
    first, second = page_text(browser.get(back)), page_text(browser.get(back))
    assert "Nothing has been saved yet: submit the form again. Type secrets again" in first
    assert SECRET not in first
    assert "Nothing has been saved yet" not in second


def test_changed_cells_wait_to_be_reviewed_and_to_be_saved(
    acme: FullTenant, required: list[Action]
) -> None:
    browser = signed_in(acme.owner)
    table = Form(
        "/team/grants/?edit=1", {"cell|{newcomer}|key|{key}": "user"}, "/team/grants/review"
    ).of(acme.things)
    body = table.filled(table.found(browser, table.page))
    review = Form("/team/grants/review", {}, "/team/grants/save")
    let_proofs_age()
    before = _all_but_the_session()

    back = asked_again(browser.post(table.target, body))
    prove(browser, back)
    reviewed = review.found(browser, back)
    let_proofs_age()
    back = asked_again(browser.post(review.target, reviewed))
    assert _all_but_the_session() == before
    prove(browser, back)

    assert review.found(browser, back) == reviewed
    assert browser.post(review.target, reviewed).status_code == 302
    assert required[-1] is Action.CHANGE_GRANTS
    assert _all_but_the_session() != before


def test_no_other_form_asks(acme: FullTenant) -> None:
    """Every form of every page is sent with an old sign-in."""
    browser = signed_in(acme.owner)
    found: dict[tuple[str, ...], tuple[str, WholeForm]] = {}
    for address in pages():
        here = address.of(acme.things)
        for form in forms_of(page_text(browser.get(here))):
            route = resolve(urlsplit(urljoin(here, form.action)).path).route
            if form.method == "post" and not route.startswith("account/"):
                found.setdefault((route, *(one.name for one in form.choices)), (here, form))
    let_proofs_age()
    asking = {
        route
        for (route, *_), (here, form) in found.items()
        if "/reauthenticate/" in _sent(browser, here, form)
    }
    known = {resolve(form.of(acme.things).target).route for form in FORMS.values()}
    assert asking == {one for one in known if not one.startswith("account/")} | {"team/grants/give"}


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_new_proof_leads_to_no_other_site(target: str, owner: Somebody) -> None:
    browser = signed_in(owner)
    assert "evil" not in prove(browser, target)["Location"]
    assert "javascript" not in prove(browser, target)["Location"]
    let_proofs_age()
    asked = browser.post("/admin/settings/", {}, headers={"referer": target})
    assert asked_again(asked) == "/admin/settings/"
    role = f"/team/members/{owner.id}/role"
    asked = browser.post(role, {"role": "admin"}, headers={"referer": target})
    assert asked_again(asked) == "/"


def _sent(browser: Client, page: str, form: WholeForm) -> str:
    """Where an answer leads to."""
    answer = browser.post(urljoin(page, form.action), form.filled("text"))
    return str(answer.get("Location", ""))


def _all_but_the_session() -> dict[str, list[str]]:
    """A refusal is on record, and changes nothing else."""
    return dump("identity_browsersession", "audit_entry")


def _asking(back: str) -> str:
    return f"/account/reauthenticate/?next={quote(back)}"
