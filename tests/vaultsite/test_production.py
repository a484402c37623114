"""What production answers behind a TLS proxy, which speaks plain HTTP to the web process."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.production import (
    HOST,
    PROJECT,
    PUBLIC_URL,
    production_environment,
    running_web,
    through_proxy,
)

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SIGN_IN = "/account/login/"
KEYS = ("secret_key", "root_key", "handle_key", "audit_key")


@pytest.fixture(scope="module")
def web(django_db_setup: None) -> Iterator[int]:
    """The port of a production web process."""
    with running_web() as port:
        yield port


@pytest.fixture
def browser(web: int, database: None) -> Iterator[httpx2.Client]:
    """A browser behind the proxy."""
    with through_proxy(web) as client:
        yield client


def send_form(browser: httpx2.Client, **headers: str) -> httpx2.Response:
    """What the sign-in form answers, sent with its token and these headers."""
    page = browser.get(SIGN_IN)
    found = TOKEN.search(page.text)
    assert found is not None
    cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    form = {"csrfmiddlewaretoken": found[1], "login": "a@example.org", "password": "wrong"}
    return browser.post(SIGN_IN, data=form, headers={"Cookie": cookies, **headers})


@pytest.mark.parametrize("path", [SIGN_IN, "/", "/api/v1/credentials", "/no-such-page"])
def test_every_answer_of_django_asks_for_tls(browser: httpx2.Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_form_is_taken_from_our_own_origin(browser: httpx2.Client) -> None:
    assert send_form(browser, Origin=PUBLIC_URL).status_code == 200
    assert send_form(browser, Referer=f"{PUBLIC_URL}{SIGN_IN}").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": f"http://{HOST}"},
        {"Origin": "https://other.example.org"},
        {"Referer": f"http://{HOST}{SIGN_IN}"},
        {"Referer": "https://other.example.org/"},
    ],
    ids=["neither", "http origin", "other origin", "http referer", "other referer"],
)
def test_a_form_is_refused_from_anywhere_else(
    browser: httpx2.Client, headers: dict[str, str]
) -> None:
    assert send_form(browser, **headers).status_code == 403


def test_cookies_are_for_tls_only(browser: httpx2.Client) -> None:
    cookies = browser.get(SIGN_IN).headers.get_list("set-cookie")
    assert cookies
    assert all(cookie.startswith("__Host-") and "Secure" in cookie for cookie in cookies)


def test_keys_made_as_documented_pass_every_check(database: None, tmp_path: Path) -> None:
    """The recipe of docs/settings.md, in another folder."""
    settings_page = (PROJECT / "docs" / "settings.md").read_text()
    (recipe,) = re.findall(r"```sh\n(umask 077\n.*?)```", settings_page, re.DOTALL)
    script = recipe.replace("/etc/vault", str(tmp_path)).replace("python3", sys.executable)
    subprocess.run(["/bin/sh", "-euc", script], check=True)
    files = {f"VAULTSITE_{name.upper()}_FILE": str(tmp_path / name) for name in KEYS}

    checked = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=PROJECT,
        env=production_environment(**files),
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
    assert {path.name for path in tmp_path.iterdir()} == set(KEYS)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())
