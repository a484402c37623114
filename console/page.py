"""A page of the console: its row in the table, and the one wrapper around its view."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from access.actor import Actor
from access.levels import Role
from audit.events import Event, Outcome
from audit.recording import reading_operations, record_separately
from console.current_tenant import current_tenant
from console.errors import handle_errors, problem, require_reauthentication, to_second_factor
from console.live.topics import Topic
from console.page_context import actor_for, set_section
from foundation.errors import Denied
from identity.sign_in.step_up import recently_authenticated

View = Callable[..., HttpResponseBase]

GET = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")
POST = ("POST",)
ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Audience(StrEnum):
    """Who may open a page; the operations that it calls may refuse more."""

    ANYBODY = "anybody, signed in or not"
    SIGNED_IN = "everybody who is signed in"
    MEMBERS = "everybody who is signed in, except auditors"
    ADMINS = "owners and admins of the current tenant"
    LOG_READERS = "owners, admins and auditors of the current tenant"


class Group(StrEnum):
    """The headings of the sidebar, in their order."""

    START = ""
    SECRETS = "Secrets"
    ACCESS = "Access"
    OVERSIGHT = "Oversight"
    OWN = "You"


@dataclass(frozen=True, slots=True)
class Count:
    """A number beside a link; a page fetches it again at `name` after events of `topic`."""

    waiting: Callable[[Actor], int]
    name: str
    topic: Topic


@dataclass(frozen=True, slots=True)
class Link:
    """A section's entry in the sidebar: drawn for those who may open the page that it leads to."""

    label: str
    icon: str
    group: Group
    name: str  # of the page's URL
    count: Count | None = None
    only_admins: bool = False  # for everybody else a link on another page is enough


@dataclass(frozen=True, slots=True)
class StepUp:
    """The form whose sending needs a recent sign-in, and the methods that ask for one.

    A page that shows more than the form asks only when the form is sent.
    """

    form: type[Form]
    methods: tuple[str, ...] = FORM


@dataclass(frozen=True, slots=True)
class Page:
    """A row of the table. A page without a name is only an address that leads to another page."""

    address: str
    name: str
    view: View
    methods: tuple[str, ...] = GET
    step_up: StepUp | None = None
    open_to: Audience = Audience.MEMBERS
    section: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Pages under one entry of the sidebar, all open to the same people."""

    name: str
    open_to: Audience
    pages: tuple[Page, ...]
    link: Link | None = None

    def rows(self) -> list[Page]:
        """Its pages, each with the section's name and audience."""
        return [replace(page, section=self.name, open_to=self.open_to) for page in self.pages]


def guarded_view(page: Page) -> View:
    """The page's view behind every check that its row asks for.

    Owners' and admins' pages check who asks before anything else, so that others cannot find out
    what is there. Everywhere else the method is checked first.
    """
    methods = require_http_methods(list(page.methods))
    view = sensitive_post_parameters()(page.view)
    if page.open_to is Audience.ANYBODY:
        return methods(never_cache(view))
    view = _with_section(page.section, _with_step_up(page.step_up, view))
    view = handle_errors(_in_one_transaction(view))
    if page.open_to in {Audience.ADMINS, Audience.LOG_READERS}:
        return never_cache(_for_roles(page.open_to, methods(view)))
    if page.open_to is Audience.MEMBERS:
        view = _for_members(view)
    return methods(never_cache(_signed_in(view)))


def admits(audience: Audience, role: Role) -> bool:
    """Whether somebody with this role in the current tenant may open the audience's pages."""
    if role is Role.AUDITOR:
        return audience not in {Audience.ADMINS, Audience.MEMBERS}
    return role.is_admin or audience not in {Audience.ADMINS, Audience.LOG_READERS}


def _in_one_transaction(view: View) -> View:
    """The operations that a page reads with share one transaction and the person's membership."""

    @wraps(view)
    def inner(request: HttpRequest, /, **arguments: str) -> HttpResponseBase:
        tenant = current_tenant(request)
        if request.method not in GET or tenant is None or tenant.locked:
            return view(request, **arguments)
        with reading_operations(actor_for(request)):
            return view(request, **arguments)

    return inner


def _with_section(section: str, view: View) -> View:
    @wraps(view)
    def inner(request: HttpRequest, /, **arguments: str) -> HttpResponseBase:
        set_section(request, section)
        return view(request, **arguments)

    return inner


def _with_step_up(step_up: StepUp | None, view: View) -> View:
    if step_up is None:
        return view

    @wraps(view)
    def inner(request: HttpRequest, /, **arguments: str) -> HttpResponseBase:
        if request.method in step_up.methods and not recently_authenticated(request):
            return require_reauthentication(request, step_up.form, page=request.get_full_path())
        return view(request, **arguments)

    return inner


def _signed_in(view: View) -> View:
    @wraps(view)
    def inner(request: HttpRequest, /, **arguments: str) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, **arguments)

    return inner


def _for_roles(audience: Audience, view: View) -> View:
    """Membership decides; Django's staff flag and model permissions open nothing."""

    @wraps(view)
    def inner(request: HttpRequest, /, **arguments: str) -> HttpResponseBase:
        tenant = current_tenant(request)
        if tenant is not None and tenant.locked:
            return to_second_factor(request)
        if tenant is None or not admits(audience, tenant.role):
            return _refuse(request, recorded=tenant is not None)
        return view(request, **arguments)

    return _signed_in(inner)


def _for_members(view: View) -> View:
    """People without a tenant are told so by the page's operations."""

    @wraps(view)
    def inner(request: HttpRequest, /, **arguments: str) -> HttpResponseBase:
        tenant = current_tenant(request)
        if tenant is None or tenant.locked or admits(Audience.MEMBERS, tenant.role):
            return view(request, **arguments)
        return _refuse(request, recorded=True)

    return inner


def _refuse(request: HttpRequest, *, recorded: bool) -> HttpResponseBase:
    """403; somebody without a tenant has no log in which it could be recorded."""
    if recorded:
        record_separately(
            actor_for(request),
            Event.ACCESS_DENIED,
            outcome=Outcome.DENIED,
            code=Denied.code,
            part="console",
        )
    tenant = current_tenant(request)
    if tenant is not None and tenant.role is Role.AUDITOR:
        return problem(
            request,
            Denied.status,
            "This part is not for auditors",
            "As an auditor of this tenant you read its audit log and nothing else.",
            "An owner or admin of the tenant can give you another role.",
        )
    return problem(
        request,
        Denied.status,
        "This part is for owners and admins",
        "You are signed in, but you neither own nor administer this tenant.",
        "What you may use yourself, and whom to ask for more, is on your team page.",
    )
