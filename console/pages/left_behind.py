"""What a person who leaves set up or knows, with what to do about it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access.left_behind import LeftBehindKind
from console.page_context import actor_for, page_context
from tenants.operations import show_left_behind
from tenants.shapes.members import LeftBehindOut

ADVICE = {
    LeftBehindKind.ACCOUNT_SECRET: ("Service account's secret", "Replace it: they have seen it."),
    LeftBehindKind.ACCOUNT_KEY: ("Service account's key", "Replace it: they may have the key."),
    LeftBehindKind.SERVICE_ACCOUNT: ("Service account", "Check whether it is still needed."),
    LeftBehindKind.SINGLE_SIGN_ON: (
        "Sign-on provider",
        "Check that it is yours, and save its settings again with a new secret.",
    ),
    LeftBehindKind.MEMBER: ("Member they invited", "Check that this is another person."),
    LeftBehindKind.GROUP: ("Group they filled", "Check who is in it."),
    LeftBehindKind.GRANT: ("Grant they gave", "Check that it is still meant."),
    LeftBehindKind.CREDENTIAL: ("Credential they know", "Rotate it."),
}


def left_behind(request: HttpRequest, person_id: str) -> HttpResponse:
    """What is left of a person who is, or was, a member."""
    found = show_left_behind(actor_for(request), person_id)
    shown = {**page_context(request), "items": describe_items(found)}
    return render(request, "console/left_behind.html", shown)


def describe_items(found: LeftBehindOut) -> list[dict[str, Any]]:
    """The list in words: label, name, advice."""
    return [
        {"label": ADVICE[item.kind][0], "name": item.name, "advice": ADVICE[item.kind][1]}
        for item in found.left_behind
    ]
