"""Invitations to join a tenant."""

from datetime import datetime
from typing import Annotated, Literal

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, Field

from foundation.errors import Invalid
from foundation.schema.shapes import Shape
from tenants.shapes.fields import RoleWord

InvitationStateWord = Literal["waiting", "expired", "accepted", "withdrawn"]


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise Invalid("email: an e-mail address such as ada@example.org.", "email") from None
    return text.lower()


Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]


class InviteMember(Shape):
    """Ask the owner of an e-mail address to join with a role."""

    email: Email
    role: RoleWord


class InvitationOut(Shape):
    """An invitation without its link."""

    invitation_id: str
    email: str
    role: RoleWord
    state: InvitationStateWord
    invited_by: str | None
    created_at: datetime
    expires_at: datetime


class InvitationLinkOut(Shape):
    """An invitation's link, to be given only to the owner of the address."""

    invitation_id: str
    email: str
    link: str
    expires_at: datetime


class InvitationPageOut(Shape):
    """A page of invitations, the newest first."""

    invitations: list[InvitationOut]
    next_cursor: str | None


class OpenInvitation(Shape):
    """What somebody who has the link is shown. `by_mail_only`: only the owner of the address can
    have it.
    """

    tenant: str
    email: str
    role: RoleWord
    invited_by: str | None
    expires_at: datetime
    by_mail_only: bool
