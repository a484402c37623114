"""The person's decision on the consent page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from oauth2_provider.oauth2_backends import get_oauthlib_core

from access.actor import Actor
from access.levels import Role
from access.scopes import OFFLINE_ACCESS, Scope
from access.tenancy import acting_transaction, require_authentication, use_tenant
from audit.events import Event, Outcome
from audit.recording import record_in_transaction
from foundation.db.clock import database_now
from foundation.errors import Denied, Invalid, StepUpRequired
from identity.authorization_server.authorization_request import (
    AuthorizationParameters,
    response_uri,
)
from identity.authorization_server.client_names import clean_name
from identity.authorization_server.resources import grantable_scopes
from identity.authorization_server.tokens import resource_scope
from identity.models import AuthorizeRequest, Consent
from identity.sign_in.actors import console_actor, sign_in_actor
from identity.sign_in.tenant_access import memberships, require_second_factor
from identity.tokens.grant_family import end_families
from identity.tokens.secret_format import digest
from tenants.agents import connect_agent, free_name
from tenants.memberships import lock_membership
from tenants.models import Agent, AgentState, Membership, Person

DECIDE_WITHIN = timedelta(minutes=10)
MOST_OPEN = 20
REFRESH_WITHIN = timedelta(days=90)
DECLINED = "The person declined."
NOTHING_TICKED = "Nothing was allowed."
AGENT_WAITS = (
    "An owner or admin of the tenant must approve this agent first; connect it again afterwards."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The submitted form: the tenant's slug, the agent's name, the ticked scopes."""

    tenant: str
    agent: str
    scopes: Sequence[str]


def store_request(
    asked: AuthorizationParameters, person: Person, session_key: str
) -> AuthorizeRequest:
    """Store the request until this person decides in this browser session.

    Only the newest few stay open, so that rows do not pile up.
    """
    open_requests = AuthorizeRequest.objects.filter(person=person, decided_at=None)
    older = open_requests.order_by("-created_at").values_list("pk", flat=True)[MOST_OPEN - 1 :]
    AuthorizeRequest.objects.filter(pk__in=list(older)).delete()
    return AuthorizeRequest.objects.create(
        client=asked.client,
        person=person,
        session_digest=digest(session_key),
        redirect_uri=asked.redirect_uri,
        state=asked.state,
        scope=" ".join(asked.scopes),
        resource=asked.resource,
        code_challenge=asked.code_challenge,
        expires_at=database_now() + DECIDE_WITHIN,
    )


def stored_request(
    identifier: UUID, person: Person, session_key: str
) -> QuerySet[AuthorizeRequest]:
    """The stored request, only for the person and session that it was shown to."""
    return AuthorizeRequest.objects.filter(
        pk=identifier, person=person, session_digest=digest(session_key)
    )


def suggested_name(asked: AuthorizeRequest, actor: Actor) -> str:
    """The client's present name in the tenant, or a free one like the name it gives itself."""
    with acting_transaction(actor):
        known = _agents(actor).filter(client_id=asked.client_id).first()
        return known.name if known else free_name(asked.person_id, actor, asked.client.name)


def names_of_agents(actor: Actor) -> list[str]:
    """The person's agents in a tenant; choosing one of these names continues that agent."""
    with acting_transaction(actor):
        return sorted(set(_agents(actor).values_list("name", flat=True)))


def may_stay(asked: AuthorizeRequest) -> bool:
    """Whether the person may let the client stay connected although it did not ask for it.

    Older clients register the refresh grant and never ask for `offline_access`.
    """
    return asked.client.uses_refresh_tokens and OFFLINE_ACCESS not in asked.scope.split()


def deny(asked: AuthorizeRequest, request: HttpRequest, why: str = DECLINED) -> str:
    """Record a refusal. Returns where to send the browser; joins the caller's transaction."""
    asked.decided_at = database_now()
    asked.save(update_fields=["decided_at"])
    actor = sign_in_actor(request, asked.person_id, client_id=asked.client_id)
    record_in_transaction(actor, Event.CLIENT_AUTHORIZED, outcome=Outcome.DENIED, reason="declined")
    return _refused(asked, why)


def allow(asked: AuthorizeRequest, decision: Decision, request: HttpRequest) -> str:
    """Record consent. Returns where to send the browser; joins the caller's transaction.

    Raises Invalid for a tenant that is not one of the person's.
    """
    membership = next(
        (row for row in memberships(request) if row.tenant.slug == decision.tenant), None
    )
    if membership is None:
        raise Invalid("Choose one of your tenants.", "tenant")
    name = clean_name(decision.agent) or asked.client.name
    require_second_factor(request, membership.tenant)
    actor = console_actor(request, asked.person, membership)
    use_tenant(actor.tenant_id)
    if lock_membership(actor, asked.person_id) is None:
        raise Denied("Your access to this tenant has ended.")
    require_authentication(actor)
    offered = [*asked.scope.split(), *([OFFLINE_ACCESS] if may_stay(asked) else [])]
    granted = grantable_scopes(decision.scopes, offered, Role(membership.role))
    if not resource_scope(granted):
        return deny(asked, request, NOTHING_TICKED)
    if Scope.ADMIN in granted and not actor.recently_authenticated:
        raise StepUpRequired("Sign in again to allow the administration of a tenant.")
    agent = connect_agent(actor, asked.client_id, name)
    asked.decided_at = database_now()
    asked.allowed = agent.state == AgentState.ACTIVE
    asked.save(update_fields=["decided_at", "allowed"])
    if not asked.allowed:
        return _refused(asked, AGENT_WAITS)
    return _issue(asked, _consent(asked, membership, agent, granted), request)


def _consent(
    asked: AuthorizeRequest, membership: Membership, agent: Agent, granted: list[str]
) -> Consent:
    same_agent = Q(agent_id=agent.pk, tenant_id=membership.tenant_id)
    end_families(same_agent & ~Q(client_id=asked.client_id), Event.TOKEN_REVOKED, "agent moved on")
    Consent.objects.filter(same_agent).update(agent_name=agent.name)
    if asked.client.authorized_at is None:
        asked.client.authorized_at = asked.decided_at
        asked.client.save(update_fields=["authorized_at"])
    assert asked.decided_at is not None
    return Consent.objects.create(
        client=asked.client,
        person=asked.person,
        tenant_id=membership.tenant_id,
        membership_id=membership.pk,
        agent_id=agent.pk,
        agent_name=agent.name,
        resource=asked.resource,
        scope=" ".join(granted),
        refresh_until=asked.decided_at + REFRESH_WITHIN,
    )


def _issue(asked: AuthorizeRequest, consent: Consent, request: HttpRequest) -> str:
    """Issue the code through the toolkit, which checks client, redirect URI and scopes again."""
    location, *_ = get_oauthlib_core().create_authorization_response(
        request,
        scopes=consent.scope.split(),
        credentials={
            "client_id": asked.client.client_id,
            "redirect_uri": asked.redirect_uri,
            "response_type": "code",
            "state": asked.state or None,
            "code_challenge": asked.code_challenge,
            "code_challenge_method": "S256",
            "consent": consent,
            "asked": asked,
        },
        allow=True,
    )
    return str(location)


def _refused(asked: AuthorizeRequest, description: str) -> str:
    return response_uri(
        asked.redirect_uri,
        error="access_denied",
        error_description=description,
        state=asked.state,
    )


def _agents(actor: Actor) -> QuerySet[Agent]:
    assert actor.person_id is not None
    agents = Agent.objects.of(actor).filter(person_id=actor.person_id)
    return agents.exclude(state=AgentState.REMOVED)
