"""The credential pages: what there is, storing one, and one with its trail."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from access.actor import Actor
from access.errors import Conflict, CredentialNotFound, Invalid, Unavailable
from console.actors import actor_for
from console.choices import agent_choices, known_folders
from console.forms import StoreForm
from console.pages.framing import frame
from console.words import KINDS
from credentials.operations import create_credential, describe_credential, list_credentials
from credentials.shapes import CredentialOut, DescribeCredential, ListCredentials

PAGE = 100


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The tenant's credentials, by folder and key."""
    cursor = request.GET.get("cursor") or None
    wish = ListCredentials.parse({"limit": PAGE, "cursor": cursor})
    page = list_credentials(actor_for(request), wish)
    shown = {**frame(request, "credentials"), "page": page, "continued": cursor is not None}
    return render(request, "console/credentials.html", shown)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def store(request: HttpRequest) -> HttpResponse:
    """The form that stores a credential; what was typed stays, except what is secret."""
    actor = actor_for(request)
    sent = request.method == "POST"
    form = StoreForm(request.POST if sent else None, agents=agent_choices(actor))
    if sent:
        stored = _store(actor, form)
        if stored:
            messages.success(request, f"{stored.key} is stored. Its value is sealed.")
            return redirect("admin:credential", stored.key)
        form.ask_again()
    shown = {
        **frame(request, "credentials"),
        "form": form,
        "folders": known_folders(actor),
        "kinds": KINDS,
    }
    return render(request, "console/store.html", shown, status=form.status)


def _store(actor: Actor, form: StoreForm) -> CredentialOut | None:
    if not form.is_valid():
        return None
    try:
        return create_credential(actor, form.shape())
    except (Invalid, Conflict, Unavailable) as error:
        form.refuse(error)
        return None


@require_safe
def detail(request: HttpRequest, key: str) -> HttpResponse:
    """One credential without its value."""
    actor = actor_for(request)
    try:
        wish = DescribeCredential.parse({"key": key})
    except Invalid:
        raise CredentialNotFound() from None
    credential = describe_credential(actor, wish)
    names = dict(agent_choices(actor))
    shown = {
        **frame(request, "credentials"),
        "credential": credential,
        "allowed_agents": [
            names.get(one, "removed agent") for one in credential.policy.agents or ()
        ],
        "public_url": settings.PUBLIC_URL,
    }
    return render(request, "console/credential.html", shown)
