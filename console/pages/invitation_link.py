"""The link of an invitation, for an owner or admin to pass on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from console.confirmation import ConfirmForm, Question, confirm
from console.page_context import actor_for, page_context
from tenants.operations import show_invitation, show_invitation_link


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
    invitation = show_invitation(actor, invitation_id)
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
