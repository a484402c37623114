"""What the documents say agrees with the code: links, settings, errors, tools, commands, tests."""

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from pydantic_core import PydanticUndefined

from access.disclosure import Disclosure
from access.levels import Level
from access.scopes import Scope
from credentials.shapes.policies import PolicyIn
from devtools import up, verify
from foundation.errors import VaultError
from identity.authorization_server.well_known_clients import WELL_KNOWN
from leases.shapes import UseCredential
from mcpserver.instructions import ARGUMENTS
from mcpserver.tools import TOOLS
from tenants.models import Tenant
from tenants.ttl_presets import TTL_PRESETS
from tests.contracts.test_disclosure import ANSWERED
from vaultsite.environment import PREFIX, Environment

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
APPS = [path.parent.name for path in ROOT.glob("*/apps.py")] + ["foundation", "vaultsite"]

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
SOURCE = re.compile(r"(?:[\w.-]+/)+[\w-]+\.(?:py|toml|md|html|css|svg|png)")
LAUNCHED = {"up": up.main, "verify": verify.main}


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def prose_of(document: Path) -> str:
    return FENCE.sub("", text_of(document))


def rows_of(document: Path) -> Iterator[list[str]]:
    """The cells of every table row that begins with something in code font."""
    for line in text_of(document).splitlines():
        if line.startswith("| `"):
            yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def anchors_of(document: Path) -> set[str]:
    """The anchors that a forge makes of a document's headings."""
    headings = HEADING.findall(prose_of(document))
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(prose_of(document)):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_is_named_exists(document: Path) -> None:
    for code in CODE.findall(prose_of(document)):
        if SOURCE.fullmatch(code):
            assert (ROOT / code).exists(), code


def test_documents_that_the_code_names_exist() -> None:
    for app in APPS:
        for source in (ROOT / app).rglob("*.py"):
            for named in re.findall(r"docs/[\w/.-]+\.md", text_of(source)):
                assert (ROOT / named).exists(), f"{source}: {named}"


def test_every_decision_is_in_the_list_of_decisions() -> None:
    decisions = ROOT / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", text_of(decisions / "README.md"))
    assert listed == sorted(path.name for path in decisions.glob("[0-9]*.md"))


def test_decisions_are_listed_by_their_titles_and_have_one_form() -> None:
    decisions = ROOT / "docs" / "decisions"
    listed = text_of(decisions / "README.md")
    for path in decisions.glob("[0-9]*.md"):
        number, _, title = text_of(path).partition("\n")[0].removeprefix("# ").partition(" – ")
        assert f"| [{number}]({path.name}) | {title} |" in listed
        for part in ("**Context.**", "**Decision", "**Consequence.**"):
            assert part in text_of(path), path.name


def test_settings_are_listed_with_their_defaults() -> None:
    documented = {row[0]: row[1] for row in rows_of(ROOT / "docs" / "settings.md")}
    fields = Environment.model_fields
    assert documented == {
        PREFIX + name.upper(): default_in_words(field.default) for name, field in fields.items()
    }


def test_every_setting_says_what_it_means() -> None:
    assert all(row[2] for row in rows_of(ROOT / "docs" / "settings.md"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_setting_is_named(document: Path) -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", text_of(document)))
    known = {PREFIX + name.upper() for name in Environment.model_fields} | {f"{PREFIX}NAME"}
    assert {name.removesuffix("_FILE") for name in named} <= known


def test_a_tenants_limits_are_listed_with_their_defaults() -> None:
    rows = rows_of(ROOT / "docs" / "limits.md")
    # The installation's own limits are settings; tests/contracts/test_limits.py compares those.
    documented = {row[0]: row[1] for row in rows if not row[0].startswith(PREFIX)}
    described = {"id", "slug", "name", "revision", "created_at", "suspended_at"}
    fields = [one for one in Tenant._meta.concrete_fields if one.name not in described]
    assert documented == {one.name: default_in_words(one.default) for one in fields}


def default_in_words(default: Any) -> str:
    if default is PydanticUndefined:
        return "required"
    if default is None or default == ():
        return "none"
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_table_of_errors_is_the_tree_of_errors() -> None:
    documented = sorted(tuple(row) for row in rows_of(ROOT / "docs" / "architecture.md"))
    coded = [error for error in errors() if "code" in vars(error)]
    assert documented == sorted({(one.code, str(one.status), one.title) for one in coded})


@cache
def errors() -> frozenset[type[VaultError]]:
    """Every error of the product; all faces are brought in first."""
    for faces in ("mcpserver.app", "vaultsite.urls"):
        import_module(faces)
    found: set[type[VaultError]] = set()
    waiting = [VaultError]
    while waiting:
        error = waiting.pop()
        if error.__module__.partition(".")[0] in APPS:
            found.add(error)
        waiting.extend(error.__subclasses__())
    return frozenset(found)


def test_the_table_of_tools_is_what_agents_see() -> None:
    documented = {row[0]: row[1] for row in rows_of(ROOT / "README.md")}
    assert documented == {tool.name: str(tool.scope) for tool in TOOLS}


MCP_PAGE = ROOT / "docs" / "mcp.md"


def section_of(name: str) -> str:
    """What docs/mcp.md says of a tool."""
    return text_of(MCP_PAGE).partition(f"\n### `{name}`\n")[2].partition("\n### ")[0]


def test_every_tool_is_described_as_it_is() -> None:
    assert re.findall(r"^### `(.+)`$", text_of(MCP_PAGE), re.MULTILINE) == [t.name for t in TOOLS]
    codes = {error.code for error in errors()}
    for tool in TOOLS:
        assert tool.takes is not None
        assert tool.gives is not None
        text = section_of(tool.name)
        taken = tool.takes.json_schema("validation")
        needed = taken.get("required", [])
        assert re.findall(r"^\| `(\w+)` \|.*\| (yes|no) \| (.+) \|$", text, re.MULTILINE) == [
            (name, "yes" if name in needed else "no", ARGUMENTS[name])
            for name in taken["properties"]
        ]
        answered = tool.gives.json_schema("serialization")["properties"]
        assert codes_in(text, "Answers") == list(answered)
        assert re.findall(r"^Scope `(.+?)`", text, re.MULTILINE) == [str(tool.scope)]
        assert set(codes_in(text, "Refused with")) <= codes


def codes_in(text: str, beginning: str) -> list[str]:
    """What is in code font in the paragraph that begins so."""
    paragraphs = [one for one in text.split("\n\n") if one.startswith(f"{beginning} `")]
    return CODE.findall(paragraphs[0]) if paragraphs else []


def test_the_well_known_redirects_are_those_that_are_allowed() -> None:
    text = text_of(ROOT / "docs" / "clients.md")
    listed = re.findall(r"^\| ([\w ]+) \| `([^`]+)` \| <([^>]+)> \|$", text, re.MULTILINE)
    assert listed == [
        (client.name, uri, client.source) for client in WELL_KNOWN for uri in client.redirects
    ]


def test_the_bands_are_those_that_are_offered() -> None:
    rows = re.findall(r"^\| \*(\w+)\* \| (\w+) \| (.+?) \|", text_of(MCP_PAGE), re.MULTILINE)
    maximum = "the tenant's maximum"
    assert rows == [
        (one.name, one.default_text, one.max_text if one.max_ttl else maximum)
        for one in TTL_PRESETS
    ]


def test_the_scopes_and_levels_are_those_there_are() -> None:
    scopes = [row[0] for row in rows_of(ROOT / "docs" / "scopes.md")]
    levels = [row[0] for row in rows_of(ROOT / "docs" / "sharing.md")]
    assert scopes == [*(str(scope) for scope in Scope), "offline_access"]
    assert levels == [level.word for level in Level if level > Level.NONE]


def test_the_examples_of_disclosure_are_accepted() -> None:
    blocks = [json.loads(body) for _, kind, body in FENCE.findall(text_of(DISCLOSURE)) if kind]
    policy, use = blocks
    PolicyIn.parse(policy["policy"])
    UseCredential.parse(use)
    assert {row[0] for row in disclosures()} == {str(word) for word in Disclosure}


def test_the_table_of_disclosure_is_the_one_that_is_tested() -> None:
    # Over MCP it makes no difference which client it is.
    doors = ("mcp", "rest", "rest, trusted", "console")
    documented = {
        (door, row[0])
        for row in disclosures()
        for door, cell in zip(doors, row[1:5], strict=True)
        if cell != "refused"
    }
    assert documented == {pair for pair in ANSWERED if pair[0] != "mcp, trusted"}


def disclosures() -> list[list[str]]:
    """The rows of the table of strengths."""
    return [row for row in rows_of(DISCLOSURE) if len(row) == 6]


DISCLOSURE = ROOT / "docs" / "disclosure.md"


def test_the_floors_are_those_that_are_enforced() -> None:
    contracts = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]
    (layers,) = [
        one["layers"]
        for one in contracts["contracts"]
        if one["type"] == "layers" and "containers" not in one
    ]
    for document in (ROOT / "docs" / "architecture.md", ROOT / "CONTRIBUTING.md"):
        drawn = next(block for _, _, block in FENCE.findall(text_of(document)) if "audit" in block)
        assert [re.split(r" {2,}", line)[0] for line in drawn.splitlines()] == layers


def lines_of(document: Path) -> Iterator[str]:
    """Lines of code: those of code blocks, and what stands in code font."""
    for _, _, block in FENCE.findall(text_of(document)):
        yield from block.splitlines()
    yield from CODE.findall(prose_of(document))


def commands() -> set[tuple[str, ...]]:
    """Every `manage.py` line in the documents, as the words after `manage.py`."""
    lines = [line for document in DOCUMENTS for line in lines_of(document)]
    found = [re.match(r"\s*\S*python3? manage\.py (.+)", line) for line in lines]
    return {tuple(shlex.split(one[1], comments=True)) for one in found if one}


@pytest.mark.parametrize("command", sorted(commands()), ids=" ".join)
def test_every_command_exists_with_its_options(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    word, *rest = command
    ours = rest[: rest.index("--")] if "--" in rest else rest
    known = options_of(word, capsys)
    assert {option for option in ours if option.startswith("--")} <= known


def options_of(word: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    if word in LAUNCHED:
        with pytest.raises(SystemExit):
            LAUNCHED[word](["--help"])
        text = capsys.readouterr().out
    else:
        text = load_command_class(get_commands()[word], word).create_parser("", word).format_help()
    return set(re.findall(r"--[a-z][a-z-]*", text))


def test_the_walkthrough_shows_every_picture_of_its_story_once() -> None:
    folder = ROOT / "docs" / "pictures" / "walkthrough"
    kept = sorted(path.name for path in folder.iterdir())
    assert pictures_of(ROOT / "docs" / "walkthrough.md") == kept


def pictures_of(document: Path) -> list[str]:
    """The walkthrough's pictures that a document shows, in its order."""
    return re.findall(r"\]\(pictures/walkthrough/([^)]+)\)", text_of(document))


def test_readme_connects_to_the_default_address() -> None:
    address = f"{Environment.model_fields['public_url'].default}/api/mcp"
    assert f"claude mcp add --transport http vault {address} --callback-port" in text_of(
        ROOT / "README.md"
    )


def test_every_promise_names_a_test_that_exists() -> None:
    promises = text_of(ROOT / "SECURITY.md").partition("## Promises")[2].partition("\n## ")[0]
    items = re.split(r"^- ", promises, flags=re.MULTILINE)[1:]
    assert items
    for item in items:
        named = TEST.findall(item)
        assert named, item
        for path, function in named:
            assert function in functions_of(ROOT / path), f"{path}::{function}"


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(text_of(path))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


PACKAGES = (*APPS, "devtools")
# An invariant's code as comments, docstrings and documents cite it: L5, I11.
INVARIANT = re.compile(r"(?<![\w.\-\"'/])[AILR][1-9]\d?(?![\w\"'\-])")


def sources_of(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (
            path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts
        )


def test_every_invariant_that_is_cited_is_defined() -> None:
    page = ROOT / "docs" / "invariants.md"
    places = [*sources_of(*PACKAGES, "tests"), *(one for one in DOCUMENTS if one != page)]
    cited = {code for place in places for code in INVARIANT.findall(text_of(place))}

    assert cited
    assert cited <= {row[0] for row in rows_of(page)}


def test_every_invariant_names_tests_that_exist() -> None:
    for line in text_of(ROOT / "docs" / "invariants.md").splitlines():
        if line.startswith("| `"):
            named = TEST.findall(line)
            assert named, line
            for path, function in named:
                assert function in functions_of(ROOT / path), f"{path}::{function}"


def test_the_name_of_every_module_consists_of_words_of_the_glossary() -> None:
    text = text_of(ROOT / "docs" / "glossary.md").lower()
    known = {word.removesuffix("s") for word in re.findall(r"[a-z][a-z0-9]+", text)}
    names = [
        path.parent.name if path.stem == "__init__" else path.stem for path in sources_of(*APPS)
    ]
    unknown = {
        name for name in names if not {word.removesuffix("s") for word in name.split("_")} <= known
    }

    assert not unknown
