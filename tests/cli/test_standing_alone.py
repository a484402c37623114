"""vaultctl needs nothing of the server, and starts without loading what a command does not need."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.cli.installation import ROOT, Vaultctl, install_wheel

SOURCES = sorted((ROOT / "cli" / "vaultctl").rglob("*.py"))
MODULES = {"pyjwt": "jwt"}
# Loaded by the commands that need them, and by no other.
LATE = ("httpx2", "h11", "cryptography", "jwt", "keyring", "ssl", "disclosure")


def imported(source: Path) -> set[str]:
    """The top-level modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_only_its_own_dependencies_are_imported() -> None:
    project = tomllib.loads((ROOT / "cli" / "pyproject.toml").read_text())["project"]
    names = [name.split("~")[0].split(">")[0] for name in project["dependencies"]]
    allowed = {MODULES.get(name, name) for name in names} | set(sys.stdlib_module_names)
    for source in SOURCES:
        assert imported(source) <= allowed | {"vaultctl", "disclosure"}, source


def test_nothing_of_the_server_is_installed(stranger: Vaultctl) -> None:
    python = stranger.program.parent / "python"
    code = "import vaultctl, disclosure, importlib.util as u; print(u.find_spec('django'))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"


@pytest.mark.full
def test_it_installs_alone_from_its_own_wheel(tmp_path: Path) -> None:
    program = install_wheel(tmp_path)
    code = (
        "import importlib, pkgutil, vaultctl\n"
        "for one in pkgutil.walk_packages(vaultctl.__path__, 'vaultctl.'):\n"
        "    one.name.endswith('__main__') or importlib.import_module(one.name)\n"
        "print(importlib.util.find_spec('django'))"
    )
    python = program.parent / "python"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True)
    assert "Run a program that uses credentials" in told.stdout


def test_the_wheel_has_every_package() -> None:
    listed = tomllib.loads((ROOT / "cli" / "pyproject.toml").read_text())["tool"]["setuptools"]
    inside = {source.parent.relative_to(ROOT / "cli") for source in SOURCES}

    assert set(listed["packages"]) == {".".join(one.parts) for one in inside} | {"disclosure"}


def test_help_loads_no_library_that_it_does_not_need(stranger: Vaultctl) -> None:
    python = stranger.program.parent / "python"
    code = (
        "import sys; from vaultctl.__main__ import vaultctl\n"
        "vaultctl.main(['--help'], standalone_mode=False)\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(done.stderr)
    assert "click" in loaded
    assert [name for name in LATE if name in loaded] == []
