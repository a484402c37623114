"""The errors, in one tree: a stable code, an HTTP status, and text that is safe to show.

Codes and statuses are those of the product's error table (docs/architecture.md, "Errors"). No error
carries a value that was sent: `detail` names the rule, never the input.
"""

from typing import Any, ClassVar


class VaultError(Exception):
    """The base of every error that a caller may see; `detail` and `hint` are safe for anyone."""

    code: ClassVar[str] = "internal/error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    # What would succeed, where the place that raises the error knows nothing better.
    usual_hint: ClassVar[str] = "Try again; report the request id when it happens again."

    def __init__(self, detail: str = "", *, hint: str = "", **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.hint = hint or self.usual_hint
        self.extra = extra

    def as_problem(self, request_id: str = "") -> dict[str, Any]:
        """The RFC 9457 members plus `code`, `hint`, `requestId` and this error's own members."""
        problem: dict[str, Any] = {
            "type": f"urn:vault:error:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "hint": self.hint,
            **self.extra,
        }
        if request_id:
            problem["instance"] = f"urn:vault:request:{request_id}"
            problem["requestId"] = request_id
        return problem


def problem_schema() -> dict[str, Any]:
    """The JSON Schema of `as_problem`, with the extras of every error."""
    return {
        "description": "What was refused and why (RFC 9457). `detail` never repeats what was sent.",
        "type": "object",
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "description": "Stable; the words beside it are not"},
            "hint": {"type": "string", "description": "What would succeed"},
            "instance": {"type": "string", "format": "uri"},
            "requestId": {"type": "string"},
            "field": {"type": "string", "description": "The member that broke the rule"},
            "required": {"type": "string", "description": "The scope that is missing"},
            "requiredLevel": {"type": "string"},
            "heldLevel": {"type": ["string", "null"]},
            "retryAfter": {"type": "integer", "minimum": 1},
            "revision": {"type": "integer", "description": "The state there is now"},
            "approvalId": {"type": "string"},
            "approvalUrl": {"type": "string", "format": "uri"},
            "rotationId": {"type": "string"},
            "closesAt": {"type": "string", "format": "date-time"},
            "key": {"type": ["string", "null"]},
            "folderPath": {"type": ["string", "null"]},
        },
        "required": [
            *("type", "title", "status", "detail", "code", "hint", "instance", "requestId"),
        ],
        "additionalProperties": False,
    }


class Invalid(VaultError):
    """An argument breaks a rule; `field` is its name, never its value."""

    code, status, title = "input/invalid", 422, "Invalid input"
    usual_hint = "Correct what the text names; the schema of the tool or route has every rule."

    def __init__(self, detail: str, field: str | None = None, **extra: Any) -> None:
        super().__init__(detail, **({"field": field} if field else {}), **extra)
        self.field = field


class Malformed(VaultError):
    """The body is not strict JSON: broken, duplicate members, too deep, NaN."""

    code, status, title = "input/malformed", 400, "Malformed request"
    usual_hint = "Send one JSON document in UTF-8, with each member once."


class TooLarge(VaultError):
    """The body is over its limit."""

    code, status, title = "input/too-large", 413, "Request too large"
    usual_hint = "Send less: 512 KiB at most, and 8 MiB for an import over REST."


class RequestTimeout(VaultError):
    """The request did not arrive completely in time (RFC 9110 §15.5.9)."""

    code, status, title = "request/timeout", 408, "Request timeout"
    usual_hint = "Send the whole request at once."


class MethodNotAllowed(VaultError):
    """The address exists, but not for this method (RFC 9110 §15.5.6)."""

    code, status, title = "request/method-not-allowed", 405, "Method not allowed"
    usual_hint = "Use a method that the Allow header names."


class NotAcceptable(VaultError):
    """Only JSON can be answered (RFC 9110 §15.5.7)."""

    code, status, title = "request/not-acceptable", 406, "Not acceptable"
    usual_hint = "Accept application/json."


class UnsupportedMediaType(VaultError):
    """Only plain JSON can be read (RFC 9110 §15.5.16)."""

    code, status, title = "request/unsupported-media-type", 415, "Unsupported media type"
    usual_hint = "Send Content-Type: application/json, not compressed."


class Unauthenticated(VaultError):
    """No token, or an invalid one (RFC 6750 §3.1 `invalid_token`)."""

    code, status, title = "auth/invalid-token", 401, "Not signed in"
    usual_hint = (
        "Sign in again: the client's login starts it, or get a new token from /oauth/token."
    )


class AudienceMismatch(Unauthenticated):
    """The token was issued for another resource (RFC 8707, RFC 9068 §4)."""

    code, title = "auth/audience-mismatch", "Audience mismatch"
    usual_hint = (
        "Get a token for this address: remove the server from the client, add it with "
        "exactly this address, and log in."
    )


class InsufficientScope(VaultError):
    """The token is valid but lacks a scope, which `required` names (RFC 6750 §3.1)."""

    code, status, title = "auth/insufficient-scope", 403, "Insufficient scope"
    usual_hint = "Log in again and allow the scope that is named."


class Denied(VaultError):
    """Visible to the caller, but not allowed."""

    code, status, title = "access/permission-denied", 403, "Permission denied"
    usual_hint = (
        "An owner or admin of the tenant can allow it on the /team page; ask for it "
        "with vault.request_access."
    )


class DisclosureDenied(Denied):
    """The policy of the credential does not let this channel answer its value."""

    code, title = "access/disclosure-denied", "Disclosure denied"
    usual_hint = "Use the value without seeing it: vault.use_credential, or vaultctl run."


class DestinationDenied(Denied):
    """The policy of the credential does not let its value be sent there."""

    code, title = "access/destination-denied", "Destination denied"
    usual_hint = (
        "Use a host of policy.destinations in the credential's metadata, or ask an "
        "owner or admin to add this one."
    )


class StepUpRequired(Denied):
    """Allowed after authenticating again."""

    code, title = "access/step-up-required", "Sign in again"
    usual_hint = "Sign in again and repeat it within ten minutes."


class SecondFactorRequired(Denied):
    """Allowed once the person has set up the second factor that the tenant requires."""

    code, title = "access/second-factor-required", "Second factor required"
    usual_hint = "Set up a second factor at /account/2fa/, then repeat it."


class NotFound(VaultError):
    """Unknown, another tenant's, or not visible: always the same answer."""

    code, status, title = "resource/not-found", 404, "Not found"
    usual_hint = "Check the id; list what there is and use an id from there."


class RouteNotFound(NotFound):
    """Nothing is served at this address."""

    code, title = "route/not-found", "Not found"
    usual_hint = "The addresses are in /api/v1/openapi.json."


class CredentialNotFound(NotFound):
    """No such credential, or none that the caller may see."""

    code, title = "credential/not-found", "Credential not found"

    def __init__(self) -> None:
        super().__init__(
            hint="Check the key; upper and lower case differ. vault.request_credential asks people "
            "to store a credential that does not exist."
        )


class FolderNotFound(NotFound):
    """No such folder, or none that the caller may see."""

    code, title = "folder/not-found", "Folder not found"
    usual_hint = (
        "Check the path; upper and lower case differ. vault.list_credentials without "
        "folderPath shows the folders."
    )


class InvalidHandle(NotFound):
    """An unknown, foreign, malformed or forged lease handle: always the same answer (L5)."""

    code, title = "lease/invalid-handle", "Invalid lease handle"
    usual_hint = (
        "Lease again with vault.lease_credential and use its leaseHandle unchanged: a "
        "handle works only for the agent that leased."
    )


class Conflict(VaultError):
    """The present state does not allow it."""

    code, status, title = "state/conflict", 409, "Conflict"
    usual_hint = "Read the present state, then decide again."


class WindowOpen(Conflict):
    """A rotation window is open already; `rotationId` names it (R4)."""

    code, title = "rotation/window-open", "Rotation window open"
    usual_hint = "Wait until the open window closes (closesAt), or close it in the console."


class ApprovalPending(Conflict):
    """A person has to approve first; the identical call may be repeated later."""

    code, title = "access/approval-pending", "Approval pending"
    usual_hint = (
        "Give the person the address, and repeat the identical call when they have approved."
    )


class LeaseOver(VaultError):
    """The caller's own lease can no longer be read; subclasses say why (L5)."""

    status: ClassVar[int] = 410
    usual_hint = "Call vault.lease_credential again for a fresh lease."


class LeaseExpired(LeaseOver):
    """Its time has run out."""

    code, title = "lease/expired", "Lease expired"


class LeaseRevoked(LeaseOver):
    """It was revoked or released, or access that it depends on was removed."""

    code, title = "lease/revoked", "Lease revoked"


class LeaseConsumed(LeaseOver):
    """All its uses have been used."""

    code, title = "lease/consumed", "Lease consumed"


class DestinationFailed(VaultError):
    """The server that a value was sent to gave no usable answer; the use counts all the same."""

    code, status, title = "destination/failed", 502, "Destination failed"
    usual_hint = "Check the url and try again later; each try is a use of the lease."


class PreconditionFailed(VaultError):
    """The object changed since the caller read it (RFC 9110 §13.1.1)."""

    code, status, title = "precondition/failed", 412, "Precondition failed"
    usual_hint = "Read the object again and send its new ETag in If-Match."


class QuotaExceeded(VaultError):
    """Too many; `retryAfter` in seconds where waiting helps."""

    code, status, title = "quota/exceeded", 429, "Quota exceeded"
    usual_hint = "Wait as long as retryAfter says, or release leases that are not needed."


class Unavailable(VaultError):
    """A required service cannot be reached; nothing was disclosed or changed (fail closed)."""

    code, status, title = "service/unavailable", 503, "Service unavailable"
    usual_hint = "Try again in a moment; nothing was changed."
