"""The link of an invitation, for an owner or admin to pass on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access.actor import Actor
from console.actors import actor_for
from console.confirmation import ConfirmForm, Question, confirm
from console.page_context import page_context
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import NotFound
from tenants.operations import list_invitations, show_invitation_link
from tenants.shapes.fields import Listing
from tenants.shapes.invitations import InvitationOut


def show(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """Explain the consequences, then show the link in this one response."""
    actor = actor_for(request)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        shown = show_invitation_link(actor, invitation_id)
        return render(
            request,
            "console/invitation_link.html",
            {**page_context(request), "shown": shown},
        )
    invitation = _find(actor, invitation_id)
    question = Question(
        heading=f"Show the link of the invitation for {invitation.email}",
        action="Show the link",
        lines=[
            "Give it to the owner of the address and nobody else, over a channel that you trust.",
            "The first to open it, if they have no account yet, sets the account's password.",
            "Showing the link is recorded in the audit log.",
        ],
        cancel=reverse("invitations"),
        danger=False,
    )
    return confirm(request, question, form)


def _find(actor: Actor, invitation_id: str) -> InvitationOut:
    """The invitation in the tenant's list; NotFound when it is not there."""
    cursor: str | None = None
    while True:
        page = list_invitations(actor, Listing(limit=MAXIMUM_PAGE, cursor=cursor))
        for invitation in page.invitations:
            if invitation.invitation_id == invitation_id:
                return invitation
        if page.next_cursor is None:
            raise NotFound("There is no such invitation, or it is over.")
        cursor = page.next_cursor
