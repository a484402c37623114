"""The tenant's keys: what each wraps, rotating to a new one, destroying an unused one."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from access.actor import Actor
from console.confirmation import ConfirmForm, Question, confirm
from console.fields import plain
from console.page_context import actor_for, page_context, paging
from credentials.operations import destroy_tenant_key, list_keys, rotate_tenant_key, show_key
from credentials.shapes.tenant_keys import KeyOut, KeyPageOut, ListKeys, RotateTenantKey
from foundation.errors import Conflict, PreconditionFailed, Unavailable

PAGE = 50


class RotateForm(ConfirmForm):
    """Names the key that the page showed as active, so that a second click does nothing."""

    active_key_id = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


def keys(request: HttpRequest) -> HttpResponse:
    """All keys, the newest first, and how many versions still wait for the active key."""
    page = list_keys(actor_for(request), ListKeys.parse(paging(request, PAGE)))
    return render(request, "console/keys.html", {**page_context(request), "page": page})


def rotate(request: HttpRequest) -> HttpResponse:
    """Explain what a rotation does, then do it."""
    actor = actor_for(request)
    page = list_keys(actor, ListKeys(limit=1))
    form = RotateForm(request.POST if request.method == "POST" else None)
    form.initial["active_key_id"] = page.keys[0].key_id if page.keys else ""
    if form.is_valid():
        new = _rotate(actor, form)
        if new:
            messages.success(
                request, f"Key {new.number} is active. What older keys wrap is wrapped again."
            )
            return redirect("admin:keys")
    question = Question(
        heading="Rotate the tenant's key",
        action="Rotate the key",
        lines=_what_follows(page),
        cancel=reverse("admin:keys"),
        danger=False,
    )
    return confirm(request, question, form)


def _rotate(actor: Actor, form: RotateForm) -> KeyOut | None:
    seen = form.cleaned_data["active_key_id"] or None
    try:
        with form.refusals(Unavailable):
            return rotate_tenant_key(actor, RotateTenantKey.parse({"activeKeyId": seen}))
    except PreconditionFailed as error:  # 422: the page shows the key that is active now
        form.add_error(None, plain(error))
    return None


def _what_follows(page: KeyPageOut) -> list[str]:
    if not page.keys:
        return ["There is no key yet: the first one is created now."]
    count = page.keys[0].versions + page.waiting
    return [
        f"Key {page.keys[0].number} wraps nothing new from now on, but opens what it wraps.",
        "Everything stored or rotated from now on uses a new key.",
        f"{_versions(count)} wrapped again in the background.",
        "The values do not change and stay readable. No lease ends.",
        "When the old key no longer wraps anything, you can destroy it.",
    ]


def _versions(count: int) -> str:
    return "1 version is" if count == 1 else f"{count} versions are"


def destroy(request: HttpRequest, tenant_key_id: str) -> HttpResponse:
    """Ask for its number to be typed, then destroy the key."""
    actor = actor_for(request)
    key = show_key(actor, tenant_key_id)
    sent = request.POST if request.method == "POST" else None
    form = ConfirmForm(sent, phrase=f"key {key.number}")
    if form.is_valid():
        with form.refusals(Conflict):
            destroy_tenant_key(actor, key.key_id)
            messages.success(request, f"Key {key.number} is destroyed.")
            return redirect("admin:keys")
    question = Question(
        heading=f"Destroy key {key.number}",
        action="Destroy it",
        lines=[
            f"It wraps {key.versions or 'no'} version{'' if key.versions == 1 else 's'} now.",
            "This cannot be undone. Only an earlier backup brings it back.",
        ],
        cancel=reverse("admin:keys"),
    )
    return confirm(request, question, form)
