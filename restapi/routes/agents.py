"""What acts without a person at the keyboard: agents, service accounts, personal tokens."""

from foundation.errors import Conflict, NotFound
from identity import operations as identity
from restapi.routes.route import Route, section
from tenants import operations as tenants

ACCOUNT = "service-accounts/{serviceAccountId}"
PROOFS = "service-accounts/{accountId}"
TOKEN = "personal-tokens/{tokenId}"

ROUTES = (
    *section(
        "Agents",
        Route(
            tenants.list_agents,
            "GET",
            "agents",
            "List your own agents, or everybody's",
            errors=(NotFound,),
        ),
        Route(
            tenants.show_agent, "GET", "agents/{agentId}", "Show an agent of your own, or anybody's"
        ),
        Route(
            tenants.disconnect_agent,
            "DELETE",
            "agents/{agentId}",
            "Disconnect an agent of your own; its leases end at once",
        ),
        Route(
            tenants.change_agent,
            "PUT",
            "agents/{agentId}/state",
            "Suspend, resume, approve or remove an agent",
            errors=(Conflict,),
        ),
        Route(
            tenants.rename_agent,
            "PUT",
            "agents/{agentId}/name",
            "Rename an agent",
            errors=(Conflict,),
        ),
        Route(
            identity.list_clients,
            "GET",
            "clients",
            "List the OAuth clients that are in use here, or suspended",
        ),
        Route(identity.show_client, "GET", "clients/{clientId}", "Show an OAuth client"),
        Route(
            identity.change_client_state,
            "PUT",
            "clients/{clientId}/state",
            "Suspend an OAuth client in this tenant with all its agents, or resume it",
        ),
        Route(
            identity.remove_client,
            "DELETE",
            "clients/{clientId}",
            "Remove every agent of an OAuth client from this tenant",
        ),
    ),
    *section(
        "Service accounts",
        Route(
            tenants.list_service_accounts,
            "GET",
            "service-accounts",
            "List service accounts by name",
        ),
        Route(
            tenants.create_service_account,
            "POST",
            "service-accounts",
            "Create a service account, without grants and without a secret",
            status=201,
            errors=(Conflict,),
            versioned=True,
        ),
        Route(
            tenants.show_service_account, "GET", ACCOUNT, "Show a service account", versioned=True
        ),
        Route(
            tenants.change_service_account,
            "PATCH",
            ACCOUNT,
            "Rename, describe, suspend, resume or remove a service account",
            errors=(Conflict,),
            versioned=True,
            conditional=True,
        ),
        Route(
            identity.list_account_secrets,
            "GET",
            f"{PROOFS}/secrets",
            "List a service account's secrets without their values",
        ),
        Route(
            identity.add_account_secret,
            "POST",
            f"{PROOFS}/secrets",
            "Add a secret to a service account; only this answer shows it, once",
            status=201,
            errors=(Conflict,),
            kept_back=frozenset({"idempotencyKey"}),
            again={"secret": lambda _actor, _kept: None},
        ),
        Route(
            identity.remove_account_secret,
            "DELETE",
            "service-account-secrets/{proofId}",
            "Remove a secret; the tokens issued for it end",
        ),
        Route(
            identity.list_account_keys,
            "GET",
            f"{PROOFS}/keys",
            "List a service account's public keys",
        ),
        Route(
            identity.add_account_key,
            "POST",
            f"{PROOFS}/keys",
            "Register a service account's public key for signed assertions",
            status=201,
            errors=(Conflict,),
            kept_back=frozenset({"idempotencyKey"}),
        ),
        Route(
            identity.remove_account_key,
            "DELETE",
            "service-account-keys/{proofId}",
            "Remove a public key; the tokens issued for it end",
        ),
    ),
    *section(
        "Personal tokens",
        Route(
            identity.list_personal_tokens,
            "GET",
            "personal-tokens",
            "List your own personal tokens, or everybody's, without their values",
        ),
        Route(
            identity.show_personal_token, "GET", TOKEN, "Show a personal token without its value"
        ),
        Route(identity.revoke_personal_token, "DELETE", TOKEN, "End a personal token at once"),
    ),
)
