"""Django's error handlers: a problem document for programs, a page for people."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from console import errors as pages
from foundation.errors import Denied, Malformed, RouteNotFound, TooLarge, VaultError
from restapi.problems import problem_response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 when the body was over its limit."""
    if not _of_a_program(request):
        return pages.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        return problem_response(request, TooLarge("The body is over its limit."))
    return problem_response(request, Malformed("The request makes no sense."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 from a view that knows no better words."""
    if _of_a_program(request):
        return problem_response(request, Denied())
    return pages.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; the same for what does not exist and for what is not the caller's to see."""
    if _of_a_program(request):
        return problem_response(request, RouteNotFound())
    return pages.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; the log has the story, the answer has none of it."""
    if _of_a_program(request):
        return problem_response(request, VaultError("Quote the request id when you report this."))
    return pages.server_error(request)


def _of_a_program(request: HttpRequest) -> bool:
    return request.path == "/api" or request.path.startswith("/api/")
