"""vaultctl signs in with a browser, stays signed in, and signs out."""

import json
import stat

import pytest
from django.conf import settings

from access.tenancy import tenant_transaction
from audit.models import Entry
from identity.models import AccessToken, Client, RefreshToken
from tests.audit_trail import trail
from tests.cli.installation import PATIENCE, Vaultctl, everything_below, follow, shown_address
from tests.machines import new_account, new_secret, new_token, opened, value_of
from tests.people import Somebody, store

NOT_SIGNED_IN, CONFIGURATION, DENIED = 67, 78, 77


def test_signing_in_ends_at_the_page_that_tells_the_outcome(
    signed_in: Vaultctl, owner: Somebody
) -> None:
    shown = signed_in.data("status")
    assert shown["url"] == signed_in.url
    assert shown["as"] == "person"
    assert shown["scope"] == "vault:read vault:write offline_access"
    assert shown["store"] == "file"
    (file,) = (signed_in.home / ".config" / "vaultctl").glob("sessions.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_without_a_sign_in_everything_says_how_to_sign_in(stranger: Vaultctl) -> None:
    for command in (["status"], ["ls"], ["show", "x"], ["leases"]):
        done = stranger.run(*command)
        assert done.returncode == NOT_SIGNED_IN
        assert "vaultctl login" in done.stderr


def test_a_dead_access_token_is_refreshed_once(signed_in: Vaultctl, owner: Somebody) -> None:
    store(owner)
    AccessToken.objects.all().delete()
    assert [one["key"] for one in signed_in.data("ls")["credentials"]] == ["stripe-api-key"]
    assert RefreshToken.objects.filter(replaced_at__isnull=False).count() == 1
    assert signed_in.data("ls")["credentials"]
    assert RefreshToken.objects.filter(replaced_at__isnull=False).count() == 1


def test_signing_out_ends_the_tokens_on_the_server(signed_in: Vaultctl) -> None:
    signed_in.good("logout")
    assert not AccessToken.objects.exists()
    assert signed_in.run("status").returncode == NOT_SIGNED_IN
    assert b"vlt_" not in everything_below([signed_in.home])


def test_administration_is_for_owners_and_admins(
    stranger: Vaultctl, owner: Somebody, member: Somebody
) -> None:
    stranger.login(owner, "--admin")
    assert "vault:admin" in stranger.data("status")["scope"]
    assert stranger.data("audit", "tail", "-n", "1") is not None
    stranger.login(member, "--admin")
    assert "vault:admin" not in stranger.data("status")["scope"]
    assert stranger.run("audit", "tail").returncode == DENIED


def test_a_declined_sign_in_is_told(stranger: Vaultctl, owner: Somebody) -> None:
    process = stranger.start("login", "--no-browser")
    follow(stranger.url, owner, shown_address(process.stderr), decision="deny")
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == NOT_SIGNED_IN
    assert "declined" in err


def test_the_entry_names_the_client_and_the_command(signed_in: Vaultctl, owner: Somebody) -> None:
    store(owner)
    signed_in.good("read", "stripe-api-key", "--purpose", "list recent charges")
    with tenant_transaction(owner.console.tenant_id):
        entry = Entry.objects.of(owner.console).get(event="credential.read")
    assert entry.agent_name == "vaultctl"
    assert entry.claimed["userAgent"].startswith("vaultctl/")
    assert "(read)" in entry.claimed["userAgent"]
    assert entry.purpose == "list recent charges"


def test_nobody_else_can_take_the_name(stranger: Vaultctl) -> None:
    import httpx2

    wish = {"client_name": "Vaultctl", "redirect_uris": ["http://127.0.0.1/callback"]}
    answer = httpx2.post(f"{settings.PUBLIC_URL}/oauth/register", json=wish)
    assert answer.status_code == 400
    assert Client.objects.get().client_id == "vaultctl"


@pytest.mark.parametrize("url", ["http://vault.example.org", "ftp://x", "vault.example.org"])
def test_no_token_is_sent_where_others_could_read_it(stranger: Vaultctl, url: str) -> None:
    done = stranger.run("status", "--url", url)
    assert done.returncode == CONFIGURATION
    assert "https://" in done.stderr


def test_a_service_account_uses_a_secret_from_a_file(stranger: Vaultctl, owner: Somebody) -> None:
    store(owner)
    account = new_account(owner)
    give_user(owner, account)
    secret = stranger.home / "secret"
    secret.write_text(opened(new_secret(owner, account, scopes=["vault:read"])))
    stranger.variables |= {"VAULTCTL_ACCOUNT": account, "VAULTCTL_SECRET_FILE": str(secret)}
    assert stranger.data("status")["as"] == "service account"
    value = stranger.good("read", "stripe-api-key", "--purpose", "deploy release 4711")
    assert value.startswith("sk_live")
    entry = next(e for e in trail(owner.console.tenant_id) if e.event == "credential.read")
    assert entry.service_account_id is not None


def test_a_personal_token_comes_from_a_file(stranger: Vaultctl, owner: Somebody) -> None:
    token = stranger.home / "token"
    token.write_text(value_of(new_token(owner)) + "\n")
    stranger.variables["VAULTCTL_TOKEN_FILE"] = str(token)
    assert stranger.data("status")["as"] == "personal token"
    token.write_text("vlt_pat_wrong")
    assert stranger.run("status").returncode == NOT_SIGNED_IN


def test_half_a_pipeline_identity_is_refused(stranger: Vaultctl) -> None:
    done = stranger.run("status", VAULTCTL_ACCOUNT="sa_1")
    assert done.returncode == CONFIGURATION
    assert "VAULTCTL_SECRET_FILE" in done.stderr


def test_errors_are_json_where_json_is_asked_for(signed_in: Vaultctl) -> None:
    done = signed_in.run("show", "no-such-key", "--json")
    assert done.returncode == 66
    problem = json.loads(done.stderr)
    assert problem["problem"]["code"] == "credential/not-found"
    assert problem["exitCode"] == 66


def give_user(owner: Somebody, account: str) -> None:
    """The level `user` on the key of the tests."""
    from credentials.operations import give_grant
    from credentials.shapes.grants import GiveGrant

    data = {"serviceAccountId": account, "level": "user", "key": "stripe-api-key"}
    give_grant(owner.console, GiveGrant.parse(data))
