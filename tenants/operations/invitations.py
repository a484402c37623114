"""Invitations: an e-mail address is asked to join, and its owner accepts."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError

from access.actions import Action, Channel
from access.actor import Actor
from access.tenancy import tenant_transaction
from audit.events import Event
from audit.recording import record_in_transaction
from foundation.db.clock import database_now
from foundation.db.ids import NO_ID, parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, Denied, NotFound, QuotaExceeded
from tenants.context import TenantContext, operation
from tenants.invitation_links import invitation_link, parse_invitation_secret
from tenants.models import Invitation, InvitationState, Membership, Person, Tenant
from tenants.notifications import notify_invited
from tenants.operations.members import join, require_owner_for
from tenants.shapes.fields import Listing
from tenants.shapes.invitations import (
    InvitationLinkOut,
    InvitationOut,
    InvitationPageOut,
    InviteMember,
    OpenInvitation,
)
from tenants.shapes.tenants import TenantOut

LIFETIME = timedelta(days=7)
MOST_WAITING = 500


@operation(Action.LIST_INVITATIONS)
def list_invitations(context: TenantContext, request: Listing) -> InvitationPageOut:
    """The tenant's invitations, the newest first."""
    rows = Invitation.objects.filter(tenant_id=context.actor.tenant_id).select_related("invited_by")
    invitations, next_cursor = page(
        rows, {"pk": UUID}, limit=request.limit, cursor=request.cursor, newest_first=True
    )
    now = database_now()
    return InvitationPageOut(
        invitations=[invitation_out(invitation, now) for invitation in invitations],
        next_cursor=next_cursor,
    )


@operation(Action.SHOW_INVITATION)
def show_invitation(context: TenantContext, invitation_id: str) -> InvitationOut:
    """One of the tenant's invitations."""
    row = Invitation.objects.filter(
        pk=parse_public_id("inv", invitation_id), tenant_id=context.actor.tenant_id
    ).select_related("invited_by")
    invitation = row.first()
    if invitation is None:
        raise _no_invitation()
    return invitation_out(invitation, database_now())


@operation(Action.INVITE_MEMBER, Event.MEMBER_INVITED)
def invite_member(context: TenantContext, request: InviteMember) -> InvitationOut:
    """Invite an address; the link is mailed to it and is valid for a week. It can also be handed
    over (`show_invitation_link`).

    Inviting again sends a new link and withdraws the one before. Only owners invite owners.
    """
    actor, entry = context.actor, context.entry
    context.share_membership().require(context.action)  # the role stays until the commit
    entry.add_details(role=request.role)
    require_owner_for(actor, request.role)
    _require_no_member(actor, request.email)
    waiting = Invitation.objects.filter(tenant_id=actor.tenant_id, state=InvitationState.WAITING)
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
            expires_at=now + LIFETIME,
        )
    except IntegrityError:  # two invitations at the same moment
        raise Conflict("This address was invited at the same moment.", field="email") from None


@operation(Action.SHOW_INVITATION_LINK, Event.MEMBER_INVITATION_LINK_SHOWN)
def show_invitation_link(context: TenantContext, invitation_id: str) -> InvitationLinkOut:
    """The link of a waiting invitation, to hand over where mail does not arrive.

    An account created with it proves nothing about the address (`Person.address_proven`). Only
    owners see the link of an invitation for an owner.
    """
    context.entry.add_details(invitation=invitation_id)
    invitation = _waiting_invitation(context.actor, invitation_id)
    if not _is_open(invitation):
        raise _no_invitation()
    invitation.link_shown_at = database_now()
    invitation.save(update_fields=["link_shown_at"])
    return InvitationLinkOut(
        invitation_id=public_id("inv", invitation.pk),
        email=invitation.email,
        link=invitation_link(invitation.pk),
        expires_at=invitation.expires_at,
    )


@operation(Action.WITHDRAW_INVITATION, Event.MEMBER_INVITATION_WITHDRAWN)
def withdraw_invitation(context: TenantContext, invitation_id: str) -> None:
    """Withdraw an invitation; its link stops working."""
    context.entry.add_details(invitation=invitation_id)
    invitation = _waiting_invitation(context.actor, invitation_id)
    invitation.state = InvitationState.WITHDRAWN
    invitation.save(update_fields=["state"])


def _waiting_invitation(actor: Actor, invitation_id: str) -> Invitation:
    """The invitation, locked; one for an owner only for owners."""
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
    """What somebody with the link is shown; NotFound for one that is unknown or over."""
    invitation = (
        Invitation.objects.select_related("tenant", "invited_by")
        .filter(pk=parse_invitation_secret(secret))
        .first()
    )
    if invitation is None or not _is_open(invitation):
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
    """Make the person a member; Denied when the invitation is for another address.

    It works once. There is no actor before, because the invitation itself is the permission.
    """
    found = Invitation.objects.filter(pk=parse_invitation_secret(secret)).first()
    if found is None:
        raise _no_invitation()
    with tenant_transaction(found.tenant_id):
        invitation = Invitation.objects.select_for_update().get(pk=found.pk)
        tenant = Tenant.objects.get(pk=found.tenant_id)
        if tenant.suspended_at or not _is_open(invitation):
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


def _is_open(invitation: Invitation) -> bool:
    return invitation.state == InvitationState.WAITING and database_now() < invitation.expires_at


def _no_invitation() -> NotFound:
    return NotFound("There is no such invitation, or it is over.")


def invitation_out(invitation: Invitation, now: datetime) -> InvitationOut:
    """The invitation as a shape; the link is not part of it."""
    is_over = invitation.state == InvitationState.WAITING and now >= invitation.expires_at
    return InvitationOut.model_validate(
        {
            "invitation_id": public_id("inv", invitation.pk),
            "email": invitation.email,
            "role": invitation.role,
            "state": "expired" if is_over else invitation.state,
            "invited_by": invitation.invited_by.email if invitation.invited_by else None,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
        }
    )
