"""The page that people see when something is refused or fails."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from console.pending_forms import keep_form, return_to_form
from foundation.errors import SecondFactorRequired, StepUpRequired, VaultError

View = Callable[..., HttpResponseBase]

TEMPLATE = "errors/problem.html"


def handle_errors(view: View) -> View:
    """A view whose refusals become pages."""

    @wraps(view)
    def inner(request: HttpRequest, /, **arguments: str) -> HttpResponseBase:
        return_to_form(request)
        try:
            return view(request, **arguments)
        except StepUpRequired:
            return require_reauthentication(request)
        except SecondFactorRequired:
            return to_second_factor(request)
        except VaultError as error:
            # The usual hints are for agents and programs.
            hint = error.hint if error.hint != error.usual_hint else ""
            return problem(request, error.status, error.title, error.detail, hint)

    return inner


def require_reauthentication(
    request: HttpRequest, form: type[Form] | None = None, *, page: str = ""
) -> HttpResponse:
    """Redirect to the page that asks for a new sign-in, and from there back, or to `page`.

    What was typed into a `form` that was sent is kept, except for secrets.
    """
    back = page or _came_from(request)
    if request.method in {"GET", "HEAD"}:
        messages.info(request, "Please sign in again to open this page.")
    else:
        messages.info(
            request,
            "Nothing has been saved yet: please sign in again first. Then you return to this page.",
        )
        keep_form(request, urlsplit(back).path, form)
    return _leave_for(request, "account_reauthenticate", back)


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """Redirect to where the person sets up a second factor, and from there back."""
    return _leave_for(request, "account_second_factor", _came_from(request))


def _leave_for(request: HttpRequest, name: str, back: str) -> HttpResponse:
    address = f"{reverse(name)}?{urlencode({'next': back})}"
    if "HX-Request" in request.headers:  # a fragment cannot show a whole page
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _came_from(request: HttpRequest) -> str:
    """The requested page; for a form that was sent, the page that it was on, if that is ours."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, request.get_host(), request.is_secure()):
        return "/"
    parts = urlsplit(page)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def problem(
    request: HttpRequest, status: int, title: str, detail: str, hint: str = ""
) -> HttpResponse:
    """The page that says what is wrong and what to do next."""
    words = {"heading": title, "detail": detail, "hint": hint, "status": status, "section": ""}
    if status >= 500:
        # Without the request: the person's name comes from the part that has just failed.
        return HttpResponse(render_to_string(TEMPLATE, words), status=status)
    return render(request, TEMPLATE, words, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 when the form was over its limit."""
    if isinstance(exception, RequestDataTooBig):
        return problem(
            request, 413, "That was too large", "A form may hold 512 KiB. Nothing was saved."
        )
    return problem(request, 400, "That request made no sense", "Nothing was saved.")


def permission_denied(
    request: HttpRequest,
    exception: Exception,  # noqa: ARG001  # Django passes it by name
) -> HttpResponse:
    """403 from a view that gives no reason."""
    return problem(request, 403, "Permission denied", "Your account may not do this.")


def page_not_found(
    request: HttpRequest,
    exception: Exception,  # noqa: ARG001  # Django passes it by name
) -> HttpResponse:
    """404; the same for what does not exist and for what may not be seen."""
    return problem(
        request,
        404,
        "Not found",
        "There is nothing here, or nothing that you may see. Check the address.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500; details are in the log only."""
    return problem(request, 500, "Something broke on our side", "Nothing was shown or saved.")


def csrf_failure(
    request: HttpRequest,
    reason: str = "",  # noqa: ARG001  # Django passes it by name; it is for its own log
) -> HttpResponse:
    """403 when a form did not come from our own page, or was open for too long."""
    return problem(
        request,
        403,
        "This form is no longer valid",
        "It was open for too long, or you signed in or out elsewhere. Nothing was saved.",
        "Go back, reload the page and send it again. Cookies must be allowed.",
    )
