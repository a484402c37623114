"""The form with which a new person gives a name and chooses a password; their first sign-in."""

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from foundation.errors import Invalid
from foundation.schema.safe_text import require_line
from tenants.models import Person

NEW_PASSWORD = forms.PasswordInput(attrs={"autocomplete": "new-password"})


def visible_name(text: str) -> None:
    """A form's validator: one line without characters that nobody sees, such as U+202E."""
    try:
        require_line(text, "name")
    except Invalid as error:
        raise forms.ValidationError(error.detail) from None


class NewPersonForm(forms.Form):
    """Name and password; passwords are never sent back to the page."""

    name = forms.CharField(
        label="Your name",
        max_length=120,
        validators=[visible_name],
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    password = forms.CharField(
        label="Password",
        max_length=256,
        strip=False,
        widget=NEW_PASSWORD,
        help_text="At least 12 characters. A few unrelated words are easier to keep than symbols.",
    )
    again = forms.CharField(
        label="The password again", max_length=256, strip=False, widget=NEW_PASSWORD
    )

    email: str = ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        password = data.get("password")
        if password and data.get("again") not in (None, password):
            self.add_error("again", "The two passwords differ.")
        if password:
            person = Person(email=data.get("email", self.email), name=data.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class FirstPersonForm(NewPersonForm):
    """The first person of an installation also gives their address."""

    email = forms.EmailField(  # type: ignore[assignment]  # a form's field in place of the word
        label="E-mail address", max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )
    field_order = ("name", "email", "password", "again")


def welcome(request: HttpRequest, person: Person, next_url: str) -> HttpResponseBase:
    """Sign a new person in, as if they had just typed the password, and continue."""
    login = Login(user=person, redirect_url=next_url)
    response: HttpResponseBase = perform_password_login(request, {"email": person.email}, login)
    return response
