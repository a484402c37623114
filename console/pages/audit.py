"""The audit log: found by filters that stand in the address, one entry, and a file of all."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from access.actor import Actor
from audit.events import Event
from console.actors import actor_for
from console.choices import agent_choices, subject_choices
from console.credential_forms import CHOOSE, machine_text
from console.current_tenant import current_tenant
from console.page_context import page_context
from foundation.errors import Invalid
from foundation.web.streaming import iterate_in_thread
from tenants.audit_export import MEDIA
from tenants.operations import export_audit, query_audit, show_audit_entry
from tenants.shapes.audit import NOUNS, EntryDetailOut, ExportAudit, QueryAudit

OUTCOMES = [("", "Any"), ("ok", "Done"), ("denied", "Refused"), ("failed", "Failed")]
DAY = forms.DateInput({"type": "date"})


def _event_choices() -> list[Any]:
    groups: list[Any] = [("", "Everything")]
    for noun in NOUNS:
        its = [str(event) for event in Event if event.partition(".")[0] == noun]
        groups.append((noun, [(noun, f"{noun}: all"), *((one, one) for one in its)]))
    return groups


class EntriesForm(forms.Form):
    """Which entries; whom and what the lists do not offer may still stand in the address."""

    event = forms.ChoiceField(
        label="What", choices=_event_choices, required=False, error_messages=CHOOSE
    )
    outcome = forms.ChoiceField(
        label="Outcome", choices=OUTCOMES, required=False, error_messages=CHOOSE
    )
    who = forms.CharField(label="Who", required=False, max_length=64, widget=forms.Select)
    agent = forms.CharField(label="Agent", required=False, max_length=64, widget=forms.Select)
    key = forms.CharField(
        label="Credential", required=False, max_length=128, widget=machine_text(type="search")
    )
    lease = forms.CharField(label="Lease", required=False, max_length=64, widget=machine_text())
    since = forms.DateField(label="From day", required=False, widget=DAY)
    until = forms.DateField(label="To day", required=False, widget=DAY)

    def __init__(self, data: Any, actor: Actor) -> None:
        super().__init__(data)
        self._offer("who", "Anybody", subject_choices(actor))
        self._offer("agent", "Any", agent_choices(actor))

    def _offer(self, name: str, nothing: str, choices: list[tuple[str, str]]) -> None:
        given = self.data.get(name, "")
        if given and given not in dict(choices):
            choices = [*choices, (given, given)]
        self.fields[name].widget.choices = [("", nothing), *choices]

    def asked(self) -> dict[str, Any]:
        """The members of `ChooseEntries`."""
        said = self.cleaned_data
        service = said["who"].startswith("sa_")
        asked = {
            "event": said["event"],
            "outcome": said["outcome"],
            "key": said["key"],
            "personId": "" if service else said["who"],
            "serviceAccountId": said["who"] if service else "",
            "agentId": said["agent"],
            "leaseId": said["lease"],
            "since": said["since"] and _begins(said["since"]),
            "until": said["until"] and _begins(said["until"] + timedelta(days=1)),
        }
        return {name: value for name, value in asked.items() if value}


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The entries, newest first; htmx fetches the list alone when there are new ones."""
    actor = actor_for(request)
    form = EntriesForm(request.GET, actor)
    shown: dict[str, Any] = {**page_context(request, "audit"), "form": form}
    if form.is_valid():
        cursor = request.GET.get("cursor") or None
        shown["page"] = query_audit(actor, QueryAudit.parse({**form.asked(), "cursor": cursor}))
        shown["narrowed"] = bool(form.asked())
        shown["asked"] = {name: one for name, one in request.GET.items() if name in form.fields}
    part = "_list" if "HX-Request" in request.headers else ""
    status = 422 if form.errors else 200
    return render(request, f"console/audit{part}.html", shown, status=status)


@require_safe
def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    """One entry with everything in it."""
    found = show_audit_entry(actor_for(request), entry_id)
    shown = {
        **page_context(request, "audit"),
        "entry": found,
        "details": _pairs(found.details),
        "claimed": _pairs(found.claimed),
        "subject": _subject(found),
    }
    return render(request, "console/audit_entry.html", shown)


def _pairs(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, one if isinstance(one, str) else json.dumps(one, ensure_ascii=False))
        for name, one in sorted(facts.items())
    ]


def _subject(found: EntryDetailOut) -> str:
    """What `parts/subject.html` calls the kind of whoever acted."""
    return {"service_account": "service account", "person": "person"}.get(found.actor.kind, "agent")


@require_POST
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The entries as a file; its parts are read while it is sent."""
    actor, wish = actor_for(request), _export_wish(request)
    parts = export_audit(actor, wish)
    answer = StreamingHttpResponse(iterate_in_thread(parts), content_type=MEDIA[wish.format])
    answer["Content-Disposition"] = f'attachment; filename="{_filename(request, wish)}"'
    return answer


def _export_wish(request: HttpRequest) -> ExportAudit:
    form = EntriesForm(request.POST, actor_for(request))
    if not form.is_valid():
        raise Invalid("The filters make no sense; choose them again on the page of the log.")
    return ExportAudit.parse({**form.asked(), "format": request.POST.get("format", "")})


def _filename(request: HttpRequest, wish: ExportAudit) -> str:
    place = current_tenant(request)
    slug = place.slug if place else "tenant"
    return f"vault-audit-{slug}-{datetime.now(UTC):%Y-%m-%d}.{wish.format}"
