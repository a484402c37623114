"""The client credentials grant (RFC 6749 §4.4): an access token for REST within the account's
scopes.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error

from access.actor import Actor
from access.tenancy import use_tenant
from audit.events import Event
from audit.recording import record_in_transaction
from foundation.db.clock import database_now
from identity.authorization_server.client_authentication import service_account_actor
from identity.authorization_server.resources import InvalidTarget, named_resources, resource_from
from identity.authorization_server.token_request import CONTEXT_HEADER, OAuthRequest, SignedToken
from identity.models import AccessToken, Client
from identity.service_accounts.models import AccountProof
from identity.tokens.secret_format import digest
from tenants.models import ServiceAccount


@dataclass(frozen=True, slots=True)
class AccountGrant:
    """The credential that the client brought, and the service account that acts."""

    proof: AccountProof
    actor: Actor

    @property
    def client(self) -> Client:
        return self.proof.client

    @property
    def subject(self) -> str:
        """RFC 9068 §2.2: the client itself, because there is no person."""
        return self.proof.client.client_id

    @property
    def tenant_id(self) -> UUID:
        return self.actor.tenant_id

    @property
    def resource(self) -> str:
        rest: str = settings.REST_RESOURCE
        return rest

    @property
    def may_stay(self) -> bool:
        """No refresh token: the credential is at hand whenever the next token is needed."""
        return False

    def life(self, seconds: int) -> int:
        """The token's lifetime in seconds; it ends with the credential at the latest."""
        left = self.proof.expires_at - database_now()
        return max(1, min(seconds, int(left.total_seconds())))


def account_grant(request: OAuthRequest) -> AccountGrant:
    """The grant of the request's credential; invalid_target for a resource other than REST."""
    proof: AccountProof = request.proof
    named = named_resources(request)
    try:
        resource = resource_from(named) if named else settings.REST_RESOURCE
    except InvalidTarget as error:
        raise CustomOAuth2Error("invalid_target", str(error), request=request) from None
    if resource != settings.REST_RESOURCE:
        raise CustomOAuth2Error("invalid_target", "Only REST, for this client.", request=request)
    return AccountGrant(
        proof, service_account_actor(proof.client, request.headers[CONTEXT_HEADER], proof.scope)
    )


def save_account_token(token: str, scope: str, grant: AccountGrant, signed: SignedToken) -> None:
    """Store the token under its hash, and record the use; joins the caller's transaction."""
    proof, actor = grant.proof, grant.actor
    use_tenant(actor.tenant_id)
    AccessToken.objects.create(
        id=signed.jti,
        proof=proof,
        signing_key=signed.key,
        application=proof.client,
        token_checksum=digest(token),
        expires=signed.expires_at,
        scope=scope,
        resource=[grant.resource],
    )
    now = database_now()
    proof.last_used_at = now
    proof.save(update_fields=["last_used_at"])
    ServiceAccount.objects.of(actor).filter(pk=actor.subject).update(
        last_used_at=now, last_address=actor.address
    )
    record_in_transaction(
        actor,
        Event.TOKEN_ISSUED,
        token=str(signed.jti),
        scope=scope,
        resource=grant.resource,
        proof=str(proof.pk),
    )


def revoke_account_token(token: AccessToken, request: OAuthRequest) -> None:
    """End one token at the request of its own account."""
    assert token.proof is not None
    actor = service_account_actor(token.proof.client, request.headers[CONTEXT_HEADER])
    jti = str(token.pk)
    token.delete()
    record_in_transaction(actor, Event.TOKEN_REVOKED, token=jti, reason="revoked by the client")
