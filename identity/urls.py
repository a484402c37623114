"""The authorization server and people's sign-in, mounted at the root.

Chosen views only: the toolkit's own addresses, the device flow and open sign-up are not mounted.
"""

from allauth.account import views as account
from django.db.transaction import atomic
from django.urls import path, re_path

from identity.authorizing import authorize
from identity.endpoints import introspect, register, revoke, token
from identity.metadata import authorization_server, jwks, mcp_resource, rest_resource
from identity.progress import complete, status

WELL_KNOWN = ".well-known/oauth-protected-resource"

urlpatterns = [
    path(".well-known/oauth-authorization-server", authorization_server),
    path(".well-known/openid-configuration", authorization_server),
    path(WELL_KNOWN, mcp_resource),
    path(f"{WELL_KNOWN}/api/mcp", mcp_resource),
    path(f"{WELL_KNOWN}/api/v1", rest_resource),
    path(f"api/v1/{WELL_KNOWN}", rest_resource),
    path("oauth/jwks", jwks, name="jwks"),
    path("oauth/register", register, name="register"),
    path("oauth/authorize", authorize, name="authorize"),
    path("oauth/token", token, name="token"),
    path("oauth/revoke", revoke, name="revoke"),
    path("oauth/introspect", introspect, name="introspect"),
    path("oauth/status/<uuid:identifier>", status, name="status"),
    path("oauth/complete", complete, name="complete"),
    # allauth looks these up by their names. A changed password and the end of what lived by the
    # old one are one transaction.
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path(
        "account/password/change/", atomic(account.password_change), name="account_change_password"
    ),
    path("account/password/reset/", account.password_reset, name="account_reset_password"),
    path(
        "account/password/reset/done/",
        account.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        atomic(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
