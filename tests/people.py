"""The people of every test: an owner and a member of acme, an outsider who owns globex."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.hashers import make_password

from access.actions import Channel
from access.actor import ALL_SCOPES, Actor
from access.authentication import Authentication
from access.levels import Role
from access.tenancy import tenant_transaction
from credentials.operations import create_credential, give_grant
from credentials.shapes.credentials import CreateCredential, CredentialOut
from credentials.shapes.grants import GiveGrant, GrantOut
from foundation.db.ids import public_id
from leases.operations import lease_credential, read_credential
from leases.shapes import LeaseCredential, LeaseOut, ReadCredential, SecretOut
from tenants.models import Agent, Person
from tenants.operations import add_member, change_agent, create_tenant
from tenants.shapes.agents import AgentOut, ChangeAgent

PASSWORD = "correct horse battery staple"
PURPOSE = "list recent charges"
# Of actors that come through no door; those that do are in tests/contracts/test_ended_access.py.
IN_FORCE = Authentication("true")
CANARY = "sk_live_canary_7f3a9b"


@dataclass(frozen=True)
class Somebody:
    """A person in a tenant: at the console, and with an agent that came in over MCP."""

    person: Person
    console: Actor
    agent: Actor

    @property
    def id(self) -> str:
        """The person's public id."""
        return public_id("person", self.person.pk)


def somebody(person: Person, tenant_id: UUID, role: Role) -> Somebody:
    """The actors of a person who is a member already; makes their agent."""
    console = Actor(
        tenant_id=tenant_id,
        channel=Channel.CONSOLE,
        person_id=person.pk,
        role=role,
        scopes=ALL_SCOPES,
        recently_authenticated=True,
        authentication=IN_FORCE,
    )
    return Somebody(person, console, new_agent(console, "Claude Code"))


def new_agent(console: Actor, name: str) -> Actor:
    """Another agent of the same person, under a client of its own."""
    client = uuid4()
    with tenant_transaction(console.tenant_id):
        row = Agent.objects.create(
            tenant_id=console.tenant_id, person_id=console.person, client_id=client, name=name
        )
    return replace(
        console,
        channel=Channel.MCP,
        client_id=client,
        agent_id=row.pk,
        agent_name=name,
        scopes=frozenset({"vault:read", "vault:write"}),
    )


def new_person(name: str) -> Person:
    """A person who can sign in with PASSWORD."""
    return Person.objects.create(
        email=f"{name}@example.org",
        name=name.title(),
        password=_hashed_password(),
    )


@cache
def _hashed_password() -> str:
    return make_password(PASSWORD)


def new_tenant(slug: str, owner: Person) -> UUID:
    """A tenant with its owner."""
    return create_tenant(slug, slug.title(), owner).id


def join(owner: Somebody, person: Person, role: Role = Role.MEMBER) -> Somebody:
    """The person becomes a member of the owner's tenant."""
    add_member(owner.console, person, role.value)
    return somebody(person, owner.console.tenant_id, role)


def set_agent(who: Somebody, agent_id: UUID | None, state: str) -> AgentOut:
    """Suspend, resume or remove an agent as `who`."""
    assert agent_id is not None
    data = {"agentId": public_id("agent", agent_id), "state": state}
    return change_agent(who.console, ChangeAgent.parse(data))


def store(who: Somebody, key: str = "stripe-api-key", **more: Any) -> CredentialOut:
    """Store a credential as `who`; the value is CANARY unless given."""
    data = {"key": key, "type": "api-key", "value": CANARY, "folderPath": "stripe", **more}
    return create_credential(who.console, CreateCredential.parse(data))


def grant(owner: Somebody, whom: Somebody, level: str, **target: Any) -> GrantOut:
    """The owner gives a level on `key=` or `folderPath=`."""
    data = {"personId": whom.id, "level": level, **target}
    return give_grant(owner.console, GiveGrant.parse(data))


def lease(actor: Actor, key: str = "stripe-api-key", **more: Any) -> LeaseOut:
    """Lease by key with PURPOSE."""
    return lease_credential(actor, LeaseCredential.parse({"key": key, "purpose": PURPOSE, **more}))


def read(actor: Actor, handle: str) -> SecretOut:
    """Redeem a handle."""
    return read_credential(actor, ReadCredential(lease_handle=handle))
