"""Every page: a request id of the server, and no caching."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from foundation.db.ids import uuid7

REQUEST_ID = "X-Request-Id"


def private_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give each request an id – a client's own would let it forge the log – and forbid caching
    unless the view allows it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        identifier = uuid7().hex
        vars(request)["request_id"] = identifier
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault(REQUEST_ID, identifier)
        return response

    return middleware
