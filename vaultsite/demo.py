"""The demo tenants: people, credentials of every type and grants, made through the operations."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from access.actions import Door
from access.actor import Actor, machinery
from access.ids import public_id
from access.levels import Role
from access.tenancy import tenant_transaction
from credentials.models import Credential
from credentials.operations import create_credential, give_grant
from credentials.shapes import CreateCredential, GiveGrant
from tenants.models import Membership, Person, Tenant
from tenants.operations import add_member, create_tenant


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
    DemoPerson("gina@globex.example", "Gina Owner", "globex", Role.OWNER),
)
TENANTS = {"acme": "Acme", "globex": "Globex"}


def seed_people(passwords: dict[str, str]) -> list[dict[str, str]]:
    """Make the people and their tenants; those that are there get the given password again.

    `passwords` maps e-mail to password; a missing one is drawn at random. Answers one record per
    person: email, password, role, tenant.
    """
    records = []
    for one in PEOPLE:
        password = passwords.get(one.email) or secrets.token_urlsafe(15)
        person = _person(one, password)
        tenant = Tenant.objects.filter(slug=one.tenant).first()
        if tenant is None:
            create_tenant(one.tenant, TENANTS[one.tenant], person)
        elif not Membership.objects.filter(tenant=tenant, person=person).exists():
            add_member(_operator(tenant), person, one.role.value)
        records.append(
            {
                "email": one.email,
                "password": password,
                "role": one.role.value,
                "tenant": one.tenant,
            }
        )
    return records


def _person(one: DemoPerson, password: str) -> Person:
    person = Person.objects.filter(email=one.email).first()
    if person is None:
        return Person.objects.create_user(one.email, password, name=one.name)
    if not person.check_password(password):
        person.set_password(password)
        person.save(update_fields=["password"])
    return person


def _operator(tenant: Tenant) -> Actor:
    return machinery("demo", tenant.pk, Door.COMMAND)


def seed_credentials() -> None:
    """Store what the demo tenants lack; what is there stays as people left it."""
    acme = _operator(Tenant.objects.get(slug="acme"))
    _store_missing(acme, _acme_credentials())
    marc = Person.objects.get(email="marc@acme.example")
    give_grant(
        acme,
        GiveGrant.parse(
            {"personId": public_id("person", marc.pk), "level": "user", "key": "stripe-api-key"}
        ),
    )
    globex = _operator(Tenant.objects.get(slug="globex"))
    _store_missing(
        globex,
        [
            {
                "key": "globex-mail-key",
                "type": "api-key",
                "folderPath": "mail",
                "value": f"demo_{secrets.token_hex(16)}",
                "metadata": {"service": "mail"},
            }
        ],
    )


def _store_missing(operator: Actor, credentials: list[dict[str, object]]) -> None:
    there = set(demo_keys(operator.tenant_id))
    for data in credentials:
        if data["key"] not in there:
            create_credential(operator, CreateCredential.parse(data))


def demo_keys(tenant_id: UUID) -> list[str]:
    """The keys of a tenant's credentials."""
    with tenant_transaction(tenant_id):
        return list(Credential.objects.order_by("key").values_list("key", flat=True))


def _acme_credentials() -> list[dict[str, object]]:
    return [
        {
            "key": "stripe-api-key",
            "type": "api-key",
            "folderPath": "stripe",
            "value": f"sk_test_{secrets.token_hex(16)}",
            "description": "Payments, test mode",
            "tags": ["payments", "test"],
            "metadata": {"service": "stripe", "environment": "development", "team": "billing"},
        },
        {
            "key": "stripe-webhook-secret",
            "type": "generic-secret",
            "folderPath": "stripe",
            "value": f"whsec_{secrets.token_hex(16)}",
            "tags": ["payments"],
        },
        {
            "key": "prod-database-url",
            "type": "database-url",
            "folderPath": "databases",
            "value": f"postgresql://app:{secrets.token_hex(12)}@db.acme.example:5432/shop",
            "description": "The shop's production database",
            "tags": ["production"],
            "policy": {"defaultTtl": "5m", "maxTtl": "15m", "maxActiveLeases": 10},
        },
        {
            "key": "github-oauth-token",
            "type": "oauth-token",
            "folderPath": "infra",
            "value": f"gho_{secrets.token_hex(18)}",
            "secretFields": {"refreshToken": f"ghr_{secrets.token_hex(18)}"},
            "metadata": {"service": "github", "scopes": "repo,workflow"},
        },
        {
            "key": "deploy-ssh-key",
            "type": "ssh-key",
            "folderPath": "infra",
            "value": _ssh_key(),
            "metadata": {"host": "deploy.acme.example", "username": "deploy"},
            "policy": {"maxActiveLeases": 1},
        },
        {
            "key": "wildcard-certificate",
            "type": "tls-certificate",
            "folderPath": "infra",
            "value": _certificate(),
        },
    ]


def _ssh_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()


def _certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "*.acme.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("*.acme.example")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
            "privateKey": private.decode(),
        }
    )
