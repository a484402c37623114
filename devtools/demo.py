"""The demo tenants: people, credentials of every type and grants, made through the operations."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from access.actions import Channel
from access.actor import Actor, system_actor
from access.levels import Role
from access.tenancy import tenant_transaction
from credentials.models import Credential
from credentials.operations import create_credential, give_grant
from credentials.shapes.credentials import CreateCredential
from credentials.shapes.grants import GiveGrant
from devtools.demo_credentials import acme_credentials, globex_credentials
from foundation.db.clock import database_now
from foundation.db.ids import public_id
from tenants.models import Membership, Person, Tenant
from tenants.operations import (
    add_member,
    add_to_group,
    create_group,
    create_service_account,
    create_tenant,
)
from tenants.shapes.groups import CreateGroup, GroupPlace
from tenants.shapes.service_accounts import CreateServiceAccount


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo; the address cannot receive mail (RFC 2606)."""

    email: str
    name: str
    tenant: str
    role: Role


PEOPLE = (
    DemoPerson("olivia@acme.example", "Olivia Owner", "acme", Role.OWNER),
    DemoPerson("marc@acme.example", "Marc Member", "acme", Role.MEMBER),
    DemoPerson("lea@acme.example", "Lea Contractor", "acme", Role.MEMBER),
    DemoPerson("gina@globex.example", "Gina Owner", "globex", Role.OWNER),
)
TENANTS = {"acme": "Acme", "globex": "Globex"}


def seed_people(passwords: dict[str, str]) -> list[dict[str, str]]:
    """Make the people and their tenants; existing people get the given password again.

    `passwords` maps e-mail to password; a missing one is drawn at random. Returns one record per
    person: email, password, role, tenant.
    """
    records = []
    for someone in PEOPLE:
        password = passwords.get(someone.email) or secrets.token_urlsafe(15)
        person = _person(someone, password)
        tenant = Tenant.objects.filter(slug=someone.tenant).first()
        if tenant is None:
            create_tenant(someone.tenant, TENANTS[someone.tenant], person)
        elif not Membership.objects.filter(tenant=tenant, person=person).exists():
            add_member(_operator(tenant), person, someone.role.value)
        records.append(
            {
                "email": someone.email,
                "password": password,
                "role": someone.role.value,
                "tenant": someone.tenant,
            }
        )
    return records


def _person(someone: DemoPerson, password: str) -> Person:
    person = Person.objects.filter(email=someone.email).first()
    if person is None:
        return Person.objects.create_user(someone.email, password, name=someone.name)
    if not person.check_password(password):
        person.set_password(password)
        person.save(update_fields=["password"])
    return person


def _operator(tenant: Tenant) -> Actor:
    return system_actor("demo", tenant.pk, Channel.COMMAND)


def seed_credentials() -> None:
    """Store what the demo tenants lack; existing data stays as people left it."""
    acme = _operator(Tenant.objects.get(slug="acme"))
    first = not demo_keys(acme.tenant_id)
    _store_missing(acme, acme_credentials())
    if first:
        _share(acme)
    _store_missing(_operator(Tenant.objects.get(slug="globex")), globex_credentials())


def _share(acme: Actor) -> None:
    """Grants to a person, a group and a service account, and one that ends by itself."""
    _grant(acme, "stripe-api-key", personId=_id_of("marc@acme.example"))
    group = CreateGroup(name="Billing", description="Everyone who handles payments")
    billing = create_group(acme, group).group_id
    for email in ("marc@acme.example", "lea@acme.example"):
        add_to_group(acme, GroupPlace(group_id=billing, person_id=_id_of(email)))
    give_grant(acme, GiveGrant(group_id=billing, level="user", folder_path="stripe"))
    backup = create_service_account(
        acme, CreateServiceAccount(name="Nightly backup", description="Dumps the shop's database")
    )
    _grant(acme, "prod-database-url", serviceAccountId=backup.service_account_id)
    month = (database_now() + timedelta(days=30)).isoformat()
    _grant(acme, "github-oauth-token", personId=_id_of("lea@acme.example"), expiresAt=month)


def _grant(acme: Actor, key: str, **whom_and_until: str) -> None:
    give_grant(acme, GiveGrant.parse({"level": "user", "key": key, **whom_and_until}))


def _id_of(email: str) -> str:
    return public_id("person", Person.objects.get(email=email).pk)


def _store_missing(operator: Actor, credentials: list[dict[str, object]]) -> None:
    there = set(demo_keys(operator.tenant_id))
    for data in credentials:
        if data["key"] not in there:
            create_credential(operator, CreateCredential.parse(data))


def demo_keys(tenant_id: UUID) -> list[str]:
    """The keys of a tenant's credentials."""
    with tenant_transaction(tenant_id):
        return list(Credential.objects.order_by("key").values_list("key", flat=True))
