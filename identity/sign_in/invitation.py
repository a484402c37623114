"""/invitations/: from the link to a membership, with a new account where there is none."""

from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError
from django.db.transaction import atomic
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from foundation.errors import Conflict, Denied, NotFound
from identity.sign_in.new_person import NewPersonForm, welcome
from identity.sign_in.tenant_access import confined_to
from identity.web.request_context import address_of, request_id_of
from tenants.invitation_links import invitation_secret, parse_invitation_secret
from tenants.models import Person
from tenants.operations import accept_invitation, open_invitation
from tenants.shapes.invitations import OpenInvitation
from tenants.shapes.tenants import TenantOut

ASKED = "invitation.id"  # not the link, which would be in the database with the session


@require_safe
@never_cache
def follow_link(request: HttpRequest, link: str) -> HttpResponseBase:
    """Remove the link from the address, where others could read it, and continue."""
    request.session[ASKED] = parse_invitation_secret(link).hex
    return redirect("invitation")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest) -> HttpResponseBase:
    """Show the invitation; a signed-in or a new person can join."""
    try:
        asked = open_invitation(_link(request))
    except NotFound:
        return _step(request, "closed", status=404)
    if confined_to(request):
        return render(request, "account/own_sign_in_needed.html", status=403)
    if isinstance(request.user, Person):
        return _member(request, asked, request.user)
    if Person.objects.filter(email__iexact=asked.email).exists():
        return _step(request, "sign_in", asked=asked)
    return _newcomer(request, asked)


def _member(request: HttpRequest, asked: OpenInvitation, person: Person) -> HttpResponseBase:
    """Joining changes what an account may do, so it takes the press of a button."""
    if person.email.lower() != asked.email.lower():
        return _step(request, "other", asked=asked, status=403)
    if request.method != "POST":
        return _step(request, "join", asked=asked)
    try:
        tenant = _accept(request, person)
    except (Conflict, Denied, NotFound) as error:
        return _step(request, "join", asked=asked, problems=[error.detail], status=error.status)
    messages.success(request, f"You are now a member of {tenant.name}.")
    return redirect("home")


def _newcomer(request: HttpRequest, asked: OpenInvitation) -> HttpResponseBase:
    """A link that was only mailed proves that its holder receives mail at the address. A link that
    was shown to somebody proves nothing.
    """
    form = NewPersonForm(request.POST or None)
    form.email = asked.email
    if form.is_valid():
        data = form.cleaned_data
        try:
            person = _make(asked, data["name"], data["password"])
        except Conflict:
            return redirect("invitation")
        try:
            _accept(request, person)
        except NotFound:
            person.delete()
            return _step(request, "closed", status=404)
        return welcome(request, person, "/")
    return _step(request, "new", asked=asked, form=form, status=422 if form.errors else 200)


def _make(asked: OpenInvitation, name: str, password: str) -> Person:
    try:
        with atomic():
            return Person.objects.create_user(
                asked.email, password, name=name, address_proven=asked.by_mail_only
            )
    except IntegrityError:  # the form was submitted twice
        raise Conflict("There is an account with this address.") from None


def _accept(request: HttpRequest, person: Person) -> TenantOut:
    tenant = accept_invitation(
        _link(request),
        person,
        request_id=request_id_of(request),
        address=address_of(request),
    )
    del request.session[ASKED]
    return tenant


def _link(request: HttpRequest) -> str:
    """The secret of the followed link, computed again; empty when there is none."""
    asked = request.session.get(ASKED)
    return invitation_secret(UUID(asked)) if asked else ""


def _step(request: HttpRequest, step: str, status: int = 200, **shown: object) -> HttpResponse:
    return render(request, "account/invitation.html", {"step": step, **shown}, status=status)
