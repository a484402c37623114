"""/setup: from the operator's link to an account, a second factor, a tenant and the console."""

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundation.errors import Conflict, NotFound
from identity.sign_in import first_run
from identity.sign_in.factors import has_second_factor
from identity.sign_in.new_person import FirstPersonForm, visible_name, welcome
from identity.sign_in.overview import AFTERWARDS
from tenants.models import Person

LINK = "setup.link"
WITHOUT_FACTOR = "setup.without_factor"


class TenantForm(forms.Form):
    """The tenant's name."""

    name = forms.CharField(
        label="Name of the tenant",
        max_length=120,
        validators=[visible_name],
        help_text="Your organisation or team. You can change it later.",
    )


@require_safe
@never_cache
def follow_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Remove the link from the address, where others could read it, and continue."""
    try:
        request.session[LINK] = first_run.read_link(token)
    except NotFound:
        return _closed(request)
    return redirect("setup")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def setup(request: HttpRequest) -> HttpResponseBase:
    """The next step."""
    if not first_run.is_open():
        return _closed(request)
    if not isinstance(request.user, Person):
        if request.session.get(LINK):
            return _account(request)
        return render(request, "account/setup.html", {"step": "link"}, status=403)
    if has_second_factor(request.user) or request.session.get(WITHOUT_FACTOR):
        return _tenant(request, request.user)
    return _second_factor(request)


def _account(request: HttpRequest) -> HttpResponseBase:
    form = FirstPersonForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            person = first_run.make_first_person(
                request.session[LINK], data["email"], data["name"], data["password"]
            )
        except (Conflict, NotFound) as error:
            form.add_error(None, error.detail)
        else:
            del request.session[LINK]
            return welcome(request, person, request.path)
    return _step(request, "account", form=form)


def _second_factor(request: HttpRequest) -> HttpResponseBase:
    """Can be skipped in development only, because this account will have access to everything."""
    development = settings.ENVIRONMENT.development
    if request.method == "POST" and development:
        request.session[WITHOUT_FACTOR] = True
        return redirect("setup")
    request.session[AFTERWARDS] = request.path
    return _step(request, "second_factor", may_skip=development)


def _tenant(request: HttpRequest, person: Person) -> HttpResponseBase:
    form = TenantForm(request.POST or None)
    if form.is_valid():
        try:
            first_run.make_first_tenant(person, form.cleaned_data["name"])
        except Conflict as error:
            form.add_error(None, error.detail)
        else:
            return redirect("home")
    return _step(request, "tenant", form=form)


@require_POST
@never_cache
@login_required
def root_key_kept(request: HttpRequest) -> HttpResponseBase:
    """The person who set up the installation confirms that they keep a copy of the root key."""
    assert isinstance(request.user, Person)
    if first_run.did_set_up(request.user):
        first_run.note_root_key_kept(request.user)
    return redirect("home")


def _step(request: HttpRequest, step: str, **shown: object) -> HttpResponse:
    return render(request, "account/setup.html", {"step": step, **shown})


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "account/setup.html", {"step": "closed"}, status=404)
