"""A key file that other users can read is named at the start."""

from pathlib import Path

import pytest

from vaultsite.environment import read_setting

VALUE = "CANARY-0123456789"


@pytest.mark.parametrize(
    ("mode", "is_named"),
    [(0o600, False), (0o400, False), (0o640, False), (0o644, True), (0o604, True), (0o660, True)],
)
def test_a_file_that_others_can_read_or_change_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    mode: int,
    is_named: bool,
) -> None:
    file = tmp_path / "audit_key"
    file.write_text(VALUE)
    file.chmod(mode)
    monkeypatch.delenv("VAULTSITE_AUDIT_KEY", raising=False)
    monkeypatch.setenv("VAULTSITE_AUDIT_KEY_FILE", str(file))
    assert read_setting("audit_key") == VALUE
    said = capsys.readouterr().err
    assert ("VAULTSITE_AUDIT_KEY_FILE" in said) == is_named
    assert VALUE not in said
