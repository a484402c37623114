"""One grant: given, changed or removed, with its end and the agents that it is limited to."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access.actor import Actor
from console.access_request_form import LEVELS
from console.choices import agent_choices, grantee_choices
from console.credential_forms import CHOOSE, machine_text
from console.fields import plain
from console.grant_matrix_form import terms, terms_from
from console.grant_review import back_address, review_changes
from console.grant_terms_form import GrantTermsForm
from console.lookups import principal_out
from console.page_context import actor_for, page_context
from console.pending_forms import restore_form
from credentials.operations import list_grants
from credentials.operations.choices import list_folder_choices
from credentials.shapes.grants import GrantOut, ListGrants
from credentials.validators import check_folder_path, check_key
from foundation.errors import Invalid, NotFound, VaultError

KEY, FOLDER, ALL = "key", "folder", "all"
RESOURCES = [
    (KEY, "One credential"),
    (FOLDER, "A folder and everything below it"),
    (ALL, "Everything in the tenant"),
]
NOTHING = ("", "nothing: remove the grant")
CHECKS = {KEY: check_key, FOLDER: check_folder_path}


class GiveForm(GrantTermsForm):
    """Who gets which level on what. `was` is the grant as it was when the page was made."""

    field_for = {"expires_at": "ends_after", NotFound: "name"}

    was = forms.CharField(required=False, widget=forms.HiddenInput)
    who = forms.ChoiceField(label="Who", error_messages=CHOOSE)
    thing = forms.ChoiceField(
        label="On what",
        choices=RESOURCES,
        initial=KEY,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    name = forms.CharField(
        label="Its key or path",
        required=False,
        widget=machine_text(list="folders"),
        help_text="Such as stripe-api-key, or for a folder stripe/live.",
    )
    level = forms.ChoiceField(label="Level", choices=LEVELS, initial="user", error_messages=CHOOSE)
    keep_end = forms.BooleanField(label="Keep its end", required=False, initial=True)
    field_order = ("was", "who", "thing", "name", "level", "ends_after", "keep_end", "limited")

    def __init__(
        self, data: Any, actor: Actor, grant: GrantOut | None, opened: dict[str, Any]
    ) -> None:
        agents = agent_choices(actor)
        limited_to = grant.agents if grant else None
        known = dict(agents)
        gone = [
            (item, "An agent that was removed") for item in limited_to or () if item not in known
        ]
        super().__init__(data, agents=[*agents, *gone], initial=opened)
        self.fields["who"].choices = [("", "Choose"), *grantee_choices(actor)]  # type: ignore[attr-defined]  # a choice field
        if grant is not None:
            self.fields["level"].required = False
            self.fields["level"].choices = [*LEVELS, NOTHING]  # type: ignore[attr-defined]  # as above
        if grant is None or grant.expires_at is None:
            del self.fields["keep_end"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        check = CHECKS.get(cleaned.get("thing", ""))
        if check is not None:
            self._check_name(check, cleaned.get("name", ""))
        return cleaned

    def _check_name(self, check: Any, name: str) -> None:
        try:
            check(name)
        except Invalid as error:
            self.add_error("name", plain(error))

    def change(self) -> dict[str, Any]:
        """The change as `change_grants` takes it, with the grant that the page showed."""
        cleaned = self.cleaned_data
        was = terms_from(cleaned["was"])
        change: dict[str, Any] = {
            **principal_out(cleaned["who"]),
            **named(cleaned["thing"], cleaned["name"]),
        }
        change["level"] = cleaned["level"] or None
        if was is not None:
            change["expected"] = was
        if not cleaned["level"]:
            return change
        kept = {"expiresAt": was.get("expiresAt")} if was and cleaned.get("keep_end") else None
        return {**change, **terms(kept, self.until(), self.only_through())}


def named(thing: str, name: str) -> dict[str, str]:
    """The resource as shapes name it; the path of the top folder is empty."""
    return {"key": name} if thing == KEY else {"folderPath": "" if thing == ALL else name}


def give(request: HttpRequest) -> HttpResponse:
    """The form, filled in from the address (`who`, and `key` or `folder`); then a review."""
    actor = actor_for(request)
    opened, grant = _opened(request, actor)
    form = GiveForm(request.POST if request.method == "POST" else None, actor, grant, opened)
    restore_form(request, form)
    if form.is_valid():
        with form.refusals(VaultError):
            return review_changes(request, actor, [form.change()])
    shown = {**page_context(request), "form": form, "grant": grant, "back": back_address(request)}
    shown["folders"] = list_folder_choices(actor)
    return render(request, "console/give.html", shown, status=form.status)


def _opened(request: HttpRequest, actor: Actor) -> tuple[dict[str, Any], GrantOut | None]:
    """The form's initial values, and the grant that it would change."""
    who, key = request.GET.get("who", ""), request.GET.get("key", "")
    folder = request.GET.get("folder")
    opened: dict[str, Any] = {"who": who, "thing": KEY, "name": key, "level": "user"}
    if not key and folder is not None:
        opened |= {"thing": FOLDER if folder else ALL, "name": folder}
    grant = None
    if who and (key or folder is not None):
        query = {**principal_out(who), **named(opened["thing"], opened["name"])}
        grant = next(iter(list_grants(actor, ListGrants.parse(query)).grants), None)
    if grant is not None:
        opened |= {
            "level": grant.level,
            "limited": grant.agents is not None,
            "agents": grant.agents or [],
            "was": json.dumps(seen(grant)),
        }
    return opened, grant


def seen(grant: GrantOut) -> dict[str, Any]:
    """The grant as a change expects it."""
    return {name: grant.wire()[name] for name in ("level", "expiresAt", "agents")}
