"""Service accounts: who acts without a person, by grants of their own."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from access.actor import Actor
from console.actors import actor_for
from console.confirmation import ConfirmForm, Question, confirm
from console.operation_form import NamedForm
from console.page_context import page_context
from console.usage_snippets import ways_of_account
from credentials.operations import show_reach
from credentials.shapes.access_reports import ReachPageOut, ShowReach
from foundation.db.paging import MAXIMUM_PAGE
from foundation.errors import Conflict, Invalid
from identity.operations import list_account_keys, list_account_secrets
from leases.operations import list_leases
from leases.shapes import ListLeases
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
    ServiceAccountOut,
)

PAGE = 50
SECTION = "service-accounts"
SOME_KEY = "stripe-api-key"  # in ready-made words, for an account that reaches nothing yet
DONE = {
    "active": "{} may go on.",
    "suspended": "{} is suspended: every call of it fails now, and its leases have ended.",
}


class AccountForm(NamedForm):
    """What runs as it is what tells accounts apart."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["name"].help_text = "What runs as it, such as deploy pipeline."


@require_http_methods(["GET", "HEAD", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """The tenant's service accounts, and the form that makes one."""
    actor = actor_for(request)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = _create(actor, form)
        if made:
            messages.success(request, f"{made.name} is made. Give it a grant, and a secret or key.")
            return redirect("admin:service_account", made.service_account_id)
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_service_accounts(actor, ListServiceAccounts.parse(wish))
    shown = {**page_context(request, SECTION), "page": page, "form": form}
    status = 422 if form.errors else 200
    return render(request, "console/service_accounts.html", shown, status=status)


def _create(actor: Actor, form: AccountForm) -> ServiceAccountOut | None:
    try:
        return create_service_account(actor, CreateServiceAccount.parse(form.cleaned_data))
    except (Conflict, Invalid) as error:
        form.refuse(error)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """One account: how it stands, what it proves itself with, and how it uses what it reaches."""
    actor = actor_for(request)
    its = show_service_account(actor, account_id)
    opened = {"name": its.name, "description": its.description}
    form = AccountForm(request.POST if request.method == "POST" else None, initial=opened)
    if request.method == "POST" and form.is_valid() and _describe(actor, its, form):
        messages.success(request, "Saved.")
        return redirect("admin:service_account", account_id)
    shown = {**page_context(request, SECTION), "its": its, "form": form}
    if its.state != "removed":
        shown |= _inside(actor, account_id)
    status = 422 if form.errors else 200
    return render(request, "console/service_account.html", shown, status=status)


def _describe(actor: Actor, its: ServiceAccountOut, form: AccountForm) -> bool:
    wish = {"serviceAccountId": its.service_account_id, **form.cleaned_data}
    try:
        change_service_account(actor, ChangeServiceAccount.parse(wish))
    except (Conflict, Invalid) as error:
        form.refuse(error)
        return False
    return True


def _inside(actor: Actor, account_id: str) -> dict[str, object]:
    reach = show_reach(actor, ShowReach(service_account_id=account_id, limit=MAXIMUM_PAGE))
    return {
        "secrets": list_account_secrets(actor, account_id).secrets,
        "keys": list_account_keys(actor, account_id).keys,
        "reach": reach,
        "leases": living(actor, account_id),
        "ways": ways_of_account(account_id, _some_key(reach)),
    }


def _some_key(reach: ReachPageOut) -> str:
    usable = (one.key for one in reach.reached if one.level != "viewer" and one.state == "active")
    return next(usable, SOME_KEY)


def living(actor: Actor, account_id: str) -> str:
    """How many leases it holds now, as far as one page counts."""
    wish = ListLeases(whose="all", service_account_id=account_id, limit=MAXIMUM_PAGE)
    page = list_leases(actor, wish)
    return f"{len(page.leases)}{' and more' if page.next_cursor else ''}"


@require_POST
def move(request: HttpRequest, account_id: str) -> HttpResponse:
    """Suspend or resume it."""
    actor = actor_for(request)
    state = request.POST.get("state", "")
    if state not in DONE:
        show_service_account(actor, account_id)  # not found before anything else
        raise Invalid("state: active or suspended.", "state")
    wish = {"serviceAccountId": account_id, "state": state}
    its = change_service_account(actor, ChangeServiceAccount.parse(wish))
    messages.success(request, DONE[state].format(its.name))
    return redirect("admin:service_account", account_id)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, account_id: str) -> HttpResponse:
    """Ask for its name, then end it for good."""
    actor = actor_for(request)
    its = show_service_account(actor, account_id)
    phrase = " ".join(its.name.split())
    form = ConfirmForm(request.POST if request.method == "POST" else None, phrase=phrase)
    if form.is_valid():
        wish = {"serviceAccountId": account_id, "state": "removed"}
        change_service_account(actor, ChangeServiceAccount.parse(wish))
        messages.success(request, f"{its.name} is removed, with its grants, secrets and leases.")
        return redirect("admin:service_accounts")
    question = Question(
        section=SECTION,
        heading=f"Remove {its.name}",
        action="Remove it for good",
        lines=[
            f"Leases that end at once: {living(actor, account_id)}.",
            "Its secrets, keys and tokens are worth nothing from now on, and its grants go.",
            "What it has read is known to whatever runs as it: rotate those credentials.",
        ],
        cancel=reverse("admin:service_account", args=[account_id]),
    )
    return confirm(request, question, form)
