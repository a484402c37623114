"""No command that Vault shows puts a secret into an argument, which every process can read."""

import re
from pathlib import Path

from django.conf import settings

from console.usage_snippets import ways_of_account, ways_to_use

ROOT = Path(settings.BASE_DIR)
SOURCES = ("console/**/*.py", "templates/**/*.html", "docs/**/*.md", "plugin/**/*.md", "*.md")
# curl's ways of taking a secret as an argument: a header, a user, a member of the body.
IN_AN_ARGUMENT = re.compile(
    r"""(-H|--header)\s*=?\s*['"]?(Authorization|X-Api-Key)"""
    r"|\s(-u|--user)\s"
    r"|client_secret="
    r"""|leaseHandle"\s*:\s*"(?!\$)""",
    re.IGNORECASE,
)
# There the value is a placeholder of `vaultctl run`, which is no secret.
PLACEHOLDERS = {"plugin/vault/skills/vault/SKILL.md"}


def test_no_source_of_commands_has_one() -> None:
    found = [
        str(path.relative_to(ROOT))
        for pattern in SOURCES
        for path in ROOT.glob(pattern)
        for line in path.read_text("utf-8").splitlines()
        if "curl" in line or line.lstrip().startswith(("-H", "--header", "-u "))
        if IN_AN_ARGUMENT.search(line)
    ]
    assert set(found) <= PLACEHOLDERS


def test_no_snippet_has_one() -> None:
    ways = [snippet for way in ways_to_use("stripe-api-key") for snippet in way.snippets]
    for snippet in (*ways, *ways_of_account("sa_1", "stripe-api-key")):
        if "curl" in snippet.text:
            assert not IN_AN_ARGUMENT.search(snippet.text)
