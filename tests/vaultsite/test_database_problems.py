"""Why there is no database, in words for an operator, without names of hosts and roles."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.test import override_settings
from pydantic import PostgresDsn

from tests.alone import database_url
from tests.environment import free_port
from vaultsite.database_problems import IN_USE, connection_problem


@contextmanager
def connecting_to(url: str) -> Iterator[None]:
    """With another VAULTSITE_DATABASE_URL."""
    changed = settings.ENVIRONMENT.model_copy(update={"database_url": PostgresDsn(url)})
    with override_settings(ENVIRONMENT=changed):
        yield


def changed(**parts: str) -> str:
    """The test database's URL with other parts: user, password, host, port or path."""
    url = urlsplit(database_url())
    user, password = parts.get("user", url.username), parts.get("password", url.password)
    place = f"{parts.get('host', url.hostname)}:{parts.get('port', url.port)}"
    path = parts.get("path", url.path)
    return urlunsplit(url._replace(netloc=f"{user}:{password}@{place}", path=path))


@pytest.mark.parametrize(
    ("parts", "cause"),
    [
        ({}, IN_USE),
        ({"password": "wrong"}, "refuses the user or password of VAULTSITE_DATABASE_URL"),
        ({"path": "/nothing"}, "the database or role of VAULTSITE_DATABASE_URL does not exist"),
        ({"port": str(free_port())}, "out of reach: connection refused"),
        ({"host": "nothing.invalid"}, "the host of VAULTSITE_DATABASE_URL is unknown"),
    ],
)
def test_causes_have_words(database: None, parts: dict[str, str], cause: str) -> None:
    with connecting_to(changed(**parts)):
        assert connection_problem() == cause


def test_a_pooler_that_refuses_options_is_named(database: None) -> None:
    """What PgBouncer 1.18 answers to our startup message."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    thread = threading.Thread(target=_refuse_options, args=(listener,))
    thread.start()
    with connecting_to(changed(port=str(listener.getsockname()[1]))):
        problem = connection_problem()
    thread.join(10)
    listener.close()
    assert problem.startswith("a connection pooler in between refuses `options`")


def _refuse_options(listener: socket.socket) -> None:
    fields = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
    error = b"E" + struct.pack("!I", len(fields) + 4) + fields
    while True:
        connection = listener.accept()[0]
        with connection:
            length, code = struct.unpack("!II", connection.recv(8))
            if code in (80877103, 80877104):  # asks for TLS or GSS encryption
                connection.sendall(b"N")
                length, _ = struct.unpack("!II", connection.recv(8))
            connection.recv(length)
            connection.sendall(error)
            return
