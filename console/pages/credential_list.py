"""The list of credentials, and storing a new one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from access.actor import Actor
from console.choices import agent_choices
from console.credential_forms import StoreForm
from console.fields import plain
from console.filters import CredentialFilters
from console.formatting import KINDS, lease_times
from console.lookups import folders_to_store_in
from console.page_context import actor_for, page_context
from credentials.operations import (
    create_credential,
    describe_credential,
    list_credentials,
    search_credentials,
)
from credentials.operations.choices import list_folder_choices
from credentials.shapes.credentials import (
    BrowseCredentials,
    BrowseFound,
    CredentialPageOut,
    DescribeCredential,
    FoundPageOut,
)
from credentials.validators import check_key
from foundation.errors import Conflict, CredentialNotFound, Denied, Invalid, Unavailable

PAGE = 100


def overview(request: HttpRequest) -> HttpResponse:
    """The credentials that the person sees, by folder and key, or by how well they match."""
    actor = actor_for(request)
    filters = CredentialFilters(request.GET)
    chosen = filters.chosen()
    shown = {
        **page_context(request),
        "page": _chosen(actor, chosen, request.GET.get("cursor") or None),
        "filters": filters,
        "narrowed": chosen,
        "folders": list_folder_choices(actor),
        "tab": "credentials",
    }
    return render(request, "console/credentials.html", shown)


def _chosen(
    actor: Actor, chosen: dict[str, str], cursor: str | None
) -> CredentialPageOut | FoundPageOut:
    query = {**chosen, "limit": PAGE, "cursor": cursor}
    if "query" in chosen:
        return search_credentials(actor, BrowseFound.parse(query))
    return list_credentials(actor, BrowseCredentials.parse({**query, "recursive": True}))


def check(request: HttpRequest) -> HttpResponse:
    """Whether a key can be used, while the form is filled in; secrets are never sent here."""
    actor, key = actor_for(request), request.GET.get("key", "").strip()
    try:
        check_key(key)
        describe_credential(actor, DescribeCredential(key=key))
        problem = "A credential with this key exists already."
    except Invalid as error:
        problem = plain(error) if key else ""
    except CredentialNotFound:
        problem = ""
    return render(request, "console/parts/found.html", {"problem": problem})


def store(request: HttpRequest) -> HttpResponse:
    """The form that stores a credential; what was typed stays, except what is secret."""
    actor = actor_for(request)
    folders = folders_to_store_in(actor)
    sent = request.method == "POST"
    form = StoreForm(request.POST if sent else None, agents=agent_choices(actor))
    if sent:
        if form.is_valid():
            with form.refusals(Invalid, Conflict, Denied, Unavailable):
                stored = create_credential(actor, form.shape())
                messages.success(request, f"{stored.key} is stored. Its value is sealed.")
                return redirect("credential", stored.key)
        form.ask_again()
    shown = {
        **page_context(request),
        "form": form,
        "folders": folders,
        "kinds": KINDS,
        "presets": lease_times(),
    }
    return render(request, "console/store.html", shown, status=form.status)
