"""The credential pages: what there is, and storing one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from access.actor import Actor
from console.actors import actor_for
from console.choices import agent_choices, known_folders
from console.credential_forms import StoreForm
from console.filters import CredentialFilters
from console.formatting import BANDS, KINDS
from console.page_context import page_context
from credentials.operations import create_credential, list_credentials, search_credentials
from credentials.shapes.credentials import (
    BrowseCredentials,
    BrowseFound,
    CredentialOut,
    CredentialPageOut,
    FoundPageOut,
)
from foundation.errors import Conflict, Invalid, Unavailable

PAGE = 100


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The tenant's credentials, by folder and key, or by how well they match what is searched."""
    actor = actor_for(request)
    filters = CredentialFilters(request.GET)
    chosen = filters.wish()
    shown = {
        **page_context(request, "credentials"),
        "page": _chosen(actor, chosen, request.GET.get("cursor") or None),
        "filters": filters,
        "narrowed": chosen,
        "folders": known_folders(actor),
    }
    return render(request, "console/credentials.html", shown)


def _chosen(
    actor: Actor, chosen: dict[str, str], cursor: str | None
) -> CredentialPageOut | FoundPageOut:
    wish = {**chosen, "limit": PAGE, "cursor": cursor}
    if "query" in chosen:
        return search_credentials(actor, BrowseFound.parse(wish))
    return list_credentials(actor, BrowseCredentials.parse({**wish, "recursive": True}))


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
        **page_context(request, "credentials"),
        "form": form,
        "folders": known_folders(actor),
        "kinds": KINDS,
        "bands": BANDS,
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
