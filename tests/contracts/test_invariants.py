"""The stored invariants hold where everything that can be there is there."""

from io import StringIO

from django.core.management import call_command

from tests.contracts.full_acme import FullAcme


def test_all_invariants_hold_in_a_full_tenant(full_acme: FullAcme) -> None:
    assert full_acme
    output = StringIO()
    try:
        call_command("check_invariants", stdout=output)
    except SystemExit:
        broken = output.getvalue()
        raise AssertionError(broken) from None
    assert output.getvalue().endswith("tenants.\n")
