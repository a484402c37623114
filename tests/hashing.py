"""Passwords of test people are hashed cheaply: what is under test here is not Argon2."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test import override_settings


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Until the block is left; the product's own hasher costs a quarter of a second each time."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield
