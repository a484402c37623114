"""The toolkit's protocol engine, reduced to what is offered: authorization code and refresh token
for people's agents, client credentials for service accounts, bearer tokens.
"""

from functools import partial
from typing import Any

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.common import Request as OAuthLibRequest
from oauthlib.oauth2 import BearerToken, Server
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError
from oauthlib.oauth2.rfc6749.tokens import OAuth2Token

from identity.authorization_server.client_authentication import authenticate_service_account
from identity.authorization_server.token_request import CONTEXT_HEADER, OAuthRequest, TokenGrant
from identity.authorization_server.tokens import resource_scope
from identity.models import Client
from identity.web.request_context import NO_CONTEXT

DEFAULT_LIFE = 3600


class VaultBearer(BearerToken):
    """Bearer tokens, with a refresh token only where the person allowed `offline_access`."""

    def create_token(
        self, request: OAuthRequest, refresh_token: bool = False, **kwargs: Any
    ) -> OAuth2Token:
        grant: TokenGrant = request.grant
        if not resource_scope(request.scopes):
            raise InvalidScopeError(request=request)
        stays = refresh_token and grant.may_stay
        return super().create_token(request, refresh_token=stays, **kwargs)


class VaultServer(Server):
    """OAUTH2_SERVER_CLASS. No implicit, password, device or hybrid flow."""

    def __init__(
        self,
        request_validator: OAuth2Validator,
        token_expires_in: Any = None,
        token_generator: Any = None,
        refresh_token_generator: Any = None,
        **kwargs: Any,
    ) -> None:
        parts = (request_validator, token_expires_in, token_generator, refresh_token_generator)
        super().__init__(*parts, **kwargs)
        life = partial(_life, seconds=token_expires_in or DEFAULT_LIFE)
        bearer = VaultBearer(request_validator, token_generator, life, refresh_token_generator)
        self.bearer = self._default_token_type = bearer
        self._tokens = {"Bearer": bearer}
        self._response_types = {"code": self.auth_grant}
        self._grant_types = {
            "authorization_code": self.auth_grant,
            "refresh_token": self.refresh_grant,
            "client_credentials": self.credentials_grant,
        }


def _life(request: OAuthRequest, seconds: int) -> int:
    grant: TokenGrant = request.grant
    return grant.life(seconds)


class VaultCore(OAuthLibCore):
    """OAUTH2_BACKEND_CLASS. Passes on two headers and the request's context."""

    def proven_client(self, request: HttpRequest) -> Client | None:
        """The service account that sends the request, if it authenticates."""
        parts: Any = self._extract_params  # untyped
        proof = authenticate_service_account(OAuthLibRequest(*parts(request)))
        return proof.client if proof else None

    def extract_headers(self, request: HttpRequest) -> dict[str, Any]:
        headers: dict[str, Any] = {CONTEXT_HEADER: getattr(request, "context", NO_CONTEXT)}
        for name in ("Authorization", "Content-Type"):
            if name in request.headers:
                headers[name] = request.headers[name]
        if "Authorization" in headers:
            headers["HTTP_AUTHORIZATION"] = headers["Authorization"]  # where the toolkit looks
        return headers
