"""Stylesheet, logo and scripts are served whole and cached by the browser."""

from django.http.response import HttpResponseBase
from django.test import Client


def fetched(path: str, **headers: str) -> HttpResponseBase:
    """The answer to a request for a static file."""
    return Client().get(f"/static/{path}", headers=headers)


def test_static_files_come_whole_with_their_type() -> None:
    for path, kind in (
        ("vault.css", "text/css"),
        ("vault.svg", "image/svg+xml"),
        ("rows.js", "text/javascript"),
    ):
        answer = fetched(path)
        assert (answer.status_code, answer.streaming) == (200, False)
        assert answer["Content-Type"].startswith(kind)
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_unchanged_file_is_not_sent_again() -> None:
    first = fetched("vault.css")
    again = fetched("vault.css", if_modified_since=first["Last-Modified"])
    assert again.status_code == 304
    assert "Content-Type" not in again.headers


def test_what_is_no_static_file_is_not_found() -> None:
    assert fetched("../vaultsite/settings.py").status_code == 404
