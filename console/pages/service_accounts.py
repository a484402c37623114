"""Service accounts: programs that act without a person, with grants of their own."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from console.confirmation import ConfirmForm, Question, confirm
from console.operation_form import NamedForm
from console.page_context import actor_for, page_context, paging
from console.usage_snippets import ways_of_account
from credentials.operations import show_reach
from credentials.shapes.access_reports import ReachPageOut, ShowReach
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Conflict, Invalid
from identity.operations import list_account_keys, list_account_secrets
from leases.operations import list_leases, show_activity
from leases.shapes import ListLeases, ShowActivity
from tenants.operations import (
    change_service_account,
    create_service_account,
    list_service_accounts,
    show_service_account,
)
from tenants.shapes.service_accounts import (
    ChangeServiceAccount,
    CreateServiceAccount,
    ListServiceAccounts,
)

PAGE = 50
SOME_KEY = "stripe-api-key"  # in snippets, for an account that can reach nothing yet
DONE = {
    "active": "{} is active.",
    "suspended": "{} is suspended: its calls fail from now on, and its leases have ended.",
}


class AccountForm(NamedForm):
    """The name says what runs as the account."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["name"].help_text = "What runs as it, such as deploy pipeline."


def accounts(request: HttpRequest) -> HttpResponse:
    """The tenant's service accounts, and the form that creates one."""
    actor = actor_for(request)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with form.refusals(Conflict, Invalid):
            created = create_service_account(actor, CreateServiceAccount.parse(form.cleaned_data))
            messages.success(
                request, f"{created.name} is created. Give it a grant, and a secret or key."
            )
            return redirect("admin:service_account", created.service_account_id)
    page = list_service_accounts(actor, ListServiceAccounts.parse(paging(request, PAGE)))
    shown = {**page_context(request), "page": page, "form": form}
    status = 422 if form.errors else 200
    return render(request, "console/service_accounts.html", shown, status=status)


def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """One account: its state, its secrets and keys, and how it uses what it can reach."""
    actor = actor_for(request)
    account = show_service_account(actor, account_id)
    opened = {"name": account.name, "description": account.description}
    form = AccountForm(request.POST if request.method == "POST" else None, initial=opened)
    if request.method == "POST" and form.is_valid():
        change = {"serviceAccountId": account_id, **form.cleaned_data}
        with form.refusals(Conflict, Invalid):
            change_service_account(actor, ChangeServiceAccount.parse(change))
            messages.success(request, "Saved.")
            return redirect("admin:service_account", account_id)
    shown = {
        **page_context(request),
        "account": account,
        "form": form,
        "activity": show_activity(actor, ShowActivity(service_account_id=account_id)),
        "log": urlencode({"who": account_id}),
    }
    if account.state != "removed":
        shown |= _details(actor, account_id)
    status = 422 if form.errors else 200
    return render(request, "console/service_account.html", shown, status=status)


def _details(actor: Actor, account_id: str) -> dict[str, object]:
    reach = show_reach(actor, ShowReach(service_account_id=account_id, limit=MAXIMUM_PAGE))
    return {
        "secrets": list_account_secrets(actor, account_id).secrets,
        "keys": list_account_keys(actor, account_id).keys,
        "reach": reach,
        "leases": count_live_leases(actor, account_id),
        "ways": ways_of_account(account_id, _some_key(reach)),
    }


def _some_key(reach: ReachPageOut) -> str:
    for reached in reach.reached:
        if reached.level != "viewer" and reached.state == "active":
            return reached.key
    return SOME_KEY


def count_live_leases(actor: Actor, account_id: str) -> str:
    """How many live leases it has, as far as one page counts."""
    query = ListLeases(whose="all", service_account_id=account_id, limit=MAXIMUM_PAGE)
    page = list_leases(actor, query)
    return f"{len(page.leases)}{' and more' if page.next_cursor else ''}"


def move(request: HttpRequest, account_id: str) -> HttpResponse:
    """Suspend or resume it."""
    actor = actor_for(request)
    state = request.POST.get("state", "")
    if state not in DONE:
        show_service_account(actor, account_id)  # 404 comes before anything else
        raise Invalid("state: active or suspended.", "state")
    change = {"serviceAccountId": account_id, "state": state}
    account = change_service_account(actor, ChangeServiceAccount.parse(change))
    messages.success(request, DONE[state].format(account.name))
    return redirect("admin:service_account", account_id)


def remove(request: HttpRequest, account_id: str) -> HttpResponse:
    """Ask for its name to be typed, then remove it for good."""
    actor = actor_for(request)
    account = show_service_account(actor, account_id)
    phrase = " ".join(account.name.split())
    form = ConfirmForm(request.POST if request.method == "POST" else None, phrase=phrase)
    if form.is_valid():
        change = {"serviceAccountId": account_id, "state": "removed"}
        change_service_account(actor, ChangeServiceAccount.parse(change))
        messages.success(
            request, f"{account.name} is removed, with its grants, secrets and leases."
        )
        return redirect("admin:service_accounts")
    question = Question(
        heading=f"Remove {account.name}",
        action="Remove it for good",
        lines=[
            f"Leases that end at once: {count_live_leases(actor, account_id)}.",
            "Its secrets, keys and tokens stop working, and its grants are removed.",
            "What it has read is known to the program that runs as it: rotate those credentials.",
        ],
        cancel=reverse("admin:service_account", args=[account_id]),
    )
    return confirm(request, question, form)
