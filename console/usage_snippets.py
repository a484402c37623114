"""Ready-made snippets for using a credential: from Claude Code, any MCP client, and a script."""

import json
from typing import NamedTuple

from django.conf import settings

WHY = "why it is needed"
QUIETLY = "--silent --show-error --fail-with-body"


class Snippet(NamedTuple):
    """Text to copy, and what it is for."""

    before: str
    text: str


class Way(NamedTuple):
    """A way to use a credential, step by step."""

    title: str
    snippets: tuple[Snippet, ...]


def ways_to_use(key: str) -> tuple[Way, ...]:
    """With the real names filled in; none of them contains a secret."""
    return (_claude_code(key), _mcp(key), _rest(key))


def ways_of_account(account_id: str, key: str) -> tuple[Snippet, ...]:
    """How a service account uses a credential, from its secret to the value; see docs/rest.md.
    Secrets go through standard input and files, because every process can read arguments.
    """
    token = (
        "umask 077\n"
        f"""printf 'user = "{account_id}:%s"' "$VAULT_SECRET" |\n"""
        f"  curl {QUIETLY} --config - \\\n"
        f"    --data grant_type=client_credentials {settings.PUBLIC_URL}/oauth/token |\n"
        f"  {_pick('access_token', 'Authorization: Bearer ')} > vault.header"
    )
    return (
        Snippet(
            "A token for the secret, which the pipeline's own store puts into VAULT_SECRET. It "
            "is valid for an hour at most.",
            token,
        ),
        Snippet(
            "Then lease the credential, with the purpose that the audit log will name.",
            _lease_into_file(key),
        ),
        Snippet(
            "The value. Pass it to a program by its environment or standard input.",
            _read_from_file(),
        ),
    )


def _lease_into_file(key: str) -> str:
    lease = json.dumps({"key": key, "purpose": WHY, "ttl": "15m"})
    handle = (
        "import json, sys; print(json.dumps({'leaseHandle': json.load(sys.stdin)['leaseHandle']}))"
    )
    return f"{_send('leases')} --data '{lease}' |\n  python3 -c \"{handle}\" > handle.json"


def _read_from_file() -> str:
    return f"VALUE=$({_send('leases/read')} --data @handle.json |\n  {_pick('value')})"


def _send(path: str) -> str:
    return (
        f"curl {QUIETLY} --header @vault.header \\\n"
        f"  --header 'Content-Type: application/json' {settings.REST_RESOURCE}/{path} \\\n "
    )


def _pick(member: str, before: str = "") -> str:
    expression = f"json.load(sys.stdin)['{member}']"
    if before:
        expression = f"'{before}' + {expression}"
    return f'python3 -c "import json, sys; print({expression})"'


def _claude_code(key: str) -> Way:
    connect = (
        f"claude mcp add --transport http vault {settings.PUBLIC_URL}/api/mcp"
        " --callback-port 8123\nclaude mcp login vault"
    )
    return Way(
        "From Claude Code",
        (
            Snippet("Connect once: the browser opens; sign in and allow it.", connect),
            Snippet(
                "Then ask for it by its key and say why.",
                f"Lease {key} from Vault and use it to …",
            ),
        ),
    )


def _mcp(key: str) -> Way:
    lease = json.dumps({"key": key, "purpose": WHY, "ttl": "15m"})
    read = json.dumps({"leaseHandle": "from the answer to the lease"})
    return Way(
        "From any MCP client",
        (
            Snippet("The server, over Streamable HTTP:", f"{settings.PUBLIC_URL}/api/mcp"),
            Snippet(
                "The two calls:",
                f"vault.lease_credential {lease}\nvault.read_credential  {read}",
            ),
        ),
    )


def _rest(key: str) -> Way:
    token = """umask 077\nprintf 'Authorization: Bearer %s\\n' "$VAULT_TOKEN" > vault.header"""
    return Way(
        "From a script, over REST",
        (
            Snippet(
                "With a token of your own (Account, tokens) in VAULT_TOKEN. It goes through a "
                "file, because every process can read arguments:",
                f"{token}\n{_lease_into_file(key)}",
            ),
            Snippet("Then the value, as often as the lease allows:", _read_from_file()),
        ),
    )
