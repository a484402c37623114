"""The hooks of the plugin for Claude Code, given the events that it sends."""

import json
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.cli.installation import ROOT, Vaultctl, everything_below
from tests.disclosure.encodings import ENCODINGS, traces
from vaultctl.fingerprints import Finder, fingerprints_of, new_key
from vaultctl.secret_patterns import find_secret
from vaultctl.session_memory import Memory, ask, learn, socket_path

VALUE = f"sk_live_{secrets.token_hex(12)}"
SECRETS = {
    "a Stripe key": VALUE,
    "a GitHub token": "ghp_" + "aB3" * 12,
    "an Anthropic key": "sk-ant-api03-" + "aB3_" * 8,
    "an OpenAI key": "sk-proj-" + "aB3" * 14,
    "an AWS access key": "AKIA" + "ABCD2345" * 2,
    "a private key": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb",
    "an address with a password": "postgres://app:hunter22@db.internal/app",
    "a token of Vault": "vlt_pat_" + "aB3" * 12,
}


def hook(vaultctl: Vaultctl, name: str, **event: Any) -> Any:
    """What a hook answers to an event."""
    out = vaultctl.good("hook", name, send=json.dumps(event))
    return json.loads(out) if out else None


@pytest.mark.parametrize(("kind", "secret"), SECRETS.items(), ids=list(SECRETS))
def test_secrets_are_known_by_their_form(kind: str, secret: str) -> None:
    assert find_secret(f"please use {secret} for this") == kind


@pytest.mark.parametrize(
    "text",
    [
        "list the charges of last week",
        "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
        "commit 4f1c8a4be2d0a1b7c9d3e5f60718293a4b5c6d7e",
        "postgres://localhost/app and https://example.com/a:b@c",
        "STRIPE_API_KEY=vlt_placeholder_0011223344556677",
        "uuid 0192f0c1-7d0e-7a7e-9b51-6c1f1f1f1f1f",
    ],
)
def test_what_people_write_all_day_is_no_secret(text: str) -> None:
    assert find_secret(text) is None


def test_a_pasted_secret_is_not_sent(stranger: Vaultctl) -> None:
    answer = hook(stranger, "prompt", prompt=f"here is my key: {VALUE}")
    assert answer["decision"] == "block"
    assert f"{stranger.url}/credentials/new" in answer["reason"]
    assert answer["hookSpecificOutput"]["suppressOriginalPrompt"] is True
    assert VALUE not in json.dumps(answer)
    assert hook(stranger, "prompt", prompt="list the charges") is None
    assert stranger.good("hook", "prompt", send="no JSON") == ""


def test_what_was_read_is_taken_out_of_later_output(
    stranger: Vaultctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = secrets.token_hex(8)
    monkeypatch.setenv("VAULTCTL_HOME", str(stranger.home / ".config" / "vaultctl"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    answer = {"leaseId": "lease_1", "value": VALUE, "secretFields": {}}
    read = {"tool_name": "mcp__plugin_vault_vault__vault_read_credential", "session_id": session}
    bash = {"tool_name": "Bash", "session_id": session}
    leak = {"stdout": f"key={VALUE}", "stderr": VALUE.encode().hex(), "interrupted": False}
    assert hook(stranger, "tool-output", **bash, tool_response=leak) is None
    try:
        response = [{"type": "text", "text": json.dumps(answer)}]
        assert hook(stranger, "tool-output", **read, tool_response=response) is None
        changed = hook(stranger, "tool-output", **bash, tool_response=leak)
        assert changed["hookSpecificOutput"]["updatedToolOutput"] == {
            "stdout": "key=[redacted]",
            "stderr": "[redacted]",
            "interrupted": False,
        }
        assert hook(stranger, "tool-output", **bash, tool_response={"stdout": "fine"}) is None
        other = {**bash, "session_id": "another"}
        assert hook(stranger, "tool-output", **other, tool_response=leak) is None
        assert VALUE.encode() not in everything_below([stranger.home])
    finally:
        hook(stranger, "session-end", session_id=session)
    assert ask(session, {}) is None
    assert not socket_path(session).exists()


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize(
    "value",
    [VALUE, 'p%41ss"w0rd&amp;<1>:p%41ss"w0rd&amp;<2>', "two words+and/more=="],
    ids=["key", "escapes", "words"],  # no value belongs in a test's name
)
def test_fingerprints_find_every_usual_encoding(name: str, value: str) -> None:
    key = new_key()
    finder = Finder(fingerprints_of(value, key), key)
    echo = ENCODINGS[name](value.encode()).decode("latin-1" if name == "utf-16" else "utf-8")

    text, count = finder.redact_text(f"before: {echo} and after")

    assert count >= 1
    assert text.startswith("before: ")
    assert text.endswith("after")
    assert traces(text.encode("latin-1", "replace"), value.encode()) == []


def test_other_text_is_left_as_it_is() -> None:
    key = new_key()
    finder = Finder(fingerprints_of(VALUE, key), key)
    text = f"{VALUE[:-1]} {VALUE[1:]} {VALUE.swapcase()} %41 &amp; \\u0041 {'ab' * 40} 1, 2, 3"

    assert finder.redact_text(text) == (text, 0)
    assert fingerprints_of("password", key) == []


def test_the_memory_of_a_session_has_no_value() -> None:
    memory = Memory()
    key = memory.answer({})["key"]
    memory.answer({"learn": [asdict(one) for one in fingerprints_of(VALUE, key)]})

    redacted = memory.answer({"output": {"stdout": f"key={VALUE}"}})

    assert redacted["output"] == {"stdout": "key=[redacted]"}
    assert memory.known
    assert traces(repr(vars(memory)).encode(), VALUE.encode()) == []


def test_only_fingerprints_are_sent_to_the_process_of_a_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory, sent = Memory(), []

    def asked(_: str, question: dict[str, Any]) -> dict[str, Any]:
        sent.append(question)
        return memory.answer(question)

    monkeypatch.setattr("vaultctl.session_memory.ask", asked)
    learn("session", [VALUE])

    assert memory.known
    assert traces(json.dumps(sent).encode(), VALUE.encode()) == []


def test_the_plugin_names_hooks_that_exist(stranger: Vaultctl) -> None:
    hooks = json.loads((ROOT / "plugin" / "vault" / "hooks" / "hooks.json").read_text())["hooks"]
    for event, groups in hooks.items():
        for command in (one["command"] for group in groups for one in group["hooks"]):
            program, *words = command.split()
            assert program == "vaultctl"
            assert stranger.run(*words, send="{}").returncode == 0, event


def test_every_file_of_the_plugin_is_valid_json() -> None:
    found = list((ROOT / "plugin").rglob("*.json"))
    assert len(found) == 4
    for file in found:
        assert json.loads(Path(file).read_text())
