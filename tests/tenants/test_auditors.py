"""The role `auditor`: reads the tenant's audit log, by every way, and nothing else."""

import json
from functools import partial

import pytest
from django.test import Client

from access.levels import Role
from credentials.operations import list_credentials
from credentials.shapes.credentials import ListCredentials
from foundation.errors import VaultError
from identity.operations import create_personal_token
from identity.shapes import CreatePersonalToken
from tenants.operations import (
    add_to_group,
    change_role,
    create_group,
    export_audit,
    list_members,
    query_audit,
    remove_member,
    show_audit_entry,
)
from tenants.shapes.audit import ExportAudit, QueryAudit
from tenants.shapes.fields import Listing
from tenants.shapes.groups import CreateGroup, GroupPlace
from tenants.shapes.members import ChangeRole, RemoveMember
from tests.console.pages import page_text, signed_in
from tests.people import Somebody, grant, join, lease, new_person, read, store
from tests.refusals import code_of
from tests.storage import owner_sql

DENIED = "access/permission-denied"


@pytest.fixture
def auditor(owner: Somebody) -> Somebody:
    """Somebody who joined as an auditor, in a tenant with a credential."""
    store(owner)
    return join(owner, new_person("alma"), Role.AUDITOR)


def give(owner: Somebody, whom: Somebody, role: str) -> None:
    change_role(owner.console, ChangeRole.parse({"personId": whom.id, "role": role}))


def token(who: Somebody, *scopes: str) -> str:
    wanted = {"name": "log", "scopes": list(scopes), "expiresInDays": 7}
    made = create_personal_token(who.console, CreatePersonalToken.parse(wanted))
    assert made.token
    return made.token.get_secret_value()


def get(path: str, secret: str) -> int:
    headers = {"authorization": f"Bearer {secret}"}
    return Client().get(f"/api/v1/{path}", headers=headers).status_code


def test_the_log_is_read_listed_singly_and_exported(auditor: Somebody) -> None:
    first, *_ = query_audit(auditor.console, QueryAudit()).entries
    assert show_audit_entry(auditor.console, first.entry_id).entry_id == first.entry_id
    lines = "".join(export_audit(auditor.console, ExportAudit(format="ndjson"))).splitlines()
    assert "credential.created" in {json.loads(line)["event"] for line in lines}


def test_the_baseline_level_and_grants_give_an_auditor_nothing(
    owner: Somebody, auditor: Somebody
) -> None:
    group = create_group(owner.console, CreateGroup(name="ops"))
    place = GroupPlace(group_id=group.group_id, person_id=auditor.id)

    assert code_of(partial(list_credentials, auditor.console, ListCredentials())) == DENIED
    assert code_of(partial(lease, auditor.agent)) == DENIED
    assert code_of(partial(list_members, auditor.console, Listing())) == DENIED
    with pytest.raises(VaultError):
        grant(owner, auditor, "user", key="stripe-api-key")
    assert code_of(partial(add_to_group, owner.console, place)) == "state/conflict"


def test_a_token_of_an_auditor_reads_the_log_over_rest_and_nothing_else(
    auditor: Somebody,
) -> None:
    assert code_of(partial(token, auditor, "vault:read")) == DENIED
    assert code_of(partial(token, auditor, "vault:read", "vault:admin")) == DENIED
    secret = token(auditor, "vault:admin")

    assert get("audit", secret) == 200
    assert [get(path, secret) for path in ("credentials", "members", "agents", "leases")] == (
        [403] * 4
    )


def test_becoming_an_auditor_ends_everything_and_coming_back_revives_nothing(
    owner: Somebody, member: Somebody
) -> None:
    store(owner)
    grant(owner, member, "user", key="stripe-api-key")
    group = create_group(owner.console, CreateGroup(name="ops"))
    add_to_group(owner.console, GroupPlace(group_id=group.group_id, person_id=member.id))
    handle, secret = lease(member.agent).lease_handle, token(member, "vault:read")
    kept = lease(member.console).lease_handle

    give(owner, member, "auditor")
    with pytest.raises(VaultError):
        read(member.agent, handle)
    assert get("credentials", secret) == 401

    give(owner, member, "member")
    assert code_of(partial(read, member.console, kept)) == "lease/revoked"
    assert code_of(partial(lease, member.console)) == DENIED
    assert get("credentials", secret) == 401
    assert owner_sql("SELECT 1 FROM group_member") == []
    with pytest.raises(VaultError):
        lease(member.agent)


def test_a_token_for_the_log_gains_nothing_when_its_auditor_becomes_an_admin(
    owner: Somebody, auditor: Somebody
) -> None:
    secret = token(auditor, "vault:admin")

    give(owner, auditor, "admin")

    assert get("audit", secret) == 401
    assert get("members", secret) == 401


def test_an_auditor_is_no_owner_of_the_tenant_and_inherits_nothing(
    owner: Somebody, member: Somebody, auditor: Somebody
) -> None:
    assert code_of(partial(give, owner, owner, "auditor")) == "state/conflict"
    leaves = RemoveMember(person_id=member.id, heir_id=auditor.id)
    assert code_of(partial(remove_member, owner.console, leaves)) == "input/invalid"


def test_the_console_leads_an_auditor_to_the_log_whose_filters_work(
    owner: Somebody, auditor: Somebody
) -> None:
    browser = signed_in(auditor)
    assert browser.get("/")["Location"] == "/admin/audit/"
    shown = page_text(browser.get(f"/admin/audit/?who={owner.id}"))
    assert "olivia@example.org" in shown
    assert browser.post("/admin/audit/export", {"format": "csv"}).status_code == 200
    assert browser.get("/account/tokens/new").status_code == 200


def test_an_owner_gives_the_role_on_the_page_of_members_and_by_invitation(
    owner: Somebody, member: Somebody
) -> None:
    browser = signed_in(owner)
    assert browser.post(f"/team/members/{member.id}/role", {"role": "auditor"}).status_code == 302
    assert "auditor" in page_text(browser.get("/team/members/"))
    invited = browser.post("/team/invitations/", {"email": "nina@example.org", "role": "auditor"})
    assert invited.status_code == 302
    assert owner_sql("SELECT role FROM invitation") == [("auditor",)]
