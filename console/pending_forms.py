"""Forms that need a recent sign-in: kept while the person signs in again, then filled in again.

The session keeps the values of a form's fields, except secrets, until the page is opened again.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from console.fields import RowsField, SecretField
from identity.sign_in.step_up import recently_authenticated

UNSENT = "unsent"


def keep_form(request: HttpRequest, page: str, form_class: type[forms.Form] | None = None) -> None:
    """Remember that a form of `page` was not sent, with what was typed into it."""
    fields = form_class.base_fields if form_class else {}
    open_ones = [name for name, field in fields.items() if not _is_secret(field)]
    typed = {name: request.POST.getlist(name) for name in open_ones if name in request.POST}
    request.session[UNSENT] = {
        "page": page,
        "typed": urlencode(typed, doseq=True),
        "secrets": len(open_ones) < len(fields),
    }


def return_to_form(request: HttpRequest) -> None:
    """Say on the page that the form was not sent, so that nobody assumes that it was."""
    kept = request.session.get(UNSENT)
    opened = request.method == "GET" and "HX-Request" not in request.headers
    if (
        not kept
        or not opened
        or kept["page"] != request.path
        or not recently_authenticated(request)
    ):
        return
    again = " Type secrets again; they were not kept." if kept["secrets"] else ""
    messages.info(
        request,
        f"You are signed in again. Nothing has been saved yet: submit the form again.{again}",
    )
    if not kept["typed"]:
        del request.session[UNSENT]


def restore_form(request: HttpRequest, form: forms.Form) -> None:
    """Restore what was typed before, once."""
    kept = request.session.get(UNSENT)
    if form.is_bound or not kept or kept["page"] != request.path:
        return
    del request.session[UNSENT]
    typed = QueryDict(kept["typed"])
    for name, field in form.fields.items():
        if not _is_secret(field):
            form.initial[name] = _value(field, typed, name)


def _value(field: forms.Field, typed: QueryDict, name: str) -> Any:
    """As the widget reads it from a form that was sent; a missing box is an empty one."""
    return field.widget.value_from_datadict(typed, {}, name)


def _is_secret(field: forms.Field) -> bool:
    if isinstance(field, RowsField):
        return field.secret
    return isinstance(field, SecretField) or isinstance(field.widget, forms.PasswordInput)
