"""Groups: people who are given access together."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from access.actor import Actor
from console.choices import every_member
from console.credential_forms import CHOOSE
from console.operation_form import NamedForm
from console.page_context import actor_for, page_context, paging
from foundation.errors import Conflict, Invalid, PreconditionFailed
from leases.operations import show_activity
from leases.shapes import ShowActivity
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
    """The member to add."""

    person_id = forms.ChoiceField(label="Member", error_messages=CHOOSE)

    def __init__(self, data: Any, people: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["person_id"].choices = people  # type: ignore[attr-defined]  # a choice field


def groups(request: HttpRequest) -> HttpResponse:
    """The tenant's groups, and the form that creates one."""
    actor = actor_for(request)
    form = NamedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with form.refusals(Invalid, Conflict):
            created = create_group(actor, CreateGroup.parse(form.cleaned_data))
            messages.success(request, f"{created.name} is created. Add members to it.")
            return redirect("group", created.group_id)
    page = list_groups(actor, Listing.parse(paging(request, PAGE)))
    shown = {**page_context(request), "page": page, "form": form, "tab": "groups"}
    return render(request, "console/groups.html", shown, status=422 if form.errors else 200)


def group(request: HttpRequest, group_id: str) -> HttpResponse:
    """One group with its members; the form changes its name and description."""
    actor = actor_for(request)
    group = show_group(actor, group_id)
    sent = request.method == "POST"
    form = NamedForm(request.POST if sent else None, initial=group.model_dump())
    if sent and form.is_valid():
        request_shape = {"groupId": group_id, **form.cleaned_data, "expected": _opened(request)}
        with form.refusals(Invalid, Conflict, PreconditionFailed):
            change_group(actor, ChangeGroup.parse(request_shape))
            messages.success(request, "Saved.")
            return redirect("group", group_id)
    shown = {
        **page_context(request),
        "group": group,
        "form": form,
        "place_form": PlaceForm(None, _others(actor, group)),
        "activity": show_activity(actor, ShowActivity(group_id=group_id)),
    }
    return render(request, "console/group.html", shown, status=422 if form.errors else 200)


def _opened(request: HttpRequest) -> dict[str, str]:
    """Name and description as they were when the page was made."""
    return {name: request.POST.get(f"was_{name}", "") for name in ("name", "description")}


def _others(actor: Actor, group: GroupDetailOut) -> list[tuple[str, str]]:
    """Members who are not in the group."""
    inside = {member.person_id for member in group.members}
    return [
        (item.person_id, item.email)
        for item in every_member(actor)
        if item.person_id not in inside and item.suspended_at is None
    ]


def put(request: HttpRequest, group_id: str) -> HttpResponse:
    """Add a member to the group."""
    membership = {"groupId": group_id, "personId": request.POST.get("person_id", "")}
    add_to_group(actor_for(request), GroupPlace.parse(membership))
    messages.success(request, "They are now in the group and have its grants.")
    return redirect("group", group_id)


def take(request: HttpRequest, group_id: str) -> HttpResponse:
    """Remove a member from the group."""
    membership = {"groupId": group_id, "personId": request.POST.get("person_id", "")}
    remove_from_group(actor_for(request), GroupPlace.parse(membership))
    messages.success(
        request, "They are no longer in the group. Leases that they had through it have ended."
    )
    return redirect("group", group_id)


def remove(request: HttpRequest, group_id: str) -> HttpResponse:
    """Ask, then remove the group with its grants."""
    actor = actor_for(request)
    group = show_group(actor, group_id)
    if request.method == "POST":
        remove_group(actor, group_id)
        messages.success(request, f"{group.name} is removed, with its grants.")
        return redirect("groups")
    return render(request, "console/group_remove.html", {**page_context(request), "group": group})
