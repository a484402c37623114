"""The link of an invitation, for an owner or admin who hands it over."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from console.actors import actor_for
from console.confirmation import ConfirmForm, Question, confirm
from console.errors import handle_errors
from console.page_context import page_context, require_step_up, signed_in
from tenants.operations import show_invitation_link


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@require_step_up(ConfirmForm)
@handle_errors
def show(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """Say what follows, then show the link in this one answer."""
    actor = actor_for(request)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        shown = show_invitation_link(actor, invitation_id)
        return render(
            request,
            "console/invitation_link.html",
            {**page_context(request, "team"), "shown": shown},
        )
    question = Question(
        section="team",
        heading="Show the invitation's link",
        action="Show the link",
        lines=[
            "Hand it to the owner of the address and to nobody else: by a channel that you trust.",
            "Whoever opens it first, and has no account yet, sets the account's password.",
            "That the link was shown goes into the audit log.",
        ],
        cancel=reverse("invitations"),
        danger=False,
    )
    return confirm(request, question, form)
