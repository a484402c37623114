"""Static files are sent from memory: an ASGI server reads files slowly and leaves them open."""

from collections.abc import Callable

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase


def whole_files(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware in front of WhiteNoise; our files are a few kilobytes each."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        return _whole(response) if isinstance(response, FileResponse) else response

    return middleware


def _whole(response: FileResponse) -> HttpResponse:
    body = b"".join(response)
    if response.file_to_stream:
        response.file_to_stream.close()
    whole = HttpResponse(body, status=response.status_code, headers=dict(response.headers))
    if "Content-Type" not in response.headers:
        del whole.headers["Content-Type"]  # a 304 must not change what the browser has cached
    return whole
