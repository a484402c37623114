"""Clients generated from the OpenAPI document compile, work, and know the type of a refusal; the
document is clean for two linters.
"""

import json
from pathlib import Path

import pytest
from django.conf import settings

from restapi.openapi import document
from tests.clients.programs import NPM, PYPI, Programs
from tests.clients.tables import Table, today
from tests.oauth_client import connect
from tests.people import PASSWORD, Somebody, store

pytestmark = [pytest.mark.clients, pytest.mark.timeout(600)]
# The address is the installation's own; an object of one fixed kind is described as a choice.
REDOCLY = """
extends: [recommended]
rules:
  no-server-example.com: off
  no-illogical-composition-keywords: off
"""
# Each operation has a summary, which says what a description would.
SPECTRAL = "extends: ['spectral:oas']\nrules:\n  operation-description: off\n"


@pytest.fixture
def openapi(tmp_path: Path) -> Path:
    """The document as a file."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document(), indent=1))
    return path


@pytest.fixture
def token(server: str, owner: Somebody) -> str:
    """An owner's token for REST; there is one credential."""
    store(owner)
    resource = settings.REST_RESOURCE
    return connect(server, owner.person.email, PASSWORD, resource=resource, name="A client").access


def test_redocly_finds_nothing(programs: Programs, openapi: Path) -> None:
    (openapi.parent / "redocly.yaml").write_text(REDOCLY)
    program = programs.npm("@redocly/cli", "redocly")
    done = programs.run(program, "lint", openapi, "--format", "json", cwd=openapi.parent)
    found = json.loads(done.stdout)
    assert found["problems"] == [], found["problems"][:3]


def test_spectral_finds_nothing(programs: Programs, openapi: Path) -> None:
    (openapi.parent / "rules.yaml").write_text(SPECTRAL)
    program = programs.npm("@stoplight/spectral-cli", "spectral")
    rules = openapi.parent / "rules.yaml"
    done = programs.run(program, "lint", openapi, "-r", rules, "-F", "hint", "-f", "text")
    assert done.returncode == 0, done.stdout


FETCH = """
import createClient from "openapi-fetch";
import type { paths, components } from "./vault.js";
const client = createClient<paths>({
  baseUrl: process.env.URL!, headers: { Authorization: `Bearer ${process.env.TOKEN}` } });
const show = (key: string) => client.GET("/credentials/{key}", { params: { path: { key } } });
const found = await show("stripe-api-key");
const key: string = found.data!.key;
const refused = await show("none");
const problem: components["schemas"]["Problem"] = refused.error!;
const code: "credential/not-found" | string = problem.code;
console.log(key, code, problem.hint);
"""


def test_openapi_typescript(
    server: str, token: str, programs: Programs, openapi: Path, clients: Table
) -> None:
    place = programs.installed("openapi-typescript", "openapi-fetch", "typescript")
    bins = place / "node_modules" / ".bin"
    made = programs.run(bins / "openapi-typescript", openapi, "-o", place / "vault.d.ts")
    assert made.returncode == 0, made.stderr
    (place / "package.json").write_text('{"type": "module"}')
    (place / "use.ts").write_text(FETCH)
    options = ["--module", "nodenext", "--target", "es2022", "--strict", "--types", ""]
    built = programs.run(bins / "tsc", "use.ts", *options, "--skipLibCheck", cwd=place)
    assert "use.ts" not in built.stdout.replace("process", ""), built.stdout
    done = programs.run("node", place / "use.js", URL=f"{server}/api/v1", TOKEN=token)
    assert done.stdout.startswith("stripe-api-key credential/not-found "), done.stderr
    version = NPM["openapi-typescript"]
    clients.add("openapi-typescript", version, today(), "generated, compiled, refusal typed")


def test_hey_api(programs: Programs, openapi: Path, clients: Table) -> None:
    place = programs.installed("@hey-api/openapi-ts", "typescript")
    bins = place / "node_modules" / ".bin"
    made = programs.run(bins / "openapi-ts", "-i", openapi, "-o", place / "vault", cwd=place)
    assert made.returncode == 0, made.stdout + made.stderr
    options = ["--module", "nodenext", "--target", "es2022", "--strict", "--noEmit", "--types", ""]
    built = programs.run(
        *(bins / "tsc", "vault/types.gen.ts", *options, "--skipLibCheck"), cwd=place
    )
    assert built.returncode == 0, built.stdout
    types = (place / "vault" / "types.gen.ts").read_text()
    assert "ShowCredentialErrors" in types or "Errors = {" in types
    clients.add("hey-api/openapi-ts", NPM["@hey-api/openapi-ts"], today(), "generated, compiled")


USE = """
import os
from vault_client import AuthenticatedClient
from vault_client.api.credentials import {operation} as describe
from vault_client.models import CredentialDetailOut, Problem
client = AuthenticatedClient(base_url=os.environ["URL"], token=os.environ["TOKEN"])
found = describe.sync("stripe-api-key", client=client)
assert isinstance(found, CredentialDetailOut), found
refused = describe.sync("none", client=client)
print(found.key, type(refused).__name__, getattr(refused, "code", ""))
"""


def test_openapi_python_client(
    server: str, token: str, programs: Programs, openapi: Path, tmp_path: Path, clients: Table
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("package_name_override: vault_client\nproject_name_override: vault\n")
    made = programs.run(
        *(
            programs.python("openapi-python-client"),
            "-m",
            "openapi_python_client",
            "generate",
            "--path",
            openapi,
        ),
        *("--config", config, "--output-path", tmp_path / "made", "--meta", "none"),
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "WARNING" not in made.stdout + made.stderr, made.stdout
    (tmp_path / "made").rename(tmp_path / "vault_client")
    operation = next((tmp_path / "vault_client/api/credentials").glob("describe*")).stem
    done = programs.run(
        *(programs.python("openapi-python-client"), "-c", USE.format(operation=operation)),
        cwd=tmp_path,
        URL=f"{server}/api/v1",
        TOKEN=token,
    )
    assert done.stdout.startswith("stripe-api-key "), done.stderr
    assert "credential/not-found" in done.stdout, done.stdout
    version = PYPI["openapi-python-client"]
    clients.add("openapi-python-client", version, today(), "generated, imported, refusal typed")
