"""The toolkit's protocol engine, cut down to what is offered: code and refresh, bearer tokens."""

from typing import Any

from django.http import HttpRequest
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2 import BearerToken, Server
from oauthlib.oauth2.rfc6749.errors import InvalidScopeError
from oauthlib.oauth2.rfc6749.tokens import OAuth2Token

from access.scopes import OFFLINE_ACCESS
from identity.exchange import CAME, Grant, OAuthRequest
from identity.origins import NOBODY
from identity.tokens import resource_scope


class VaultBearer(BearerToken):
    """Bearer tokens, with a refresh token only where the person allowed `offline_access`."""

    def create_token(
        self, request: OAuthRequest, refresh_token: bool = False, **kwargs: Any
    ) -> OAuth2Token:
        grant: Grant = request.grant
        if not resource_scope(request.scopes):
            raise InvalidScopeError(request=request)
        allowed = OFFLINE_ACCESS in grant.family.consent.scope.split()
        return super().create_token(request, refresh_token=refresh_token and allowed, **kwargs)


class VaultServer(Server):
    """OAUTH2_SERVER_CLASS. No implicit, password, client credentials, device or hybrid flow."""

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
        bearer = VaultBearer(
            request_validator, token_generator, token_expires_in, refresh_token_generator
        )
        self.bearer = self._default_token_type = bearer
        self._tokens = {"Bearer": bearer}
        self._response_types = {"code": self.auth_grant}
        self._grant_types = {
            "authorization_code": self.auth_grant,
            "refresh_token": self.refresh_grant,
        }


class VaultCore(OAuthLibCore):
    """OAUTH2_BACKEND_CLASS. Hands on the two headers that the protocol has, and how it came."""

    def extract_headers(self, request: HttpRequest) -> dict[str, Any]:
        headers: dict[str, Any] = {CAME: getattr(request, "came", NOBODY)}
        for name in ("Authorization", "Content-Type"):
            if name in request.headers:
                headers[name] = request.headers[name]
        if "Authorization" in headers:
            headers["HTTP_AUTHORIZATION"] = headers["Authorization"]  # where the toolkit looks
        return headers
