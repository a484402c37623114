"""Members and invitations: who belongs to the tenant, with which role, and who was asked to."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access.actor import Actor
from console.actors import actor_for
from console.choices import every_member
from console.credential_forms import CHOOSE
from console.errors import handle_errors
from console.fields import plain
from console.operation_form import OperationForm
from console.page_context import page_context, require_step_up_to_submit, signed_in
from console.pending_forms import restore_form
from foundation.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded, VaultError
from tenants.operations import (
    change_role,
    invite_member,
    list_invitations,
    list_members,
    remove_member,
    show_mail,
    withdraw_invitation,
)
from tenants.shapes.fields import Listing
from tenants.shapes.invitations import InviteMember
from tenants.shapes.members import ChangeRole, MemberOut, RemoveMember

PAGE = 50
ROLES = [
    ("member", "member: uses what is granted"),
    ("admin", "admin: governs everything"),
    ("owner", "owner: governs, and makes owners"),
]


class InviteForm(OperationForm):
    """The names are the shape's, as errors name them."""

    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(label="Role", choices=ROLES, error_messages=CHOOSE)


class RemoveForm(forms.Form):
    """Who gets what the member owned."""

    heir_id = forms.ChoiceField(
        label="Who becomes owner of what they owned",
        required=False,
        help_text="Owners answer for a credential; without an heir it has one fewer.",
        error_messages=CHOOSE,
    )

    def __init__(self, data: Any, others: list[MemberOut]) -> None:
        super().__init__(data)
        choices = [("", "Nobody"), *((one.person_id, one.email) for one in others)]
        self.fields["heir_id"].choices = choices  # type: ignore[attr-defined]  # a choice field


@require_safe
@never_cache
@signed_in
@handle_errors
def members(request: HttpRequest) -> HttpResponse:
    """Everybody in the tenant, with role and groups."""
    return _list(request)


def _list(request: HttpRequest, refused: VaultError | None = None) -> HttpResponse:
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_members(actor_for(request), Listing.parse(wish))
    shown = {**page_context(request, "team"), "page": page, "roles": ROLES, "tab": "members"}
    shown["problems"] = [plain(refused)] if refused else []
    status = refused.status if refused else 200
    return render(request, "console/members.html", shown, status=status)


@require_POST
@never_cache
@signed_in
@handle_errors
def give_role(request: HttpRequest, person_id: str) -> HttpResponse:
    """Another role for a member."""
    wish = {"personId": person_id, "role": request.POST.get("role", "")}
    try:
        changed = change_role(actor_for(request), ChangeRole.parse(wish))
    except (Conflict, Invalid) as refused:
        return _list(request, refused)
    messages.success(request, f"{changed.email} is {changed.role} now.")
    return redirect("members")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def remove(request: HttpRequest, person_id: str) -> HttpResponse:
    """Ask once, then take a member out of the tenant."""
    actor = actor_for(request)
    everybody = every_member(actor)
    leaver = next((one for one in everybody if one.person_id == person_id), None)
    if leaver is None:
        raise NotFound("There is no such member.")
    others = [one for one in everybody if one is not leaver]
    form = RemoveForm(request.POST if request.method == "POST" else None, others)
    if request.method == "POST" and form.is_valid():
        heir = form.cleaned_data["heir_id"] or None
        remove_member(actor, RemoveMember(person_id=person_id, heir_id=heir))
        messages.success(request, f"{leaver.email} is out. Their leases and agents have ended.")
        return redirect("members")
    shown = {**page_context(request, "team"), "leaver": leaver, "form": form}
    status = 422 if form.errors else 200
    return render(request, "console/member_remove.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@require_step_up_to_submit(InviteForm)
@handle_errors
def invitations(request: HttpRequest) -> HttpResponse:
    """Whom the tenant asked to join, and the form that asks somebody."""
    actor = actor_for(request)
    mail = show_mail(actor)
    form = InviteForm(request.POST if request.method == "POST" else None)
    restore_form(request, form)
    if request.method == "POST" and form.is_valid() and _invite(actor, form):
        email = form.cleaned_data["email"]
        messages.success(request, _invited(email, by_mail=mail.configured))
        return redirect("invitations")
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_invitations(actor, Listing.parse(wish))
    shown = {**page_context(request, "team"), "page": page, "form": form, "tab": "invitations"}
    shown["mail"] = mail
    return render(request, "console/invitations.html", shown, status=422 if form.errors else 200)


def _invited(email: str, *, by_mail: bool) -> str:
    if by_mail:
        return f"{email} gets a mail with a link that holds for a week."
    return f"{email} is invited. There is no mail server: show the link and hand it over."


def _invite(actor: Actor, form: InviteForm) -> bool:
    try:
        invite_member(actor, InviteMember.parse(form.cleaned_data))
    except (Invalid, Conflict, Denied, QuotaExceeded) as error:
        form.refuse(error)
        return False
    return True


@require_POST
@never_cache
@signed_in
@handle_errors
def withdraw(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """Take an invitation back."""
    withdraw_invitation(actor_for(request), invitation_id)
    messages.success(request, "The invitation is withdrawn; its link opens nothing any more.")
    return redirect("invitations")
