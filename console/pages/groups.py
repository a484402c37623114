"""Groups: people who are given access together."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from access.actor import Actor
from console.actors import actor_for
from console.choices import every_member
from console.credential_forms import CHOOSE
from console.errors import handle_errors
from console.operation_form import NamedForm
from console.page_context import page_context, signed_in
from foundation.errors import Conflict, Invalid, PreconditionFailed
from tenants.operations import (
    add_to_group,
    change_group,
    create_group,
    list_groups,
    remove_from_group,
    remove_group,
    show_group,
)
from tenants.shapes.fields import Listing
from tenants.shapes.groups import ChangeGroup, CreateGroup, GroupDetailOut, GroupPlace

PAGE = 50


class PlaceForm(forms.Form):
    """A member to put into the group."""

    person_id = forms.ChoiceField(label="Member", error_messages=CHOOSE)

    def __init__(self, data: Any, people: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["person_id"].choices = people  # type: ignore[attr-defined]  # a choice field


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def groups(request: HttpRequest) -> HttpResponse:
    """The tenant's groups, and the form that makes one."""
    actor = actor_for(request)
    form = NamedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = _create(actor, form)
        if made:
            messages.success(request, f"{made.name} is made. Put members into it.")
            return redirect("group", made.group_id)
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_groups(actor, Listing.parse(wish))
    shown = {**page_context(request, "team"), "page": page, "form": form, "tab": "groups"}
    return render(request, "console/groups.html", shown, status=422 if form.errors else 200)


def _create(actor: Actor, form: NamedForm) -> GroupDetailOut | None:
    try:
        return create_group(actor, CreateGroup.parse(form.cleaned_data))
    except (Invalid, Conflict) as error:
        form.refuse(error)
        return None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def group(request: HttpRequest, group_id: str) -> HttpResponse:
    """One group with its people; the form changes its name."""
    actor = actor_for(request)
    its = show_group(actor, group_id)
    sent = request.method == "POST"
    form = NamedForm(request.POST if sent else None, initial=its.model_dump())
    if sent and form.is_valid() and _change(actor, group_id, form, _opened(request)):
        messages.success(request, "Saved.")
        return redirect("group", group_id)
    shown = {
        **page_context(request, "team"),
        "its": its,
        "form": form,
        "place_form": PlaceForm(None, _others(actor, its)),
    }
    return render(request, "console/group.html", shown, status=422 if form.errors else 200)


def _opened(request: HttpRequest) -> dict[str, str]:
    """What the group was called when the page was made."""
    return {name: request.POST.get(f"was_{name}", "") for name in ("name", "description")}


def _change(actor: Actor, group_id: str, form: NamedForm, opened: dict[str, str]) -> bool:
    try:
        wish = {"groupId": group_id, **form.cleaned_data, "expected": opened}
        change_group(actor, ChangeGroup.parse(wish))
    except (Invalid, Conflict, PreconditionFailed) as error:
        form.refuse(error)
        return False
    return True


def _others(actor: Actor, its: GroupDetailOut) -> list[tuple[str, str]]:
    """Members who are not in the group."""
    inside = {one.person_id for one in its.members}
    return [
        (one.person_id, one.email)
        for one in every_member(actor)
        if one.person_id not in inside and one.suspended_at is None
    ]


@require_POST
@never_cache
@signed_in
@handle_errors
def put(request: HttpRequest, group_id: str) -> HttpResponse:
    """Put a member into the group, with all that it was given."""
    wish = {"groupId": group_id, "personId": request.POST.get("person_id", "")}
    add_to_group(actor_for(request), GroupPlace.parse(wish))
    messages.success(request, "They are in, with all that the group was given.")
    return redirect("group", group_id)


@require_POST
@never_cache
@signed_in
@handle_errors
def take(request: HttpRequest, group_id: str) -> HttpResponse:
    """Take a member out of the group."""
    wish = {"groupId": group_id, "personId": request.POST.get("person_id", "")}
    remove_from_group(actor_for(request), GroupPlace.parse(wish))
    messages.success(request, "They are out. What they had leased by the group has ended.")
    return redirect("group", group_id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
def remove(request: HttpRequest, group_id: str) -> HttpResponse:
    """Ask once, then end the group with its grants."""
    actor = actor_for(request)
    its = show_group(actor, group_id)
    if request.method == "POST":
        remove_group(actor, group_id)
        messages.success(request, f"{its.name} is gone, with its grants.")
        return redirect("groups")
    return render(
        request, "console/group_remove.html", {**page_context(request, "team"), "its": its}
    )
