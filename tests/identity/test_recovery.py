"""What an operator does for somebody who cannot sign in any more."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from tenants.models import Membership
from tests.console.pages import signed_in
from tests.identity.looking import log
from tests.identity.test_second_factors import with_app
from tests.people import Somebody


def said(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_lost_factors_are_taken_off_and_sessions_end(owner: Somebody) -> None:
    browser = signed_in(owner)
    with_app(browser)
    assert said("reset_mfa", "olivia@example.org").startswith("2 factors removed")
    assert browser.get("/admin/").status_code == 302
    assert signed_in(owner).get("/admin/").status_code == 200
    assert not Authenticator.objects.exists()
    removed = [one for one in log("session.mfa_changed") if one.details["change"] == "removed"]
    assert [(one.machinery, one.details["person"]) for one in removed] == [
        ("operator", str(owner.person.pk))
    ] * 2


def test_a_tenant_gets_an_owner_again(owner: Somebody, member: Somebody) -> None:
    Membership.objects.filter(role="owner").delete()
    assert "owns Acme" in said("make_owner", "acme", member.person.email)
    assert "/account/password/reset/key/" in said("make_owner", "acme", "new@example.org")
    roles = dict(Membership.objects.values_list("person__email", "role"))
    assert roles == {"marc@example.org": "owner", "new@example.org": "owner"}
    tenant = owner.console.tenant_id
    for event in ("member.role_changed", "member.joined"):
        assert log(event, tenant)[-1].machinery == "make-owner"


def test_unknown_names_are_said(owner: Somebody) -> None:
    for words in (
        ("reset_mfa", "nobody@example.org"),
        ("make_owner", "nowhere", "olivia@example.org"),
        ("make_owner", "acme", "no address"),
    ):
        with pytest.raises(CommandError):
            said(*words)
