"""The tenant's keys: what each wraps, a new one, and the end of one that wraps nothing."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from access.actor import Actor
from console.actors import actor_for
from console.confirmation import ConfirmForm, Question, confirm
from console.fields import plain
from console.page_context import page_context, require_step_up
from credentials.operations import destroy_tenant_key, list_keys, rotate_tenant_key, show_key
from credentials.shapes.tenant_keys import KeyOut, KeyPageOut, ListKeys, RotateTenantKey
from foundation.errors import Conflict, PreconditionFailed, Unavailable

PAGE = 50


class RotateForm(ConfirmForm):
    """Names the key that the page showed as active, so that a second click does nothing."""

    active_key_id = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """All keys, the newest first, and how far the wraps have followed the last rotation."""
    wish = {"limit": PAGE, "cursor": request.GET.get("cursor") or None}
    page = list_keys(actor_for(request), ListKeys.parse(wish))
    return render(request, "console/keys.html", {**page_context(request, "keys"), "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@require_step_up(RotateForm)
def rotate(request: HttpRequest) -> HttpResponse:
    """Say what a rotation does, then do it."""
    actor = actor_for(request)
    page = list_keys(actor, ListKeys(limit=1))
    form = RotateForm(request.POST if request.method == "POST" else None)
    form.initial["active_key_id"] = page.keys[0].key_id if page.keys else ""
    if form.is_valid():
        new = _rotate(actor, form)
        if new:
            messages.success(request, f"Key {new.number} is active. What older keys wrap follows.")
            return redirect("admin:keys")
    question = Question(
        section="keys",
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
        return rotate_tenant_key(actor, RotateTenantKey.parse({"activeKeyId": seen}))
    except PreconditionFailed as error:
        form.add_error(None, plain(error))
    except Unavailable as error:
        form.refuse(error)
    return None


def _what_follows(page: KeyPageOut) -> list[str]:
    if not page.keys:
        return ["There is no key yet: the first one is made now."]
    count = page.keys[0].versions + page.waiting
    return [
        f"Key {page.keys[0].number} seals nothing new from now on, and opens what it wraps.",
        "Whatever is stored or rotated from now on is under a new key.",
        f"{_versions(count)} wrapped anew in the background.",
        "The values stay as they are, and readable all the time. No lease ends.",
        "When the old key wraps nothing any more, you can destroy it.",
    ]


def _versions(count: int) -> str:
    return "1 version is" if count == 1 else f"{count} versions are"


@require_http_methods(["GET", "HEAD", "POST"])
@require_step_up(ConfirmForm)
def destroy(request: HttpRequest, tenant_key_id: str) -> HttpResponse:
    """Ask once, with its number to type, then destroy the key."""
    actor = actor_for(request)
    key = show_key(actor, tenant_key_id)
    sent = request.POST if request.method == "POST" else None
    form = ConfirmForm(sent, phrase=f"key {key.number}")
    if form.is_valid() and _destroy(actor, key, form):
        messages.success(request, f"Key {key.number} is destroyed.")
        return redirect("admin:keys")
    question = Question(
        section="keys",
        heading=f"Destroy key {key.number}",
        action="Destroy it",
        lines=[
            f"It wraps {key.versions or 'no'} version{'' if key.versions == 1 else 's'} now.",
            "This is for good. Only a backup from before brings it back.",
        ],
        cancel=reverse("admin:keys"),
    )
    return confirm(request, question, form)


def _destroy(actor: Actor, key: KeyOut, form: ConfirmForm) -> bool:
    try:
        destroy_tenant_key(actor, key.key_id)
    except Conflict as error:
        form.refuse(error)
        return False
    return True
