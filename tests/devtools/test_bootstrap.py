"""The first run on a bare machine: an environment is made once, wholly, and entered."""

import ast
import shutil
import sys
from pathlib import Path

import pytest

from devtools.bootstrap import LOCKS, ROOT, Environment
from tests.devtools.running import finish, run, start

BARE_PYTHON = getattr(sys, "_base_executable", sys.executable)
ENTER = "from devtools.bootstrap import enter_or_stop; enter_or_stop(['-c', {inside!r}])"
WHERE_AM_I = "import sys; print('inside', sys.prefix)"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh checkout whose lock asks for nothing."""
    root = tmp_path / "checkout"
    root.mkdir(parents=True)
    shutil.copy(ROOT / "manage.py", root)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "devtools", root / "devtools", ignore=ignored)
    for lock in LOCKS["verify"]:
        (root / lock).write_text("# nothing\n", encoding="utf-8")
    return root


def test_two_first_runs_at_once_share_one_whole_environment(checkout: Path) -> None:
    """Half of an environment, as a killed run leaves it, is not used but created again."""
    half = checkout / ".venv" / "bin" / "python"
    half.parent.mkdir(parents=True)
    half.write_text("half", encoding="utf-8")
    enter = ("-c", ENTER.format(inside=WHERE_AM_I))
    runs = [start(*enter, python=BARE_PYTHON, where=checkout) for _ in range(2)]
    outcomes = [finish(one) for one in runs]
    assert [code for code, _ in outcomes] == [0, 0], outcomes
    assert all(f"inside {checkout / '.venv'}" in output for _, output in outcomes)
    assert sum("setting up .venv" in output.splitlines()[0] for _, output in outcomes) >= 1
    assert sum("locked packages" in output for _, output in outcomes) == 1
    assert Environment(checkout).is_complete()


def test_an_environment_belongs_to_its_lock_and_its_place(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.directory.mkdir()
    assert not environment.is_complete()
    environment.mark_complete()
    assert environment.is_complete()
    moved = checkout.rename(checkout.with_name("moved"))
    assert not Environment(moved).is_complete()
    Environment(moved).mark_complete()
    (moved / "requirements.lock").write_text("# nothing else\n", encoding="utf-8")
    assert not Environment(moved).is_complete()


def test_verify_adds_to_the_environment_of_up_and_up_uses_that_of_verify(checkout: Path) -> None:
    """What `up` runs in is not taken away from it."""
    up, verify = Environment(checkout), Environment(checkout, "verify")
    up.directory.mkdir()
    assert [lock.name for lock in verify.missing_locks()] == list(LOCKS["verify"])
    up.mark_complete()
    assert up.is_complete()
    assert not verify.is_complete()
    assert [lock.name for lock in verify.missing_locks()] == ["requirements-verify.lock"]
    verify.mark_complete()
    assert up.is_complete()
    assert verify.is_complete()
    (checkout / "requirements-verify.lock").write_text("# more\n", encoding="utf-8")
    assert not verify.is_complete()


def test_what_cannot_be_installed_is_told_and_leaves_no_environment_in_use(checkout: Path) -> None:
    (checkout / "requirements.lock").write_text("unhashed==1.0\n", encoding="utf-8")
    enter = ("-c", ENTER.format(inside=WHERE_AM_I))
    code, output = run(*enter, python=BARE_PYTHON, where=checkout)
    assert code == 1
    assert "vault: the requirements cannot be installed" in output
    assert "Traceback" not in output
    assert not Environment(checkout).is_complete()


def test_other_commands_say_what_to_do_first(checkout: Path) -> None:
    code, output = run("-S", "-E", "manage.py", "check", python=BARE_PYTHON, where=checkout)
    assert (code, output) == (
        1,
        "vault: Django is not installed; run `python3 manage.py up` first\n",
    )


def test_an_old_python_is_refused_politely() -> None:
    pretend = "import sys; sys.version_info = (3, 9, 2); import manage; manage.main()"
    code, output = run("-c", pretend)
    assert (code, output) == (1, "vault: Python 3.11 or newer is needed; this is 3.9\n")


def test_an_old_python_can_read_the_refusal() -> None:
    ast.parse((ROOT / "manage.py").read_text(encoding="utf-8"), feature_version=(3, 7))
