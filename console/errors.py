"""What people are shown when something is refused or fails: one page, the right status."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from access.errors import VaultError

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

TEMPLATE = "errors/problem.html"


def told(view: View[P]) -> View[P]:
    """A view whose refusals become pages."""

    @wraps(view)
    def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except VaultError as error:
            return problem(request, error.status, error.title, error.detail, error.hint)

    return inner


def problem(
    request: HttpRequest, status: int, title: str, detail: str, hint: str = ""
) -> HttpResponse:
    """A page that says what is wrong and what to do next."""
    words = {"heading": title, "detail": detail, "hint": hint, "status": status}
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
