"""The pages of service accounts: created, authenticated, used by the snippets, stopped, removed."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.test import Client

from credentials.operations import give_grant
from credentials.shapes.grants import GiveGrant
from identity.service_accounts.models import AccountProof
from tests.audit_trail import new_entries, told
from tests.console.pages import page, page_text, signed_in
from tests.machines import new_account, new_secret, public_jwk
from tests.people import CANARY, Somebody, store
from tests.storage import owner_sql

LIST = "/admin/service-accounts/"
VALUE = re.compile(r"vlt_sa_[0-9A-Za-z]{49}")
SNIPPET = re.compile(r'<pre data-copied tabindex="0">\n(.*?)</pre>', re.DOTALL)
PATIENCE = 60


def here(account_id: str, step: str = "") -> str:
    """The address of an account's page."""
    return f"{LIST}{account_id}/{step}"


def filled(**more: Any) -> dict[str, Any]:
    """A form that adds a secret."""
    form = {"name": "CI", "scopes": ["vault:read"], "expires_in_days": "30"}
    return {**form, "submission": str(uuid4()), **more}


def value_on(answer: Any) -> str:
    """The secret that a page shows; "" when it shows none."""
    found = VALUE.search(page_text(answer))
    return found[0] if found else ""


def pem(key: Any) -> str:
    """A public key as openssl writes it."""
    encoded: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded.decode()


def private_pem() -> str:
    """What must not be pasted."""
    encoded = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return encoded.decode()


def links(answer: Any, part: str) -> list[str]:
    """Where links of a page lead that have `part` in them."""
    return [one["href"] for _, one in page(answer).tags if part in one.get("href", "")]


def states() -> list[tuple[str, str]]:
    return [(name, word) for name, word in owner_sql("SELECT name, state FROM service_account")]


@pytest.fixture
def browser(owner: Somebody) -> Client:
    """The owner's."""
    return signed_in(owner)


def test_an_account_is_made_and_described(owner: Somebody, browser: Client) -> None:
    made = browser.post(LIST, {"name": "Deploys", "description": "the main branch"})
    address = made["Location"]
    text = page(browser.get(address)).text
    assert "Deploys" in text
    assert "nothing yet" in text
    assert "Deploys the main branch" in page(browser.get(LIST)).text

    taken = browser.post(LIST, {"name": "deploys", "description": "typed"})
    assert (taken.status_code, "exists already" in page(taken).errors["name"]) == (422, True)
    assert 'value="typed"' in page_text(taken)
    browser.post(address, {"name": "Releases", "description": ""})
    assert states() == [("Releases", "active")]


def test_a_secret_is_shown_in_one_answer_and_sending_twice_makes_one(
    owner: Somebody, browser: Client
) -> None:
    address, form = here(new_account(owner)), filled()

    answer = browser.post(f"{address}secrets/new", form)

    value = value_on(answer)
    assert value
    assert "no-store" in answer["Cache-Control"]
    again = browser.post(f"{address}secrets/new", form)
    assert (value_on(again), "not shown again" in page(again).text) == ("", True)
    for shown in (browser.get(address), browser.get(LIST)):
        assert value_on(shown) == ""
    assert AccountProof.objects.count() == 1


def test_there_are_two_secrets_at_a_time_and_removing_one_makes_room(
    owner: Somebody, browser: Client
) -> None:
    address = here(new_account(owner))
    for name in ("first", "second"):
        assert value_on(browser.post(f"{address}secrets/new", filled(name=name)))
    refused = browser.post(f"{address}secrets/new", filled(name="third"))
    assert refused.status_code == 422
    assert "Remove the one that is no longer in use" in page(refused).text

    first, _ = links(browser.get(address), "/secrets/proof")
    assert "Remove the secret" in page(browser.get(first)).text
    assert browser.post(first)["Location"] == address

    assert value_on(browser.post(f"{address}secrets/new", filled(name="third")))


def test_a_public_key_is_registered_as_jwk_or_pem(owner: Somebody, browser: Client) -> None:
    address = here(new_account(owner))
    for written, alg in (
        (json.dumps(public_jwk()), "ES256"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "EdDSA"),
        (pem(rsa.generate_private_key(65_537, 2048)), "RS256"),
    ):
        sent = browser.post(f"{address}keys/new", filled(jwk=written), follow=True)

        assert f"for {alg}" in page(sent).text
        (removal,) = links(sent, "/keys/proof")
        assert browser.post(removal).status_code == 302
        assert not AccountProof.objects.exists()


def test_what_is_no_public_key_is_refused_and_not_shown_again(
    owner: Somebody, browser: Client
) -> None:
    address = here(new_account(owner), "keys/new")
    for wrong in (
        private_pem(),
        json.dumps({**public_jwk(), "d": "AAAA"}),
        pem(ec.generate_private_key(ec.SECP384R1())),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "ssh-ed25519 AAAA",
        '{"kty": "EC"',
        "[]",
    ):
        answer = browser.post(address, filled(jwk=wrong))

        assert (answer.status_code, "jwk" in page(answer).errors) == (422, True), wrong
        assert wrong not in html.unescape(page_text(answer))
    assert not AccountProof.objects.exists()


def test_the_ready_made_words_lead_from_the_secret_to_the_value(
    server: str, owner: Somebody, browser: Client, settings: Any, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine: apt-get install curl")
    store(owner)
    account = new_account(owner)
    given = {"serviceAccountId": account, "level": "user", "key": "stripe-api-key"}
    give_grant(owner.console, GiveGrant.parse(given))
    secret = value_on(browser.post(here(account, "secrets/new"), filled()))
    snippets = [
        html.unescape(one) for one in SNIPPET.findall(page_text(browser.get(here(account))))
    ]
    script = "\n".join([*snippets, 'printf %s "$VALUE"']).replace(settings.PUBLIC_URL, server)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=PATIENCE,
        env={"PATH": os.environ["PATH"], "VAULT_SECRET": secret},
    )

    assert done.stdout == CANARY, done.stderr
    assert "1 credential" in page(browser.get(here(account))).text


def test_it_is_suspended_resumed_and_removed_by_its_name(owner: Somebody, browser: Client) -> None:
    account = new_account(owner, "Pipeline")
    new_secret(owner, account)
    address = here(account)

    with new_entries(owner.console.tenant_id) as entries:
        for word in ("suspended", "active"):
            assert browser.post(f"{address}state", {"state": word})["Location"] == address
        assert browser.post(f"{address}state", {"state": "removed"}).status_code == 422
        assert browser.post(f"{address}remove", {"typed": "pipeline"}).status_code == 422
        assert states() == [("Pipeline", "active")]
        assert browser.post(f"{address}remove", {"typed": "Pipeline"})["Location"] == LIST

    assert told(entries) == [
        ("service_account.suspended", "ok"),
        ("service_account.resumed", "ok"),
        ("service_account.removed", "ok"),
    ]
    assert not AccountProof.objects.exists()
    assert "removed" in page(browser.get(address)).text
    assert browser.post(f"{address}secrets/new", filled()).status_code == 404


def test_accounts_are_the_owners_and_admins_business(
    owner: Somebody, member: Somebody, outsider: Somebody
) -> None:
    account = new_account(owner, "Pipeline")
    secret = new_secret(owner, account).proof_id
    for who, code in ((member, 403), (outsider, 404)):
        other = signed_in(who)
        for step in ("", "remove", "secrets/new", "keys/new", f"secrets/{secret}/remove"):
            assert other.get(here(account, step)).status_code == code
            form = {"typed": "Pipeline", **filled(jwk=json.dumps(public_jwk()))}
            assert other.post(here(account, step), form).status_code == code
        for word in ("suspended", "nonsense"):
            assert other.post(here(account, "state"), {"state": word}).status_code == code
    assert signed_in(member).get(LIST).status_code == 403
    assert "Pipeline" not in page_text(signed_in(outsider).get(LIST))
    assert states() == [("Pipeline", "active")]
    assert AccountProof.objects.count() == 1
