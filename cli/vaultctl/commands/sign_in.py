"""login, logout, status."""

import time

import click

from vaultctl import oauth, sessions
from vaultctl.application import Application, command
from vaultctl.configuration import pipeline_identity, remember_url, require_safe
from vaultctl.errors import NotSignedIn
from vaultctl.output import fields
from vaultctl.transport import new_client

SCOPES = "vault:read vault:write offline_access"
ADMIN_SCOPES = "vault:read vault:write vault:admin"


@command("login", short_help="Sign in with the browser.")
@click.argument("server", required=False, metavar="[URL]")
@click.option(
    "--admin", is_flag=True, help="Ask for administration too, without staying signed in."
)
@click.option("--no-browser", is_flag=True, help="Only print the address to open.")
def login(app: Application, *, server: str | None, admin: bool, no_browser: bool) -> None:
    """Sign in to the server at URL with the browser, and use that server from now on.

    --admin is for owners and admins of a tenant. It asks for a fresh sign-in, and ends with the
    access token, after an hour at most.
    """
    from vaultctl.loopback import authorize

    url = require_safe(server.rstrip("/")) if server else app.url
    store = sessions.open_store()
    with new_client("login") as http:
        session = authorize(
            http, url, ADMIN_SCOPES if admin else SCOPES, note=app.note, browse=not no_browser
        )
        with sessions.locked():
            earlier = store.get(url)
            store.put(url, session)
        if earlier is not None:
            oauth.revoke(http, url, earlier)
    remember_url(url)
    data = {"url": url, "scope": session.scope, "store": store.name}
    app.show(data, f"Signed in to {url} ({session.scope}).")


@command("logout", short_help="Sign out, here and on the server.")
def logout(app: Application) -> None:
    """Sign out: the tokens end on the server and are removed here."""
    url = app.url
    store = sessions.open_store()
    with sessions.locked():
        session = store.get(url)
        store.put(url, None)
    if session is not None:
        with new_client("logout") as http:
            oauth.revoke(http, url, session)
    app.show({"url": url, "signedOut": session is not None}, f"Signed out of {url}.")


@command("status", short_help="Show who is signed in, and where.")
def status(app: Application) -> None:
    """Show the server, the sign-in, and whether the server accepts it."""
    url = app.url
    identity = pipeline_identity()
    store = sessions.open_store()
    session = None if identity else store.get(url)
    if identity is None and session is None:
        raise NotSignedIn(f"You are not signed in to {url}.")
    app.api().get("credentials", limit=1)
    session = None if identity else store.get(url)
    kind = "person"
    if identity is not None:
        kind = "service account" if identity.account else "personal token"
    data = {
        "url": url,
        "as": kind,
        "account": identity.account if identity else "",
        "scope": session.scope if session else "",
        "secondsLeft": int(session.expires_at - time.time()) if session else None,
        "renews": bool(session and session.refresh),
        "store": None if identity else store.name,
    }
    app.show(
        data,
        lambda: fields(
            [
                ("server", url),
                ("signed in as", data["account"] or kind),
                ("scope", data["scope"]),
                ("kept in", data["store"]),
                ("stays signed in", data["renews"]),
            ]
        ),
    )
