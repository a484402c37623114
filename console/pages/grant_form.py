"""One grant: given, changed or taken away, with its end and the agents that it is limited to."""

import json
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from pydantic.alias_generators import to_snake

from access.actor import Actor
from console.actors import actor_for
from console.choices import agent_choices, grantee_choices, known_folders
from console.credential_forms import CHOOSE, machine_text
from console.errors import handle_errors
from console.fields import plain
from console.grant_matrix_form import terms, terms_from
from console.grant_terms_form import GrantTermsForm
from console.page_context import page_context, require_step_up, signed_in
from console.pages.access_requests import LEVELS
from console.pages.grant_matrix import reviewed
from console.pending_forms import restore_form
from console.principals import principal_out
from credentials.operations import list_grants
from credentials.shapes.grants import GrantOut, ListGrants
from credentials.validators import check_folder_path, check_key
from foundation.errors import Invalid, NotFound, StepUpRequired, VaultError

KEY, FOLDER, ALL = "key", "folder", "all"
THINGS = [
    (KEY, "One credential"),
    (FOLDER, "A folder and everything below it"),
    (ALL, "Everything in the tenant"),
]
NOTHING = ("", "nothing: take the grant away")
CHECKS = {KEY: check_key, FOLDER: check_folder_path}


class GiveForm(GrantTermsForm):
    """Who gets which level on what. `was` is the grant that was there when the page was made."""

    was = forms.CharField(required=False, widget=forms.HiddenInput)
    who = forms.ChoiceField(label="Who", error_messages=CHOOSE)
    thing = forms.ChoiceField(
        label="On what",
        choices=THINGS,
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
        held = grant.agents if grant else None
        known = dict(agents)
        gone = [(one, "An agent that was removed") for one in held or () if one not in known]
        super().__init__(data, agents=[*agents, *gone], initial=opened)
        self.fields["who"].choices = [("", "Choose"), *grantee_choices(actor)]  # type: ignore[attr-defined]  # a choice field
        if grant is not None:
            self.fields["level"].required = False
            self.fields["level"].choices = [*LEVELS, NOTHING]  # type: ignore[attr-defined]  # as above
        if grant is None or grant.expires_at is None:
            del self.fields["keep_end"]

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        check = CHECKS.get(said.get("thing", ""))
        if check is not None:
            self._check_name(check, said.get("name", ""))
        return said

    def _check_name(self, check: Any, name: str) -> None:
        try:
            check(name)
        except Invalid as error:
            self.add_error("name", plain(error))

    def change(self) -> dict[str, Any]:
        """The change as `change_grants` takes it, against what was there when the page was made."""
        said = self.cleaned_data
        was = terms_from(said["was"])
        change: dict[str, Any] = {
            **principal_out(said["who"]),
            **named(said["thing"], said["name"]),
        }
        change["level"] = said["level"] or None
        if was is not None:
            change["expected"] = was
        if not said["level"]:
            return change
        kept = {"expiresAt": was.get("expiresAt")} if was and said.get("keep_end") else None
        return {**change, **terms(kept, self.until(), self.only_through())}

    def refuse(self, error: VaultError) -> None:
        """Say it beside the field that it is about."""
        field = to_snake(str(error.extra.get("field", "")).split(".")[-1])
        field = {"expires_at": "ends_after"}.get(field, field)
        if isinstance(error, NotFound):
            field = "name"
        words = " ".join(filter(None, [plain(error), error.hint]))
        self.add_error(field if field in self.fields else None, words)


def named(thing: str, name: str) -> dict[str, str]:
    """The thing as shapes name it; the topmost folder has no name."""
    return {"key": name} if thing == KEY else {"folderPath": "" if thing == ALL else name}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
@handle_errors
@require_step_up(GiveForm)
def give(request: HttpRequest) -> HttpResponse:
    """The form, about whom (`who`) and what (`key`, `folder`) the address names; then a review."""
    actor = actor_for(request)
    opened, grant = _opened(request, actor)
    form = GiveForm(request.POST if request.method == "POST" else None, actor, grant, opened)
    restore_form(request, form)
    status = 200
    if form.is_bound:
        status = Invalid.status
        if form.is_valid():
            try:
                return reviewed(request, actor, [form.change()])
            except StepUpRequired:
                raise
            except VaultError as error:
                form.refuse(error)
                status = error.status
    shown = {**page_context(request, "team"), "form": form, "grant": grant, "tab": "grants"}
    shown["folders"] = known_folders(actor)
    return render(request, "console/give.html", shown, status=status)


def _opened(request: HttpRequest, actor: Actor) -> tuple[dict[str, Any], GrantOut | None]:
    """What the form holds at first, and the grant that it would change."""
    who, key = request.GET.get("who", ""), request.GET.get("key", "")
    folder = request.GET.get("folder")
    opened: dict[str, Any] = {"who": who, "thing": KEY, "name": key, "level": "user"}
    if not key and folder is not None:
        opened |= {"thing": FOLDER if folder else ALL, "name": folder}
    grant = None
    if who and (key or folder is not None):
        wish = {**principal_out(who), **named(opened["thing"], opened["name"])}
        grant = next(iter(list_grants(actor, ListGrants.parse(wish)).grants), None)
    if grant is not None:
        opened |= {
            "level": grant.level,
            "limited": grant.agents is not None,
            "agents": grant.agents or [],
            "was": json.dumps(seen(grant)),
        }
    return opened, grant


def seen(grant: GrantOut) -> dict[str, Any]:
    """What a grant gives, as a change expects it."""
    return {name: grant.wire()[name] for name in ("level", "expiresAt", "agents")}
