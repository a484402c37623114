"""Argon2 with parameters that cost nothing: the product's take a quarter of a second each time."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """The same algorithm and format; tests/vaultsite/test_passwords.py has the real one."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
