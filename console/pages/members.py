"""Members and invitations: who belongs to the tenant, with which role, and who is invited."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console.choices import every_member
from console.credential_forms import CHOOSE
from console.fields import plain
from console.left_behind import describe_items
from console.operation_form import OperationForm
from console.page_context import actor_for, page_context, paging
from console.pending_forms import restore_form
from foundation.errors import Conflict, Denied, Invalid, NotFound, QuotaExceeded, VaultError
from tenants.operations import (
    change_role,
    invite_member,
    list_invitations,
    list_members,
    remove_member,
    resume_member,
    show_left_behind,
    show_mail,
    suspend_member,
    withdraw_invitation,
)
from tenants.shapes.fields import Listing
from tenants.shapes.invitations import InviteMember
from tenants.shapes.members import ChangeRole, MemberOut, RemoveMember, SuspendMember

PAGE = 50
ROLES = [
    ("member", "member: uses what is granted"),
    ("auditor", "auditor: reads the audit log, nothing else"),
    ("admin", "admin: administers everything"),
    ("owner", "owner: administers everything, and makes owners"),
]


class InviteForm(OperationForm):
    """An invitation."""

    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(label="Role", choices=ROLES, error_messages=CHOOSE)


class RemoveForm(forms.Form):
    """Who takes over what the member owned."""

    heir_id = forms.ChoiceField(
        label="Who becomes owner of what they owned",
        required=False,
        help_text="Owners answer for a credential; without an heir it has one fewer.",
        error_messages=CHOOSE,
    )
    keep_account_proofs = forms.BooleanField(
        label="Keep the secrets and keys of service accounts that they made",
        required=False,
        help_text="They have seen them. Kept ones stay valid, and are marked until replaced.",
    )

    def __init__(self, data: Any, others: list[MemberOut]) -> None:
        super().__init__(data)
        choices = [("", "Nobody"), *((other.person_id, other.email) for other in others)]
        self.fields["heir_id"].choices = choices  # type: ignore[attr-defined]  # a choice field


def members(request: HttpRequest) -> HttpResponse:
    """Everybody in the tenant, with role and groups."""
    return _list(request)


def _list(request: HttpRequest, refused: VaultError | None = None) -> HttpResponse:
    page = list_members(actor_for(request), Listing.parse(paging(request, PAGE)))
    shown = {**page_context(request), "page": page, "roles": ROLES, "tab": "members"}
    shown["problems"] = [plain(refused)] if refused else []
    status = refused.status if refused else 200
    return render(request, "console/members.html", shown, status=status)


def give_role(request: HttpRequest, person_id: str) -> HttpResponse:
    """Another role for a member."""
    change = {"personId": person_id, "role": request.POST.get("role", "")}
    try:
        changed = change_role(actor_for(request), ChangeRole.parse(change))
    except (Conflict, Invalid) as refused:
        return _list(request, refused)
    messages.success(request, f"{changed.email} is {changed.role} now.")
    return redirect("members")


def suspend(request: HttpRequest, person_id: str) -> HttpResponse:
    """Suspend a member."""
    try:
        changed = suspend_member(actor_for(request), SuspendMember(person_id=person_id))
    except Conflict as refused:
        return _list(request, refused)
    messages.success(request, f"{changed.email} is suspended. Their leases have ended.")
    return redirect("members")


def resume(request: HttpRequest, person_id: str) -> HttpResponse:
    """End a suspension."""
    changed = resume_member(actor_for(request), person_id)
    messages.success(request, f"{changed.email} has access again.")
    return redirect("members")


def remove(request: HttpRequest, person_id: str) -> HttpResponse:
    """Ask, then remove a member from the tenant."""
    actor = actor_for(request)
    everybody = every_member(actor)
    leaver = next((entry for entry in everybody if entry.person_id == person_id), None)
    if leaver is None:
        raise NotFound("There is no such member.")
    others = [item for item in everybody if item is not leaver and item.role != "auditor"]
    form = RemoveForm(request.POST if request.method == "POST" else None, others)
    if request.method == "POST" and form.is_valid():
        left = remove_member(
            actor,
            RemoveMember(
                person_id=person_id,
                heir_id=form.cleaned_data["heir_id"] or None,
                keep_account_proofs=form.cleaned_data["keep_account_proofs"],
            ),
        )
        messages.success(request, f"{leaver.email} is removed. Their leases and agents have ended.")
        return redirect("left_behind", person_id) if left.left_behind else redirect("members")
    items = describe_items(show_left_behind(actor, person_id))
    shown = {**page_context(request), "leaver": leaver, "form": form, "items": items}
    status = 422 if form.errors else 200
    return render(request, "console/member_remove.html", shown, status=status)


def invitations(request: HttpRequest) -> HttpResponse:
    """The tenant's invitations, and the form that invites somebody."""
    actor = actor_for(request)
    mail = show_mail(actor)
    form = InviteForm(request.POST if request.method == "POST" else None)
    restore_form(request, form)
    if request.method == "POST" and form.is_valid():
        with form.refusals(Invalid, Conflict, Denied, QuotaExceeded):
            invite_member(actor, InviteMember.parse(form.cleaned_data))
            email = form.cleaned_data["email"]
            messages.success(request, _invited(email, by_mail=mail.configured))
            return redirect("invitations")
    page = list_invitations(actor, Listing.parse(paging(request, PAGE)))
    shown = {**page_context(request), "page": page, "form": form, "tab": "invitations"}
    shown["mail"] = mail
    return render(request, "console/invitations.html", shown, status=422 if form.errors else 200)


def _invited(email: str, *, by_mail: bool) -> str:
    if by_mail:
        return f"{email} gets a mail with a link that is valid for a week."
    return f"{email} is invited. There is no mail server: show the link and pass it on."


def withdraw(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """Withdraw an invitation."""
    withdraw_invitation(actor_for(request), invitation_id)
    messages.success(request, "The invitation is withdrawn; its link no longer works.")
    return redirect("invitations")
