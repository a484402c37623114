"""What keeps values in vaultctl's processes, and its output going."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from disclosure.matching import RedactionError
from disclosure.redaction import RedactionStream, Redactor
from tests.cli.installation import ROOT
from vaultctl import session_memory
from vaultctl.application import Application
from vaultctl.running import hardening, masked
from vaultctl.running.masked import LEFT_OUT, run_masked

SHOW = """
import ctypes, os, resource
from vaultctl.running.hardening import protect_memory
protect_memory()
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
print(dumpable, resource.getrlimit(resource.RLIMIT_CORE), os.environ.get("SSLKEYLOGFILE"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_protected_process_is_not_dumped_and_logs_no_keys() -> None:
    environment = {"SSLKEYLOGFILE": "/dev/null", "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}"}

    out = subprocess.check_output([sys.executable, "-c", SHOW], env=environment, text=True)

    assert out == "0 (0, 0) None\n"


def test_every_command_that_has_tokens_is_protected(monkeypatch: pytest.MonkeyPatch) -> None:
    protected: list[bool] = []
    monkeypatch.setattr(hardening, "protect_memory", lambda: protected.append(True))

    Application("ls", "https://vault.example", as_json=False).api()

    assert protected == [True]


def test_a_linked_directory_is_no_place_for_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to(real)
    monkeypatch.setattr(session_memory, "_SHORT_PATH", 1)
    monkeypatch.setattr(session_memory, "short_directory", lambda: link)

    with pytest.raises(OSError, match="not private"):
        session_memory.socket_path("session")


# vaultctl ends after a run, and with it the pipes that a program left behind may still hold.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_output_that_cannot_be_searched_is_left_out_and_the_program_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def exhausted(_: RedactionStream, __: bytes) -> bytes:
        raise RedactionError("too long")

    monkeypatch.setattr(RedactionStream, "feed", exhausted)
    written: list[bytes] = []

    def write(_: int, data: bytes) -> bool:
        written.append(data)
        return True

    monkeypatch.setattr(masked, "_write", write)
    many = "print('x' * 1000000)\nopen('done', 'w').close()\nraise SystemExit(4)"
    monkeypatch.chdir(tmp_path)

    code = run_masked([sys.executable, "-c", many], dict(os.environ), Redactor(["sk_live_12345"]))

    assert code == 4
    assert (tmp_path / "done").exists()
    assert b"".join(written) == LEFT_OUT
