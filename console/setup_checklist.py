"""What is left to do in a new tenant, for its owners and admins; shown until all of it is done."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from access.actor import Actor
from access.tenancy import acting_transaction
from credentials.models import Credential
from identity.sign_in import first_run
from identity.sign_in.factors import has_second_factor
from tenants.models import Agent, Invitation, Membership, Person


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `post`: it is done by pressing a button there, not by going there."""

    title: str
    text: str
    address: str
    done: bool
    post: bool = False


def checklist(request: HttpRequest, actor: Actor) -> list[Step]:
    """The steps in their order; empty once all are done."""
    person = request.user
    assert isinstance(person, Person)
    steps = [_second_factor(person), *_in_tenant(actor), *_root_key(person)]
    return [] if all(step.done for step in steps) else steps


def _second_factor(person: Person) -> Step:
    return Step(
        "Protect your account",
        "Add a passkey or an authenticator app.",
        reverse("account"),
        has_second_factor(person),
    )


def _in_tenant(actor: Actor) -> list[Step]:
    with acting_transaction(actor):
        stored = Credential.objects.of(actor).exists()
        called = Agent.objects.of(actor).filter(first_call_at__isnull=False).exists()
    return [
        Step("Store a first credential", "Or import a file.", reverse("admin:store"), stored),
        Step("Connect an agent", "Such as Claude Code; one command.", reverse("connect"), called),
        Step(
            "Invite somebody",
            "Owners are hard to replace: have two.",
            reverse("invitations"),
            _has_company(actor.tenant_id),
        ),
    ]


def _has_company(tenant_id: UUID) -> bool:
    several = Membership.objects.filter(tenant_id=tenant_id)[1:2].exists()
    return several or Invitation.objects.filter(tenant_id=tenant_id).exists()


def _root_key(person: Person) -> list[Step]:
    """For whoever set the installation up: tenants that came later do not have its root key."""
    if not first_run.did_set_up(person):
        return []
    return [
        Step(
            "Keep a copy of the root key",
            "Away from the database's backups. Without it every value is lost.",
            reverse("root_key_kept"),
            first_run.root_key_is_kept(),
            post=True,
        )
    ]
