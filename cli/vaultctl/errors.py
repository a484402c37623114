"""The errors of vaultctl: a plain sentence, what to do about it, and an exit code."""

from typing import Any

from vaultctl.exit_codes import Exit

_BY_CODE = {
    "auth/invalid-token": Exit.NOT_SIGNED_IN,
    "auth/audience-mismatch": Exit.NOT_SIGNED_IN,
    "access/approval-pending": Exit.LATER,
    "quota/exceeded": Exit.LATER,
    "precondition/failed": Exit.REJECTED,
    "lease/expired": Exit.LEASE_OVER,
    "lease/revoked": Exit.LEASE_OVER,
    "lease/consumed": Exit.LEASE_OVER,
}
_BY_STATUS = {
    401: Exit.NOT_SIGNED_IN,
    403: Exit.DENIED,
    404: Exit.NOT_FOUND,
    410: Exit.LEASE_OVER,
    429: Exit.LATER,
    503: Exit.UNAVAILABLE,
}


class VaultctlError(Exception):
    """An end of the command that is explained to the person."""

    def __init__(self, message: str, exit_code: Exit, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.hint = hint

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints on standard error."""
        error = {"error": self.message, "exitCode": int(self.exit_code)}
        return error | ({"hint": self.hint} if self.hint else {})


class NotSignedIn(VaultctlError):
    """There is no usable sign-in for the server."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.NOT_SIGNED_IN, hint="Run: vaultctl login")


class Refused(VaultctlError):
    """The server's refusal, a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", ""))
        fallback = Exit.INTERNAL if status >= 500 else Exit.REJECTED
        super().__init__(
            _sentence(status, problem),
            _BY_CODE.get(self.code) or _BY_STATUS.get(status, fallback),
            hint=str(problem.get("hint", "")),
        )

    @property
    def retry_after(self) -> int:
        """Seconds to wait before the request is repeated."""
        wait = self.problem.get("retryAfter", 5)
        return max(1, wait) if isinstance(wait, int) else 5

    def as_json(self) -> dict[str, Any]:
        """The problem document with the exit code."""
        return {**super().as_json(), "problem": self.problem}


def _sentence(status: int, problem: dict[str, Any]) -> str:
    title = str(problem.get("title") or f"The server answered HTTP {status}")
    detail = str(problem.get("detail") or "")
    text = title if detail in ("", title) else f"{title}: {detail}"
    request = problem.get("requestId")
    return f"{text} (request {request})" if status >= 500 and request else text
