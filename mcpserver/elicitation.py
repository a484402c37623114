"""Asking for an approval through the client's own dialog (URL elicitation, MCP 2026-07-28).

A client that can open an address for its person says so in every request. It is answered with the
approval's page in place of a result, and repeats the identical call when its person is done. What
was pressed in the dialog decides nothing: the repeated call finds our own record of the request,
and as long as nobody decided it is refused in words, as for every other client.
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
MESSAGE = (
    "A person has to approve this lease first. The page shows what is asked for; who may decide "
    "does it there, everybody else passes the address on to an owner or admin. Then continue."
)


def may_ask(context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> bool:
    """Whether the client can ask its person now: it declares it, and did not just do so.

    In the handshake's era a client declares once, in a session, and we keep none.
    """
    if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return False
    capabilities = context.session.client_capabilities
    declared = capabilities.elicitation if capabilities else None
    return declared is not None and declared.url is not None and params.input_responses is None


def ask_person(error: ApprovalPending) -> InputRequiredResult:
    """The page of the approval, to be opened by the client. Nothing in it is secret, and only who
    signed in there sees the request (MCP 2026-07-28, elicitation, URL mode, security).
    """
    page = ElicitRequestURLParams(message=MESSAGE, url=str(error.extra["approvalUrl"]))
    return InputRequiredResult(input_requests={APPROVAL: ElicitRequest(params=page)})
