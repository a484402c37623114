"""The client of the command line: every installation has it, and administration needs a step-up."""

from importlib import import_module

import httpx2
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connections

from identity.models import Client
from tests.identity.conftest import registered
from tests.oauth_client import OAuthClient, answered, consent_form, decide
from tests.people import Somebody
from tests.proofs import let_proofs_age

ADMIN = "vault:read vault:write vault:admin"


@pytest.fixture
def vaultctl(http: httpx2.Client) -> OAuthClient:
    """The client as the migration registers it."""
    migration = import_module("identity.migrations.0006_vaultctl")
    with connections["owner"].schema_editor() as editor:
        migration.register(apps, editor)
        migration.register(apps, editor)
    client = OAuthClient(http, redirect_uri="http://127.0.0.1:49152/callback")
    client.client_id = "vaultctl"
    client.resource = settings.REST_RESOURCE
    return client


def test_it_is_public_and_answers_loopback_only(vaultctl: OAuthClient) -> None:
    row = Client.objects.get()
    assert (row.client_type, row.client_secret, row.state) == ("public", "", "active")
    assert row.redirect_uri_allowed("http://127.0.0.1:1/callback")
    for other in ("http://127.0.0.1:1/other", "http://evil.example/callback", "vaultctl:/callback"):
        assert not row.redirect_uri_allowed(other)


def test_it_signs_a_person_in(vaultctl: OAuthClient, browser: httpx2.Client) -> None:
    tokens = vaultctl.tokens(vaultctl.redeem(vaultctl.code(browser)))
    assert tokens.scope == "vault:read vault:write"


@pytest.mark.usefixtures("owner")
def test_administration_needs_a_fresh_sign_in_before_and_with_the_answer(
    vaultctl: OAuthClient, browser: httpx2.Client
) -> None:
    page = browser.get(vaultctl.authorize_url(scope=ADMIN))
    assert "vault:admin" in page.text
    let_proofs_age()
    asked_again = browser.get(vaultctl.authorize_url(scope=ADMIN))
    assert asked_again.status_code == 302
    assert asked_again.headers["Location"].startswith("/account/reauthenticate/?next=/oauth/auth")
    assert browser.get(vaultctl.authorize_url()).status_code == 200
    refused = decide(browser, page)
    assert refused.status_code == 403
    assert "Sign in again" in refused.text
    unticked = decide(browser, refused, scope=["vault:read"])
    code = answered(unticked)["code"]
    assert vaultctl.tokens(vaultctl.redeem(code)).scope == "vault:read"


@pytest.mark.parametrize("name", ["vaultctl", "VaultCTL", " vaultctl. "])
def test_no_other_client_can_call_itself_so(http: httpx2.Client, name: str) -> None:
    refused = OAuthClient(http).register(client_name=name)
    assert refused.status_code == 400
    assert registered(http).client_id


def test_the_consent_page_names_it(
    vaultctl: OAuthClient, browser: httpx2.Client, owner: Somebody
) -> None:
    page = browser.get(vaultctl.authorize_url())
    assert "vaultctl" in page.text
    assert consent_form(page).filled()["agent"] == ["vaultctl"]
    assert owner.person.email in page.text
