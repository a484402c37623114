"""Invitations: an address is asked to join, and whoever holds it does."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from access.actions import Action, Channel
from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import audited, read_only, record_in_transaction
from foundation.db.clock import database_now
from foundation.db.ids import NO_ID, parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Denied, NotFound, QuotaExceeded
from tenants.invitation_links import invitation_link, opened
from tenants.memberships import active_membership
from tenants.models import Invitation, InvitationState, Membership, Person, Tenant
from tenants.notifications import notify_invited
from tenants.operations.members import join, require_owner_for
from tenants.shapes.tenants import (
    InvitationLinkOut,
    InvitationOut,
    InvitationPageOut,
    InviteMember,
    Listing,
    OpenInvitation,
    TenantOut,
)

LASTS = timedelta(days=7)
MOST_WAITING = 500


def list_invitations(actor: Actor, request: Listing) -> InvitationPageOut:
    """Whom the tenant asked to join, the newest first."""
    with read_only(actor, Action.LIST_INVITATIONS):
        active_membership(actor).require(Action.LIST_INVITATIONS)
        rows = Invitation.objects.filter(tenant_id=actor.tenant_id).select_related("invited_by")
        found, more = page(
            rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor, newest_first=True
        )
        now = database_now()
        return InvitationPageOut(
            invitations=[invitation_out(one, now) for one in found], next_cursor=more
        )


def invite_member(actor: Actor, request: InviteMember) -> InvitationOut:
    """Ask an address to join; the link goes there by mail and holds for a week. It can also be
    handed over (`show_invitation_link`).

    Asking again sends a new link and ends the one before. Only owners ask somebody to be one.
    """
    with audited(actor, Action.INVITE_MEMBER, Event.MEMBER_INVITED) as entry:
        active_membership(actor, keep=True).require(Action.INVITE_MEMBER)
        entry.add_details(role=request.role)
        require_owner_for(actor, request.role)
        _require_no_member(actor, request.email)
        waiting = Invitation.objects.filter(
            tenant_id=actor.tenant_id, state=InvitationState.WAITING
        )
        earlier = waiting.filter(email__iexact=request.email)
        entry.add_details(again=bool(earlier.update(state=InvitationState.WITHDRAWN)))
        now = database_now()
        if waiting.filter(expires_at__gt=now).count() >= MOST_WAITING:
            raise QuotaExceeded(f"At most {MOST_WAITING} invitations may wait at a time.")
        invitation = _invite(actor, request, now)
        entry.add_details(invitation=public_id("inv", invitation.pk))
        notify_invited(invitation)
        return invitation_out(invitation, now)


def _require_no_member(actor: Actor, email: str) -> None:
    members = Membership.objects.filter(tenant_id=actor.tenant_id, person__email__iexact=email)
    if members.exists():
        raise Conflict("This person is a member already.", field="email")


def _invite(actor: Actor, request: InviteMember, now: datetime) -> Invitation:
    try:
        return Invitation.objects.create(
            tenant_id=actor.tenant_id,
            email=request.email,
            role=request.role,
            invited_by=Person.objects.filter(pk=actor.person_id or NO_ID).first(),
            created_at=now,
            expires_at=now + LASTS,
        )
    except IntegrityError:  # somebody asked the same address at the same moment
        raise Conflict("This address was invited at the same moment.", field="email") from None


def show_invitation_link(actor: Actor, invitation_id: str) -> InvitationLinkOut:
    """The link of an invitation that waits, to hand over where mail does not arrive.

    An account made with it proves nothing about the address (`Person.address_proven`), whoever
    used the link. Only owners see the link of an invitation to be an owner.
    """
    with audited(actor, Action.SHOW_INVITATION_LINK, Event.MEMBER_INVITATION_LINK_SHOWN) as entry:
        active_membership(actor).require(Action.SHOW_INVITATION_LINK)
        entry.add_details(invitation=invitation_id)
        invitation = _waiting_invitation(actor, invitation_id)
        if not _stands(invitation):
            raise _no_invitation()
        invitation.link_shown_at = database_now()
        invitation.save(update_fields=["link_shown_at"])
        return InvitationLinkOut(
            invitation_id=public_id("inv", invitation.pk),
            email=invitation.email,
            link=invitation_link(invitation.pk),
            expires_at=invitation.expires_at,
        )


def withdraw_invitation(actor: Actor, invitation_id: str) -> None:
    """Take an invitation back: its link opens nothing any more."""
    with audited(actor, Action.WITHDRAW_INVITATION, Event.MEMBER_INVITATION_WITHDRAWN) as entry:
        active_membership(actor).require(Action.WITHDRAW_INVITATION)
        entry.add_details(invitation=invitation_id)
        invitation = _waiting_invitation(actor, invitation_id)
        invitation.state = InvitationState.WITHDRAWN
        invitation.save(update_fields=["state"])


def _waiting_invitation(actor: Actor, invitation_id: str) -> Invitation:
    """Locked; only for owners when it is to be an owner."""
    invitation = (
        Invitation.objects.select_for_update()
        .filter(
            pk=parse_public_id("inv", invitation_id),
            tenant_id=actor.tenant_id,
            state=InvitationState.WAITING,
        )
        .first()
    )
    if invitation is None:
        raise _no_invitation()
    require_owner_for(actor, invitation.role)
    return invitation


def open_invitation(secret: str) -> OpenInvitation:
    """What somebody with the link is shown; NotFound when it does not stand (any more)."""
    invitation = (
        Invitation.objects.select_related("tenant", "invited_by").filter(pk=opened(secret)).first()
    )
    if invitation is None or not _stands(invitation):
        raise _no_invitation()
    return OpenInvitation.model_validate(
        {
            "tenant": invitation.tenant.name,
            "email": invitation.email,
            "role": invitation.role,
            "invited_by": invitation.invited_by.email if invitation.invited_by else None,
            "expires_at": invitation.expires_at,
            "by_mail_only": invitation.link_shown_at is None,
        }
    )


def accept_invitation(
    secret: str, person: Person, *, request_id: str = "", address: str = ""
) -> TenantOut:
    """The person becomes a member; the invitation must be for their own address.

    There is no actor before: the invitation is what lets them in. It works once.
    """
    found = Invitation.objects.filter(pk=opened(secret)).first()
    if found is None:
        raise _no_invitation()
    with tenant_transaction(found.tenant_id):
        invitation = Invitation.objects.select_for_update().get(pk=found.pk)
        tenant = Tenant.objects.get(pk=found.tenant_id)
        if tenant.suspended_at or not _stands(invitation):
            raise _no_invitation()
        if invitation.email.lower() != person.email.lower():
            raise Denied(
                "This invitation is for another e-mail address.",
                hint="Sign in with the address that was invited.",
            )
        actor = Actor(
            tenant_id=tenant.pk,
            channel=Channel.CONSOLE,
            person_id=person.pk,
            request_id=request_id,
            address=address,
        )
        join(actor, person, invitation.role)
        invitation.state = InvitationState.ACCEPTED
        invitation.save(update_fields=["state"])
        record_in_transaction(
            actor,
            Event.MEMBER_JOINED,
            person=str(person.pk),
            role=invitation.role,
            invitation=public_id("inv", invitation.pk),
        )
    return TenantOut(id=tenant.pk, slug=tenant.slug, name=tenant.name)


def _stands(invitation: Invitation) -> bool:
    return invitation.state == InvitationState.WAITING and database_now() < invitation.expires_at


def _no_invitation() -> NotFound:
    return NotFound("There is no such invitation, or it is over.")


def invitation_out(invitation: Invitation, now: datetime) -> InvitationOut:
    """The invitation as a shape; the link is not part of it."""
    over = invitation.state == InvitationState.WAITING and now >= invitation.expires_at
    return InvitationOut.model_validate(
        {
            "invitation_id": public_id("inv", invitation.pk),
            "email": invitation.email,
            "role": invitation.role,
            "state": "expired" if over else invitation.state,
            "invited_by": invitation.invited_by.email if invitation.invited_by else None,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
        }
    )
