"""The person whom a tenant's provider identifies.

A provider is controlled by one tenant's owners, who can make it claim anything. It therefore
identifies only people of this tenant, by an address of a domain that the tenant set, and the
session acts in this tenant only (`identity.sign_in.tenant_access`).
"""

from django.db import IntegrityError
from django.http import HttpRequest

from access.levels import Role
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import record_in_transaction
from identity.models import ProviderAccount, SingleSignOn
from identity.oidc_client.client import IdTokenClaims
from identity.sign_in.actors import sign_in_actor
from tenants.models import Membership, Person


class AccountLinkingError(Exception):
    """The provider's claims are not accepted; the text tells the person why."""


NO_MEMBER = "You are not a member here yet; ask an owner of the tenant to invite you."


def link_account(request: HttpRequest, provider: SingleSignOn, claims: IdTokenClaims) -> Person:
    """The tenant's member whom the provider identifies, linked or created where that is allowed."""
    try:
        with tenant_transaction(provider.tenant_id):
            known = _linked(provider, claims)
            person = known or _by_address(request, provider, claims)
            _require_member(provider, person)
            if known is None:
                ProviderAccount.objects.create(
                    tenant_id=provider.tenant_id,
                    person=person,
                    issuer=provider.issuer,
                    subject=claims.subject,
                )
            return person
    except IntegrityError:  # the same person at the same moment, in another tab
        raise AccountLinkingError("Try again.") from None


def _linked(provider: SingleSignOn, claims: IdTokenClaims) -> Person | None:
    row = ProviderAccount.objects.filter(
        tenant_id=provider.tenant_id, issuer=provider.issuer, subject=claims.subject
    ).first()
    return Person.objects.get(pk=row.person_id) if row else None


def _by_address(request: HttpRequest, provider: SingleSignOn, claims: IdTokenClaims) -> Person:
    domain = claims.email.rpartition("@")[2]
    if not claims.email_verified or domain not in provider.domains:
        raise AccountLinkingError(
            "Your provider names no verified e-mail address of a domain that is set up here."
        )
    person = Person.objects.filter(email=claims.email).first()
    if person is None and provider.creates_members:
        return _make_member(request, provider, claims)
    if person is None:
        raise AccountLinkingError(NO_MEMBER)
    return person


def _make_member(request: HttpRequest, provider: SingleSignOn, claims: IdTokenClaims) -> Person:
    """A new person without a password: until they set one, only this provider signs them in.

    The tenant's owners may claim any domain, so the provider's word proves nothing about the
    address; a password that is reset through a mailed link does.
    """
    person = Person.objects.create_user(claims.email, name=claims.name, address_proven=False)
    Membership.objects.create(tenant_id=provider.tenant_id, person=person, role=Role.MEMBER)
    actor = sign_in_actor(request, person.pk, tenant_id=provider.tenant_id)
    record_in_transaction(
        actor, Event.MEMBER_JOINED, person=str(person.pk), role="member", through="single sign-on"
    )
    return person


def _require_member(provider: SingleSignOn, person: Person) -> None:
    member = Membership.objects.filter(
        tenant_id=provider.tenant_id, person=person, suspended_at=None, person__is_active=True
    )
    if not member.exists():
        raise AccountLinkingError(NO_MEMBER)
