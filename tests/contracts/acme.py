"""A tenant with one fresh thing of each kind that an operation may be called on."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from access.tenancy import tenant_transaction
from credentials.operations import (
    archive_credential,
    create_folder,
    list_keys,
    request_access,
    request_credential,
    rotate_credential,
    rotate_tenant_key,
)
from credentials.shapes.access_requests import RequestAccess
from credentials.shapes.credential_requests import RequestCredential
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.folders import NameFolder
from credentials.shapes.rotations import RotateCredential
from credentials.shapes.tenant_keys import ListKeys, RotateTenantKey
from foundation.db.ids import parse_public_id, public_id, uuid7
from identity.operations import add_account_key, add_account_secret
from identity.shapes import AddAccountKey, AddAccountSecret
from leases.handles import make_handle
from leases.models import Lease
from tenants.agents import connect_agent
from tenants.models import Person
from tenants.operations import (
    add_to_group,
    create_group,
    create_service_account,
    invite_member,
    suspend_member,
)
from tenants.shapes.groups import CreateGroup, GroupPlace
from tenants.shapes.invitations import InviteMember
from tenants.shapes.members import SuspendMember
from tenants.shapes.service_accounts import CreateServiceAccount
from tests.audit_trail import trail
from tests.disclosure.echo_upstream import SENDABLE
from tests.machines import new_account, new_client, new_token, public_jwk
from tests.people import PURPOSE, Somebody, grant, join, lease, new_agent, new_person, store
from tests.refusals import refusal
from tests.storage import lease_uuid, let_time_pass, owner_sql

DESK = "desk"
# What is its holder's own: it works for nobody else.
OWN = frozenset(
    {
        "handle",
        "own_access_request",
        "own_agent",
        "own_credential_request",
        "own_other_agent",
        "own_request",
        "personal_token",
        "sendable_handle",
    }
)


class Acme:
    """Makes what a case needs, as the owner; what has a holder belongs to `holder`."""

    def __init__(self, owner: Somebody, mark: str = "") -> None:
        self.owner = owner
        self._mark = mark  # in every name, where a test has two tenants full of things
        self._made = 0
        self._grouped = ""

    def things(self, holder: Somebody, *names: str) -> dict[str, Any]:
        """A fresh thing for each name."""
        return {name: getattr(self, name)(holder) for name in names}

    def newcomer(self) -> Somebody:
        """A new member."""
        return join(self.owner, self.stranger(self.owner))

    def key(self, _: Somebody, **more: Any) -> str:
        """A credential on the desk."""
        key = self.new_key(_)
        store(self.owner, key, **{"folderPath": DESK, **more})
        return key

    def new_key(self, _: Somebody) -> str:
        """A key that is free."""
        self._made += 1
        return f"{self._mark}key-{self._made}"

    def folder(self, _: Somebody) -> str:
        """An empty folder on the desk."""
        path = f"{self._mark}{DESK}/{self.new_key(_)}"
        create_folder(self.owner.console, NameFolder(folder_path=path))
        return path

    def rotated(self, _: Somebody) -> str:
        """A credential with an open window."""
        key = self.key(_)
        request = RotateCredential.parse({"key": key, "newValue": "new"})
        rotate_credential(self.owner.console, request)
        return key

    def archived(self, _: Somebody) -> str:
        """A credential that is out of use for now."""
        key = self.key(_)
        archive_credential(self.owner.console, DescribeCredential(key=key))
        return key

    def due_rotation(self, _: Somebody) -> UUID:
        """A window whose time is over."""
        rows = owner_sql(
            "UPDATE rotation SET closes_at = clock_timestamp() WHERE credential_id = "
            "(SELECT id FROM credential WHERE key = %s) RETURNING id",
            self.rotated(_),
        )
        return UUID(str(rows[0][0]))

    def due_key(self, _: Somebody) -> UUID:
        """A key that was rotated and wraps something still."""
        self.key(_)
        rotate_tenant_key(self.owner.console, RotateTenantKey())
        return parse_public_id("kek", self._newest_key("decrypt-only"))

    def unused_key(self, _: Somebody) -> str:
        """A key that was rotated and wraps nothing."""
        self.key(_)
        for _again in range(2):  # what was stored is under neither the last one nor the next
            rotate_tenant_key(self.owner.console, RotateTenantKey())
        return self._newest_key("decrypt-only")

    def active_key(self, _: Somebody) -> str:
        """The key that wraps what is stored now."""
        self.key(_)
        return self._newest_key("active")

    def _newest_key(self, state: str) -> str:
        keys = list_keys(self.owner.console, ListKeys()).keys
        return next(one.key_id for one in keys if one.state == state)

    def handle(self, holder: Somebody) -> str:
        """A lease of the holder's own."""
        return lease(holder.console, self.key(holder)).lease_handle

    def sendable_handle(self, holder: Somebody) -> str:
        """A lease of the holder's own on what may be sent to SENDABLE."""
        key = self.key(holder, policy={"destinations": [{"host": SENDABLE}]})
        return lease(holder.console, key).lease_handle

    def lease_id(self, _: Somebody) -> str:
        """A lease of somebody else."""
        user, key = self.newcomer(), self.key(_)
        grant(self.owner, user, "user", key=key)
        return lease(user.console, key).lease_id

    def leased(self, _: Somebody) -> str:
        """A credential that somebody else has leased."""
        user, key = self.newcomer(), self.key(_)
        grant(self.owner, user, "user", key=key)
        lease(user.console, key)
        return key

    def own_request(self, holder: Somebody) -> str:
        """A request of the holder's own that waits for a decision."""
        key = self.key(holder, policy={"approval": "required"})
        return str(refusal(lambda: lease(holder.console, key)).extra["approvalId"])

    def access_request(self, _: Somebody) -> str:
        """A wish of somebody else for more access, that waits for a decision."""
        asker = self.newcomer()
        self.key(_)
        grant(self.owner, asker, "viewer", folderPath=DESK)
        return self.own_access_request(asker)

    def own_access_request(self, holder: Somebody) -> str:
        """A wish of the holder's own."""
        wish = RequestAccess(key=self.key(holder), level="user", reason=PURPOSE)
        return request_access(holder.console, wish).request_id

    def credential_request(self, _: Somebody) -> str:
        """Somebody else asks for a credential on the desk, and waits."""
        return self.own_credential_request(self.newcomer())

    def own_credential_request(self, holder: Somebody) -> str:
        """A request of the holder's own."""
        key = self.new_key(holder)
        wish = {"key": key, "type": "api-key", "purpose": PURPOSE, "folderPath": DESK}
        asked = partial(request_credential, holder.console, RequestCredential.parse(wish))
        return str(refusal(asked).extra["approvalId"])

    def due_lease(self, _: Somebody) -> UUID:
        """A lease whose time is over."""
        over = lease(self.owner.console, self.key(_))
        let_time_pass(over.lease_id, 900)
        return lease_uuid(over.lease_id)

    def request_id(self, _: Somebody) -> str:
        """A request of somebody else that waits for a decision."""
        user, key = self.newcomer(), self.key(_, policy={"approval": "required"})
        grant(self.owner, user, "user", key=key)
        return str(refusal(lambda: lease(user.console, key)).extra["approvalId"])

    def person(self, _: Somebody) -> Person:
        """Another member."""
        return self.newcomer().person

    def suspended_person(self, _: Somebody) -> str:
        """Another member, suspended."""
        person = self.newcomer().id
        suspend_member(self.owner.console, SuspendMember(person_id=person))
        return person

    def stranger(self, _: Somebody) -> Person:
        """A person who is no member."""
        self._made += 1
        return new_person(f"{self._mark}somebody{self._made}")

    def agent_id(self, _: Somebody) -> UUID:
        """Somebody else's agent."""
        agent_id = new_agent(self.newcomer().console, "Batch job").agent_id
        assert agent_id is not None
        return agent_id

    def entry_id(self, _: Somebody) -> str:
        """An entry of the audit log."""
        entry = trail(self.owner.console.tenant_id)[-1]
        return public_id("entry", entry.pk)

    def own_agent(self, holder: Somebody) -> str:
        """An agent of the holder's own."""
        self._made += 1
        agent_id = new_agent(holder.console, f"Agent {self._made}").agent_id
        assert agent_id is not None
        return public_id("agent", agent_id)

    def own_other_agent(self, holder: Somebody) -> str:
        """One more of them."""
        return self.own_agent(holder)

    def group_id(self, _: Somebody) -> str:
        """A group with a member."""
        self._made += 1
        group = create_group(self.owner.console, CreateGroup(name=f"Group {self._made}"))
        self._grouped = self.newcomer().id
        place = GroupPlace(group_id=group.group_id, person_id=self._grouped)
        return add_to_group(self.owner.console, place).group_id

    def grouped(self, _: Somebody) -> str:
        """The member of the group that was made last."""
        return self._grouped

    def invitation(self, _: Somebody) -> str:
        """An invitation that waits."""
        self._made += 1
        request = InviteMember(email=f"invited{self._made}@example.org", role="member")
        return invite_member(self.owner.console, request).invitation_id

    def service_account(self, _: Somebody) -> str:
        """A service account."""
        self._made += 1
        request = CreateServiceAccount(name=f"Pipeline {self._made}")
        return create_service_account(self.owner.console, request).service_account_id

    def client_id(self, _: Somebody) -> UUID:
        """A client that nobody has connected."""
        return uuid4()

    def oauth_client(self, _: Somebody) -> str:
        """A client through which somebody else connected an agent."""
        client = new_client("acme-only client")
        somebody = self.newcomer().console
        with tenant_transaction(somebody.tenant_id):
            connect_agent(somebody, client.pk, "Batch job")
        return public_id("client", client.pk)

    def due_grant(self, _: Somebody) -> UUID:
        """A grant whose time is over."""
        soon = datetime.now(UTC) + timedelta(hours=1)
        given = grant(
            self.owner, self.newcomer(), "user", key=self.key(_), expiresAt=soon.isoformat()
        )
        grant_id = parse_public_id("grant", given.grant_id)
        owner_sql(
            "UPDATE credential_grant SET expires_at = clock_timestamp() WHERE id = %s", grant_id
        )
        return grant_id

    def grant_id(self, _: Somebody) -> str:
        """A grant of somebody else."""
        return grant(self.owner, self.newcomer(), "user", key=self.key(_)).grant_id

    def account_id(self, _: Somebody) -> str:
        """A service account."""
        self._made += 1
        return new_account(self.owner, f"Pipeline {self._made}")

    def secret_id(self, _: Somebody) -> str:
        """A service account's secret."""
        request = AddAccountSecret(account_id=self.account_id(_), name="deploys")
        return add_account_secret(self.owner.console, request).proof_id

    def key_id(self, _: Somebody) -> str:
        """A service account's registered key."""
        request = AddAccountKey(account_id=self.account_id(_), name="deploys", jwk=public_jwk())
        return add_account_key(self.owner.console, request).proof_id

    def personal_token(self, holder: Somebody) -> str:
        """A token of the holder's own."""
        return new_token(holder).token_id


def nowhere() -> dict[str, Any]:
    """The same kinds of names, of things that exist nowhere."""
    return {
        "key": "no-such-key",
        "new_key": "no-such-key-either",
        "folder": "no-such-folder",
        "rotated": "no-such-key",
        "archived": "no-such-key",
        "due_rotation": uuid7(),
        "due_key": uuid7(),
        "unused_key": public_id("kek", uuid7()),
        "handle": (
            handle := make_handle(
                Lease(
                    tenant_id=uuid7(),
                    person_id=uuid7(),
                    client_id=uuid7(),
                    version_id=uuid7(),
                    max_expires_at=datetime.now(UTC),
                )
            )
        ),
        "sendable_handle": handle,
        "lease_id": public_id("lease", uuid7()),
        "due_lease": uuid7(),
        "leased": "no-such-key",
        "request_id": public_id("lease", uuid7()),
        "own_request": public_id("lease", uuid7()),
        "access_request": public_id("req", uuid7()),
        "own_access_request": public_id("req", uuid7()),
        "credential_request": public_id("creq", uuid7()),
        "own_credential_request": public_id("creq", uuid7()),
        "person": Person(email="nobody@example.org"),
        "stranger": Person(email="nobody@example.org"),
        "agent_id": uuid7(),
        "own_agent": public_id("agent", uuid7()),
        "own_other_agent": public_id("agent", uuid7()),
        "group_id": public_id("group", uuid7()),
        "grouped": public_id("person", uuid7()),
        "suspended_person": public_id("person", uuid7()),
        "invitation": public_id("inv", uuid7()),
        "service_account": public_id("sa", uuid7()),
        "client_id": uuid4(),
        "oauth_client": public_id("client", uuid7()),
        "entry_id": public_id("entry", uuid7()),
        "grant_id": public_id("grant", uuid7()),
        "due_grant": uuid7(),
        "account_id": public_id("sa", uuid7()),
        "personal_token": public_id("pat", uuid7()),
        "secret_id": public_id("proof", uuid7()),
        "active_key": public_id("kek", uuid7()),
        "key_id": public_id("proof", uuid7()),
    }
