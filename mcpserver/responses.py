"""What is answered before the SDK is reached: problem documents and JSON-RPC errors over HTTP."""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from foundation.errors import VaultError

PROBLEM = "application/problem+json"


class RequestRefused(Exception):
    """The request goes no further; `response` is the whole answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def problem(
    error: VaultError, request_id: str, headers: Mapping[str, str] | None = None
) -> RequestRefused:
    """A refusal of the request as such, in the words of the REST API (RFC 9457)."""
    document = error.as_problem(request_id)
    return RequestRefused(JSONResponse(document, error.status, headers, media_type=PROBLEM))


def rpc_error(code: int, message: str, status: int = 400) -> RequestRefused:
    """A refusal of the message in the body; it has no id, since it was not accepted."""
    error = {"code": code, "message": message}
    return RequestRefused(JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status))
