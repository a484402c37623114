"""The locks install anywhere from any index: they contain pins and hashes and no origin."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from devtools.bootstrap import LOCKS, ROOT

NAMES = LOCKS["verify"]
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z,-]+\])?==[0-9][^\s;/]*( ;[^/\\]*)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def lines(lock: str) -> list[str]:
    """The lines of a lock."""
    return (ROOT / lock).read_text(encoding="utf-8").splitlines()


def pinned(lock: str) -> set[str]:
    """The packages of a lock."""
    return {canonicalize_name(line.split("==")[0]) for line in lines(lock) if PIN.fullmatch(line)}


@pytest.mark.parametrize("lock", NAMES)
def test_every_line_is_a_pin_or_one_of_its_hashes(lock: str) -> None:
    strange = [line for line in lines(lock) if not PIN.fullmatch(line) and not HASH.fullmatch(line)]
    assert strange == []


@pytest.mark.parametrize("lock", NAMES)
def test_no_option_but_hashes_begins_a_line(lock: str) -> None:
    options = [line for line in lines(lock) if line.lstrip().startswith("-")]
    assert options
    assert all(line.lstrip().startswith("--hash=sha256:") for line in options)


@pytest.mark.parametrize("lock", NAMES)
def test_every_pin_has_a_hash(lock: str) -> None:
    found = lines(lock)
    for number, line in enumerate(found):
        if PIN.fullmatch(line):
            assert HASH.fullmatch(found[number + 1]), line


def test_no_package_is_in_two_locks() -> None:
    together = [name for lock in NAMES for name in pinned(lock)]
    assert len(together) == len(set(together))


@pytest.mark.parametrize(
    ("group", "lock"),
    list(zip(("", "local", "tests"), NAMES, strict=True)),
)
def test_each_purpose_has_its_lock(group: str, lock: str) -> None:
    """What is named for tests or for one machine is not installed in production."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    wanted = {canonicalize_name(Requirement(text).name) for text in groups[group]}
    assert wanted <= pinned(lock)


def test_the_authorization_library_stays_below_its_next_major() -> None:
    (pin,) = [line for line in lines("requirements.lock") if line.startswith("oauthlib==")]
    assert int(pin.removeprefix("oauthlib==").split(".")[0]) < 4
