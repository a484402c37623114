"""Requests that the server makes, because its policy gives the value to nobody."""

from disclosure.destinations import Target
from vaultctl.api import Api
from vaultctl.errors import Refused, VaultctlError
from vaultctl.proxy.connection import Headers, ProgramConnection
from vaultctl.proxy.credentials import ProxiedCredential

LARGEST_BODY = 256 * 1024
PATH = "leases/use"


class Broker:
    """Hands a request to the server and its answer to the program."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def exchange(
        self,
        program: ProgramConnection,
        credential: ProxiedCredential,
        request: tuple[str, Target, Headers],
    ) -> None:
        """One request through `use_credential`; the server checks the destination and redacts.

        Its headers are those that may be given by a caller.
        """
        method, target, headers = request
        body = _whole_body(program)
        if body is None:
            program.refuse(413, f"A request has at most {LARGEST_BODY} bytes of text.")
            return
        asked = {
            "leaseHandle": credential.lease.handle,
            "method": method,
            "url": target.url,
            "headers": dict(headers),
            "body": body or None,
        }
        try:
            answer = self._api.send("POST", PATH, asked)
        except Refused as refusal:
            status = refusal.status if refusal.status < 500 else 502
            program.refuse(status, f"{credential.part.key}: {refusal.message}")
            return
        except VaultctlError as error:
            program.refuse(502, error.message)
            return
        _answer(program, answer, is_head=method == "HEAD")


def _whole_body(program: ProgramConnection) -> str | None:
    body = b""
    for part in program.body():
        body += part
        if len(body) > LARGEST_BODY:
            return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _answer(program: ProgramConnection, answer: dict[str, object], *, is_head: bool) -> None:
    headers = answer["headers"]
    assert isinstance(headers, dict)
    dropped = {"content-length", "transfer-encoding", "connection", "content-encoding"}
    given = [(str(n), str(t)) for n, t in headers.items() if str(n).lower() not in dropped]
    if answer.get("truncated"):
        given.append(("X-Vaultctl-Truncated", "1"))
    body = str(answer.get("body") or "").encode()
    program.answer(int(str(answer["status"])), given, body, is_head=is_head)
