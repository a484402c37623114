"""What a person who leaves set up or knows, with what to do about it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.left_behind import describe_items
from console.page_context import actor_for, page_context
from tenants.operations import show_left_behind


def left_behind(request: HttpRequest, person_id: str) -> HttpResponse:
    """What is left of a person who is, or was, a member."""
    found = show_left_behind(actor_for(request), person_id)
    shown = {**page_context(request), "items": describe_items(found)}
    return render(request, "console/left_behind.html", shown)
