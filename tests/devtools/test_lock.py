"""The lock installs anywhere from any index: it contains pins and hashes and no origin."""

import re
from pathlib import Path

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
LINES = LOCK.read_text(encoding="utf-8").splitlines()
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z,-]+\])?==[0-9][^\s;/]*( ;[^/\\]*)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def test_every_line_is_a_pin_or_one_of_its_hashes() -> None:
    strange = [line for line in LINES if not PIN.fullmatch(line) and not HASH.fullmatch(line)]
    assert strange == []


def test_no_option_but_hashes_begins_a_line() -> None:
    options = [line for line in LINES if line.lstrip().startswith("-")]
    assert options
    assert all(line.lstrip().startswith("--hash=sha256:") for line in options)


def test_every_pin_has_a_hash() -> None:
    for number, line in enumerate(LINES):
        if PIN.fullmatch(line):
            assert HASH.fullmatch(LINES[number + 1]), line


def test_the_authorization_library_stays_below_its_next_major() -> None:
    (pin,) = [line for line in LINES if line.startswith("oauthlib==")]
    assert int(pin.removeprefix("oauthlib==").split(".")[0]) < 4
