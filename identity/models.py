"""The models of this app, which Django finds here; each is defined in the room it belongs to."""

from identity.authorization_server.models import (
    AccessToken,
    AuthorizationCode,
    AuthorizeRequest,
    Client,
    ClientState,
    Consent,
    DeviceGrant,
    IDToken,
    RefreshToken,
    SigningKey,
)
from identity.oidc_client.models import ProviderAccount, SingleSignOn
from identity.service_accounts.models import AccountProof, PersonalToken, ProofKind, UsedAssertion
from identity.sign_in.models import BrowserSession, KnownPlace, Letter, Milestone

__all__ = [
    "AccessToken",
    "AccountProof",
    "AuthorizationCode",
    "AuthorizeRequest",
    "BrowserSession",
    "Client",
    "ClientState",
    "Consent",
    "DeviceGrant",
    "IDToken",
    "KnownPlace",
    "Letter",
    "Milestone",
    "PersonalToken",
    "ProofKind",
    "ProviderAccount",
    "RefreshToken",
    "SigningKey",
    "SingleSignOn",
    "UsedAssertion",
]
