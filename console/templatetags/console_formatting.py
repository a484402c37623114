"""Template filters for durations, times and texts."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.template import Library
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from console.credential_forms import DISCLOSURES
from console.destinations_field import typed_destination
from console.formatting import (
    KINDS,
    MAILS,
    largest_unit,
    long_duration,
    short_duration,
    typed_duration,
)
from credentials.shapes.destinations import Destination
from foundation.schema.shapes import Shape
from leases.shapes import UsageOut
from tenants.shapes.audit import SummaryPartOut

register = Library()


@register.filter
def duration(seconds: int) -> str:
    """Seconds as text: 15 minutes."""
    return long_duration(seconds)


@register.filter
def typed(seconds: int) -> str:
    """Seconds as people type a duration: 15m."""
    return typed_duration(seconds)


PAGES = {
    "person": "reach",
    "service_account": "admin:service_account",
    "agent": "agent",
    "group": "group",
    "credential": "credential",
}
FILTERS = {"person": "who", "service_account": "who", "agent": "agent", "credential": "key"}


@register.simple_tag(takes_context=True)
def summary(context: dict[str, Any], parts: Sequence[SummaryPartOut]) -> SafeString:
    """The sentence of an audit entry; each noun leads to its page.

    For those who may not open the pages it leads to the entries about it.
    """
    opens = context["current_tenant"].is_admin
    return format_html_join("", "{}", ((_part(part, opens=opens),) for part in parts))


@register.simple_tag(takes_context=True)
def usage_link(context: dict[str, Any], usage: UsageOut) -> SafeString:
    """Who used something, or what was used; a link for those who may open its page."""
    kind = "key" if usage.kind == "credential" else "name"
    name = format_html('<bdi class="{}">{}</bdi>', kind, usage.name)
    if usage.id is None or (usage.kind != "credential" and not context["current_tenant"].is_admin):
        return name
    return format_html('<a href="{}">{}</a>', reverse(PAGES[usage.kind], args=[usage.id]), name)


def _part(part: SummaryPartOut, *, opens: bool) -> str | SafeString:
    if part.kind == "time":
        return moment(datetime.fromisoformat(part.text))
    if part.id is None:
        return part.text
    address = _page(part) if opens else _entries(part)
    # A name may be written from right to left; it does not turn the sentence around.
    named = format_html("<bdi{}>{}</bdi>", KEY if part.kind in PATHS else "", part.text)
    return format_html('<a href="{}">{}</a>', address, named) if address else named


KEY, PATHS = mark_safe(' class="key"'), {"credential", "folder"}  # a constant


def _page(part: SummaryPartOut) -> str:
    if part.kind == "folder":
        return f"{reverse('credentials')}?{urlencode({'folder': part.id})}"
    return reverse(PAGES[part.kind], args=[part.id]) if part.kind in PAGES else ""


def _entries(part: SummaryPartOut) -> str:
    if part.kind not in FILTERS:
        return ""
    return f"{reverse('admin:audit')}?{urlencode({FILTERS[part.kind]: part.id})}"


@register.filter
def moment(at: datetime) -> SafeString:
    """A time; a script writes it in the person's own zone."""
    return _time("moment", at, at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"))


@register.filter
def countdown(at: datetime) -> SafeString:
    """The time left; a script keeps it current."""
    left = (at - datetime.now(UTC)).total_seconds()
    return _time("countdown", at, short_duration(left) if left > 0 else "over")


@register.filter
def ago(at: datetime) -> SafeString:
    """The time passed since, in its largest unit; a script keeps it current."""
    gone = (datetime.now(UTC) - at).total_seconds()
    words = "just now" if gone < 60 else f"{largest_unit(gone)} ago"
    return _time("ago", at, words)


@register.filter
def day(at: datetime) -> SafeString:
    """A day; a script writes it in the person's own zone."""
    return _time("day", at, at.astimezone(UTC).strftime("%Y-%m-%d"))


def _time(what: str, at: datetime, words: str) -> SafeString:
    """The words, with the exact time as a tooltip; static/console/times.js keeps them current."""
    at = at.astimezone(UTC)
    return format_html(
        '<time class="whole" data-{} datetime="{}" title="{}">{}</time>',
        what,
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        words,
    )


@register.filter
def kind(word: str) -> str:
    """The title of a credential type."""
    return KINDS[word].title


@register.filter
def disclosure(word: str) -> str:
    """Who may read a value."""
    return dict(DISCLOSURES)[word].lower()


@register.filter
def destination(item: Destination) -> str:
    """A host with how the value is put in."""
    return typed_destination(item)


@register.filter
def wire(shape: Shape) -> str:
    """A shape as JSON, for a hidden field that returns it unchanged."""
    return json.dumps(shape.wire())


@register.filter
def mail_subject(kind: str) -> str:
    """The subject of a mail of the tenant."""
    return MAILS.get(kind, "a notice")


@register.filter
def mail_failure(reason: str | None) -> str:
    """Why a mail failed, from the error's class and the server's reply code."""
    _, _, code = (reason or "").partition(" ")
    return f"The mail server refused it ({code})." if code else "No attempt succeeded."
