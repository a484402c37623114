"""How passwords are hashed in production; every other test uses tests/hashing.py."""

from argon2 import Type, extract_parameters
from django.contrib.auth.hashers import check_password, make_password
from django.test import override_settings

from tests.people import PASSWORD
from vaultsite.settings import PASSWORD_HASHERS


def test_passwords_are_hashed_with_argon2id_at_the_cost_that_owasp_asks_for() -> None:
    with override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS):
        encoded = make_password(PASSWORD)
        assert check_password(PASSWORD, encoded)
        assert not check_password(PASSWORD.title(), encoded)

    parameters = extract_parameters(encoded.removeprefix("argon2"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2
