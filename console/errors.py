"""What people are shown when something is refused or fails: one page, the right status."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from console.pending_forms import keep_form, return_to_form
from foundation.errors import SecondFactorRequired, StepUpRequired, VaultError

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

TEMPLATE = "errors/problem.html"


def handle_errors(view: View[P]) -> View[P]:
    """A view whose refusals become pages."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return_to_form(request)
        try:
            return view(request, *args, **kwargs)
        except StepUpRequired:
            return require_reauthentication(request)
        except SecondFactorRequired:
            return to_second_factor(request)
        except VaultError as error:
            return problem(request, error.status, error.title, error.detail, error.hint)

    return inner


def require_reauthentication(
    request: HttpRequest, form: type[Form] | None = None, *, page: str = ""
) -> HttpResponse:
    """To the page that asks who it is, and back to where the person was, or to the `page` given.

    What was typed into a `form` that was sent waits there, but for its secrets.
    """
    back = page or _came_from(request)
    if request.method in {"GET", "HEAD"}:
        messages.info(request, "This needs a fresh proof that it is you.")
    else:
        messages.info(
            request,
            "Nothing was changed yet: this needs a fresh proof that it is you. Then you are back "
            "where you were.",
        )
        keep_form(request, urlsplit(back).path, form)
    return _leave_for(request, "account_reauthenticate", back)


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """To where somebody sets up what the tenant asks for, and back."""
    return _leave_for(request, "account_second_factor", _came_from(request))


def _leave_for(request: HttpRequest, name: str, back: str) -> HttpResponse:
    address = f"{reverse(name)}?{urlencode({'next': back})}"
    if "HX-Request" in request.headers:  # a part of a page cannot hold that page
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _came_from(request: HttpRequest) -> str:
    """The page itself; for a form that was sent, the page it stood on, when it was one of ours."""
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
    """A page that says what is wrong and what to do next."""
    words = {"heading": title, "detail": detail, "hint": hint, "status": status, "section": ""}
    if status >= 500:
        # Without the request: naming the person would ask the part that has just failed.
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
    """403 from a view that knows no better words."""
    return problem(request, 403, "Permission denied", "Your account may not do this.")


def page_not_found(
    request: HttpRequest,
    exception: Exception,  # noqa: ARG001  # Django passes it by name
) -> HttpResponse:
    """404; the same for what does not exist and for what is not yours to see."""
    return problem(
        request,
        404,
        "Not found",
        "There is nothing here, or nothing that you may see. Check the address.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500; the log has the story, the page has none of it."""
    return problem(request, 500, "Something broke on our side", "Nothing was shown or saved.")


def csrf_failure(
    request: HttpRequest,
    reason: str = "",  # noqa: ARG001  # Django passes it by name; it is for its own log
) -> HttpResponse:
    """403 when a form did not come from our own page, or came too late."""
    return problem(
        request,
        403,
        "This form is no longer valid",
        "It was open for too long, or you signed in or out elsewhere meanwhile. Nothing was saved.",
        "Go back, reload the page and send it again. Cookies must be allowed.",
    )
