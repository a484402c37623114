"""The authorization server and people's sign-in, mounted at the root.

Only selected views: the toolkit's own addresses and the device flow are not mounted.
"""

from django.urls import include, path

from identity.authorization_server.authorization_status import complete, status
from identity.authorization_server.authorize_view import authorize
from identity.authorization_server.endpoints import introspect, register, revoke, token
from identity.authorization_server.metadata import authorization_server, jwks
from identity.oidc_client import views as single_sign_on
from identity.resource_server.metadata import mcp_resource, rest_resource
from identity.sign_in import invitation
from identity.sign_in.setup import follow_link, root_key_kept, setup

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
    path("setup/", setup, name="setup"),
    path("setup/root-key-kept/", root_key_kept, name="root_key_kept"),
    path("setup/<str:token>/", follow_link, name="setup_link"),
    path("invitations/", invitation.invitation, name="invitation"),
    path("invitations/<str:link>", invitation.follow_link, name="invitation_link"),
    path("account/sso/", single_sign_on.choose, name="sso"),
    path("account/sso/<slug:slug>/", single_sign_on.start, name="sso_start"),
    path("account/sso/<slug:slug>/again/", single_sign_on.again, name="sso_again"),
    path("account/sso/<slug:slug>/callback/", single_sign_on.callback, name="sso_callback"),
    path("account/", include("identity.sign_in.urls")),
]
