"""The audit log: its entries by filters, one entry, and an export of the entries as a file."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from access.actor import Actor
from audit.events import Event
from console.audit_lines import audit_lines
from console.choices import agent_choices, holder_choices
from console.credential_forms import CHOOSE, machine_text
from console.current_tenant import current_tenant
from console.page_context import actor_for, page_context
from foundation.errors import Invalid
from foundation.web.streaming import iterate_in_thread
from tenants.audit_export import MEDIA
from tenants.operations import export_audit, query_audit, show_audit_entry
from tenants.shapes.audit import NOUNS, EntryOut, ExportAudit, QueryAudit

OUTCOMES = [("", "Any"), ("ok", "Done"), ("denied", "Denied"), ("failed", "Failed")]
DAY = forms.DateInput({"type": "date"})


def _event_choices() -> list[Any]:
    groups: list[Any] = [("", "Everything")]
    for noun in NOUNS:
        events = [str(event) for event in Event if event.partition(".")[0] == noun]
        groups.append((noun, [(noun, f"{noun}: all"), *((it, it) for it in events)]))
    return groups


PERIODS = [
    ("", "Any time"),
    ("hour", "Last hour"),
    ("today", "Today"),
    ("yesterday", "Yesterday"),
    ("week", "Last 7 days"),
    ("month", "Last 30 days"),
    ("days", "These days"),
]


class EntriesForm(forms.Form):
    """Which entries; the address may also name somebody or something that no list offers."""

    period = forms.ChoiceField(label="When", choices=PERIODS, required=False, error_messages=CHOOSE)
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
        self._offer("who", "Anybody", holder_choices(actor))
        self._offer("agent", "Any", agent_choices(actor))

    def _offer(self, name: str, nothing: str, choices: list[tuple[str, str]]) -> None:
        given = self.data.get(name, "")
        if given and given not in dict(choices):
            choices = [*choices, (given, given)]
        self.fields[name].widget.choices = [("", nothing), *choices]

    def asked(self) -> dict[str, Any]:
        """The members of `ChooseEntries`."""
        cleaned = self.cleaned_data
        service = cleaned["who"].startswith("sa_")
        since, until = self._between(datetime.now(UTC))
        asked = {
            "event": cleaned["event"],
            "outcome": cleaned["outcome"],
            "key": cleaned["key"],
            "personId": "" if service else cleaned["who"],
            "serviceAccountId": cleaned["who"] if service else "",
            "agentId": cleaned["agent"],
            "leaseId": cleaned["lease"],
            "since": since,
            "until": until,
        }
        return {name: value for name, value in asked.items() if value}

    def _between(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """The period; days that are given count where no period is chosen."""
        today = _begins(now.date())
        match self.cleaned_data["period"]:
            case "hour":
                # To the minute, so that a page that follows the log repeats its query.
                return now.replace(second=0, microsecond=0) - timedelta(hours=1), None
            case "today":
                return today, None
            case "yesterday":
                return today - timedelta(days=1), today
            case "week":
                return today - timedelta(days=6), None
            case "month":
                return today - timedelta(days=29), None
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return since and _begins(since), until and _begins(until + timedelta(days=1))

    def in_words(self) -> str:
        """What is shown, as a sentence."""
        cleaned = self.cleaned_data
        what = dict(OUTCOMES)[cleaned["outcome"]].lower() if cleaned["outcome"] else ""
        words = [f"{what} entries".strip().capitalize()]
        if cleaned["event"]:
            words.append(f"of {cleaned['event']}")
        for name, text in (("who", "by {}"), ("agent", "through {}")):
            if cleaned[name]:
                words.append(text.format(dict(self.fields[name].widget.choices)[cleaned[name]]))
        if cleaned["key"]:
            words.append(f"about {cleaned['key']}")
        if cleaned["lease"]:
            words.append("of one lease")
        return " ".join([*words, self._period_in_words()]).strip()

    def _period_in_words(self) -> str:
        cleaned = self.cleaned_data
        if cleaned["period"] not in {"", "days"}:
            return f"({dict(PERIODS)[cleaned['period']].lower()})"
        since, until = cleaned["since"], cleaned["until"]
        days = [f"from {since}" if since else "", f"to {until}" if until else ""]
        return " ".join(filter(None, days))


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def log(request: HttpRequest) -> HttpResponse:
    """The entries, newest first; htmx fetches the list alone after new ones."""
    actor = actor_for(request)
    form = EntriesForm(request.GET, actor)
    shown: dict[str, Any] = {**page_context(request), "form": form}
    if form.is_valid():
        cursor = request.GET.get("cursor") or None
        page = query_audit(actor, QueryAudit.parse({**form.asked(), "cursor": cursor}))
        shown |= {"page": page, "lines": audit_lines(page.entries), "shown": form.in_words()}
        shown["narrowed"] = bool(form.asked())
        shown["asked"] = {name: value for name, value in request.GET.items() if name in form.fields}
    part = "_list" if "HX-Request" in request.headers else ""
    status = 422 if form.errors else 200
    return render(request, f"console/audit{part}.html", shown, status=status)


def entry(request: HttpRequest, entry_id: str) -> HttpResponse:
    """One entry with all its fields."""
    found = show_audit_entry(actor_for(request), entry_id)
    shown = {
        **page_context(request),
        "entry": found,
        "details": _pairs(found.details),
        "claimed": _pairs(found.claimed),
        "subject": _subject(found),
    }
    return render(request, "console/audit_entry.html", shown)


def _pairs(facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in sorted(facts.items())
    ]


def _subject(found: EntryOut) -> str:
    """The kind of actor, as `parts/subject.html` calls it."""
    return {"service_account": "service account", "person": "person"}.get(found.actor.kind, "agent")


def export(request: HttpRequest) -> StreamingHttpResponse:
    """The entries as a file, which is read while it is sent."""
    actor, query = actor_for(request), _export_query(request)
    parts = export_audit(actor, query)
    answer = StreamingHttpResponse(iterate_in_thread(parts), content_type=MEDIA[query.format])
    answer["Content-Disposition"] = f'attachment; filename="{_filename(request, query)}"'
    return answer


def _export_query(request: HttpRequest) -> ExportAudit:
    form = EntriesForm(request.POST, actor_for(request))
    if not form.is_valid():
        raise Invalid("The filters are not valid; choose them again on the page of the log.")
    return ExportAudit.parse({**form.asked(), "format": request.POST.get("format", "")})


def _filename(request: HttpRequest, query: ExportAudit) -> str:
    tenant = current_tenant(request)
    slug = tenant.slug if tenant else "tenant"
    return f"vault-audit-{slug}-{datetime.now(UTC):%Y-%m-%d}.{query.format}"
