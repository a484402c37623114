"""What holds for every page: an id of ours on the request, and nothing private in any cache."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from foundation.db.ids import uuid7

REQUEST_ID = "X-Request-Id"


def private_pages(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Name each request by an id of ours – one that a client sent would let it forge the log's –
    and forbid caches to keep the answer unless the view allowed it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        identifier = uuid7().hex
        vars(request)["request_id"] = identifier
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault(REQUEST_ID, identifier)
        return response

    return middleware
