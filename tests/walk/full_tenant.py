"""A tenant with one thing of every kind, whose every text says whose it is."""

from dataclasses import dataclass, field, replace
from uuid import uuid4

from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.events import Event
from credentials.models import Credential
from credentials.operations import (
    decide_access_request,
    list_keys,
    request_access,
    request_credential,
    rotate_credential,
    rotate_tenant_key,
)
from credentials.shapes.access_requests import DecideAccessRequest, RequestAccess
from credentials.shapes.credential_requests import RequestCredential
from credentials.shapes.rotations import RotateCredential
from credentials.shapes.tenant_keys import ListKeys, RotateTenantKey
from credentials.tasks import rewrap_due_keys
from foundation.db.ids import public_id
from identity.operations import add_account_key
from identity.shapes import AddAccountKey
from leases.operations import decide_lease
from leases.shapes import DecideLease
from tenants.agents import connect_agent
from tenants.operations import add_to_group, change_settings, create_group, invite_member
from tenants.shapes.groups import CreateGroup, GroupPlace
from tenants.shapes.invitations import InviteMember
from tenants.shapes.tenants import ChangeSettings
from tests.audit_trail import trail
from tests.machines import new_account, new_client, new_secret, new_token, public_jwk
from tests.people import Somebody, grant, join, lease, new_agent, new_person, set_agent, store
from tests.refusals import refusal

# Breaks out of an attribute, a text, a comment and a script, wherever one is careless.
MARKUP = "\"'--></script><x-marker onload=alert(1)>"
ELEMENT = "x-marker"


@dataclass
class FullTenant:
    """A tenant's things by the names that addresses call them by."""

    owner: Somebody
    mark: str
    things: dict[str, str] = field(default_factory=dict)

    def text(self, what: str) -> str:
        """Free text of this tenant's."""
        return f"{self.mark}-only {what} {MARKUP}"

    def name(self, what: str) -> str:
        """A name that keys, tags and folders allow."""
        return f"{self.mark}-only-{what}"


def fill_tenant(owner: Somebody, mark: str) -> FullTenant:
    """Everything there can be in the owner's tenant."""
    it = FullTenant(owner, mark)
    person = new_person(f"{mark}-only-colleague")
    person.name = it.text("colleague")
    person.save()
    colleague = join(owner, person)
    it.things["person_id"] = it.things["subject_id"] = colleague.id
    change_settings(owner.console, ChangeSettings(name=it.text("tenant")))
    _team(it, colleague)
    _credentials(it)
    _uses(it, colleague)
    _machines(it)
    _keys(it)
    entry = trail(owner.console.tenant_id, event=Event.LEASE_CREATED)[-1]
    it.things["entry_id"] = public_id("entry", entry.pk)
    return it


def _team(it: FullTenant, colleague: Somebody) -> None:
    console = it.owner.console
    wish = {"name": it.text("group"), "description": it.text("group: description")}
    it.things["group_id"] = create_group(console, CreateGroup.parse(wish)).group_id
    place = {"groupId": it.things["group_id"], "personId": colleague.id}
    add_to_group(console, GroupPlace.parse(place))
    asked = InviteMember(email=f"{it.mark}-only-guest@example.org", role="member")
    it.things["invitation_id"] = invite_member(console, asked).invitation_id


def _credentials(it: FullTenant) -> None:
    for what, more in (("key", {}), ("guarded", {"policy": {"approval": "required"}})):
        store(
            it.owner,
            it.name(what),
            folderPath=it.name("folder"),
            description=it.text(f"{what}: description"),
            tags=[it.name("tag")],
            metadata={"note": it.text(f"{what}: metadata")},
            **more,
        )
    it.things |= {
        "key": it.name("key"),
        "rest": f"credentials/{it.name('key')}/",
        "path": it.name("folder"),
        "folder_path": it.name("folder"),
    }
    rotation = {"key": it.name("key"), "newValue": "new", "reason": it.text("rotation")}
    rotate_credential(it.owner.console, RotateCredential.parse(rotation))
    with tenant_transaction(it.owner.console.tenant_id):
        row = Credential.objects.get(key=it.name("key"))
        it.things["credential_id"] = public_id("cred", row.pk)


def _keys(it: FullTenant) -> None:
    """An active one and one that was rotated, and has been left by all that it wrapped."""
    new = rotate_tenant_key(it.owner.console, RotateTenantKey())
    rewrap_due_keys()
    old = list_keys(it.owner.console, ListKeys()).keys[1]
    it.things |= {"active_key_id": new.key_id, "tenant_key_id": old.key_id}


def _uses(it: FullTenant, colleague: Somebody) -> None:
    given = grant(it.owner, colleague, "user", folderPath=it.name("folder"))
    agent = new_agent(colleague.console, it.text("agent"))
    assert agent.agent_id
    set_agent(it.owner, colleague.agent.agent_id, "suspended")
    with tenant_transaction(it.owner.console.tenant_id):
        connect_agent(colleague.console, uuid4(), it.text("new agent"))  # waits: one is suspended
    it.things["grant_id"] = given.grant_id
    it.things["agent_id"] = public_id("agent", agent.agent_id)
    client = new_client(it.text("client"))
    with tenant_transaction(it.owner.console.tenant_id):
        connect_agent(it.owner.console, client.pk, it.text("agent of the client"))
    it.things["client_id"] = public_id("client", client.pk)
    saying = replace(agent, claimed={"client_name": it.text("claim")})
    it.things["lease_id"] = lease(saying, it.name("key"), purpose=it.text("lease")).lease_id
    waiting = refusal(lambda: lease(agent, it.name("guarded"), purpose=it.text("request")))
    wish = {"key": it.name("guarded"), "level": "manager", "reason": it.text("wish")}
    asked = request_access(agent, RequestAccess.parse(wish))
    it.things["access_request_id"] = asked.request_id
    missing = RequestCredential.parse(
        {"key": it.name("missing"), "type": "api-key", "purpose": it.text("missing wish")}
    )
    pending = refusal(lambda: request_credential(agent, missing))
    it.things["credential_request_id"] = str(pending.extra["approvalId"])
    it.things["request_id"] = str(waiting.extra["approvalId"])
    _decisions(it, agent)


def _decisions(it: FullTenant, agent: Actor) -> None:
    """Requests that were decided, with the reasons for it."""
    refused = refusal(lambda: lease(agent, it.name("guarded"), purpose=it.text("refused request")))
    said = {"approve": False, "reason": it.text("reason")}
    wish = {**said, "requestId": refused.extra["approvalId"]}
    decide_lease(it.owner.console, DecideLease.parse(wish))
    more = {"folderPath": it.name("folder"), "level": "admin", "reason": it.text("refused wish")}
    asked = request_access(agent, RequestAccess.parse(more))
    wish = {**said, "requestId": asked.request_id}
    decide_access_request(it.owner.console, DecideAccessRequest.parse(wish))


def _machines(it: FullTenant) -> None:
    it.things["token_id"] = new_token(it.owner, name=it.text("token")).token_id
    account = new_account(it.owner, it.text("account"))
    it.things["account_id"] = account
    wish = {"accountId": account, "name": it.text("signing key"), "jwk": public_jwk()}
    added = add_account_key(it.owner.console, AddAccountKey.parse(wish))
    it.things["key_id"] = added.proof_id
    it.things["proof_id"] = new_secret(it.owner, account, name=it.text("secret")).proof_id
