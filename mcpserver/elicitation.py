"""Asking a person through the client's own dialog (URL elicitation, MCP 2026-07-28): to approve a
lease, or to store a missing credential.

A client that can open an address for its person declares it in every request. Instead of a result
it gets the approval's page, and it repeats the identical call when the person is done. The dialog's
button decides nothing: the repeated call finds the server's record of the request, and until
somebody has decided it is refused with a text, as for every other client.
"""

from typing import Any

from mcp.server.context import ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestURLParams,
    InputRequiredResult,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from foundation.errors import ApprovalPending

APPROVAL = "approval"
# Terminals cut the text at one line, so the action comes first. The page says the rest: what is
# requested, and who may decide if this person may not.
MESSAGES = {
    "lease": "Approve the lease on this page of Vault, or pass it on; then continue.",
    "creq": "Store the missing credential on this page of Vault, or pass it on; then continue.",
}
USUAL_MESSAGE = "Decide on this page of Vault, or pass it on; then continue."


def may_ask(context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> bool:
    """Whether the client can ask its person now: it declares the capability and did not just ask.

    In the handshake era a client declares once, in a session, and the server keeps none.
    """
    if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return False
    capabilities = context.session.client_capabilities
    declared = capabilities.elicitation if capabilities else None
    return declared is not None and declared.url is not None and params.input_responses is None


def ask_person(error: ApprovalPending) -> InputRequiredResult:
    """The request's page, for the client to open. The address is not secret, and only a person who
    signed in there sees the request (MCP 2026-07-28, elicitation, URL mode, security).
    """
    kind = str(error.extra.get("approvalId", "")).partition("_")[0]
    page = ElicitRequestURLParams(
        message=MESSAGES.get(kind, USUAL_MESSAGE), url=str(error.extra["approvalUrl"])
    )
    return InputRequiredResult(input_requests={APPROVAL: ElicitRequest(params=page)})
