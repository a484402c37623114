"""Every way in: an actor as each channel makes it, and everything that ends such an access."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db.models import Q
from django.db.transaction import atomic
from django.http import HttpRequest
from django.test import Client

from access.actions import Channel
from access.actor import Actor
from audit.events import Event
from console.page_context import actor_for
from credentials.operations import give_grant
from credentials.shapes.grants import GiveGrant
from foundation.db.ids import public_id
from identity.models import AccessToken
from identity.operations import change_client_state, remove_account_secret, revoke_personal_token
from identity.resource_server.verification import actor_from_token
from identity.shapes import ChangeClient
from identity.sign_in.live_sessions import live_sessions
from identity.sign_in.session_events import end_sessions
from identity.sign_in.tenant_access import CONFINED_THROUGH, CONFINED_TO
from identity.tokens.grant_family import end_families
from tenants.operations import change_service_account, remove_member, suspend_member
from tenants.shapes.members import RemoveMember, SuspendMember
from tenants.shapes.service_accounts import ChangeServiceAccount
from tests.console.pages import signed_in
from tests.identity.oidc_providers import set_up
from tests.machines import Machine, new_account, new_secret, new_token, opened, token_of, value_of
from tests.oauth_client import OAuthClient, Tokens, in_process, sign_in
from tests.people import PASSWORD, Somebody, set_agent
from tests.storage import owner_sql

ISSUER = "https://login.example.org"
KEY = "stripe-api-key"


@dataclass
class Scene:
    """A member of the owner's tenant, and how the last channel admitted somebody."""

    owner: Somebody
    member: Somebody
    actor: Actor | None = None
    made: dict[str, Any] = field(default_factory=dict)


# -- channels ------------------------------------------------------------------------------------


def _agent(scene: Scene, resource: str, channel: Channel) -> Actor:
    with in_process() as http, in_process() as browser:
        client = OAuthClient(http, resource=resource)
        client.register()
        sign_in(browser, scene.member.person.email, PASSWORD)
        scopes = "vault:read vault:write offline_access"
        tokens = client.tokens(client.redeem(client.code(browser, scopes)))
    scene.made |= {"client": client, "tokens": tokens}
    return actor_from_token(tokens.access, resource=resource, channel=channel)


def over_mcp(scene: Scene) -> Actor:
    """An agent with an access token for MCP."""
    return _agent(scene, settings.MCP_RESOURCE, Channel.MCP)


def over_rest(scene: Scene) -> Actor:
    """A program with an access token for REST."""
    return _agent(scene, settings.REST_RESOURCE, Channel.REST)


def by_personal_token(scene: Scene) -> Actor:
    """A program with a personal token."""
    created = new_token(scene.member, scopes=["vault:read", "vault:write"])
    scene.made["personal"] = created.token_id
    return actor_from_token(
        value_of(created), resource=settings.REST_RESOURCE, channel=Channel.REST
    )


def by_account(scene: Scene) -> Actor:
    """A service account, by a token that it got with its secret."""
    account = new_account(scene.owner)
    data = {"serviceAccountId": account, "level": "user", "key": KEY}
    give_grant(scene.owner.console, GiveGrant.parse(data))
    created = new_secret(scene.owner, account)
    scene.made |= {"account": account, "secret": created.proof_id}
    with in_process() as http:
        token = token_of(Machine(http, account, opened(created)).by_secret())
    return actor_from_token(token, resource=settings.REST_RESOURCE, channel=Channel.REST)


def at_the_console(scene: Scene) -> Actor:
    """A person in a browser session."""
    scene.made["browser"] = signed_in(scene.member)
    return actor_for(_request(scene.made["browser"]))


def through_a_provider(scene: Scene) -> Actor:
    """A person in a browser session that came through the tenant's own provider."""
    set_up(scene.owner, ISSUER)
    browser = scene.made["browser"] = signed_in(scene.member)
    session = browser.session
    session.update({CONFINED_TO: str(scene.owner.console.tenant_id), CONFINED_THROUGH: ISSUER})
    session.save()
    return actor_for(_request(browser))


def _request(browser: Client) -> HttpRequest:
    (request,) = live_sessions([browser.cookies[settings.SESSION_COOKIE_NAME].value]).values()
    request.META["REMOTE_ADDR"] = "192.0.2.7"
    return request


AGENTS = (over_mcp, over_rest)
BROWSERS = (at_the_console, through_a_provider)
OF_THE_PERSON = (*AGENTS, by_personal_token, *BROWSERS)
CHANNELS: tuple[Callable[[Scene], Actor], ...] = (*OF_THE_PERSON, by_account)


# -- endings -------------------------------------------------------------------------------------


def _revoke(scene: Scene, which: str) -> None:
    client: OAuthClient = scene.made["client"]
    tokens: Tokens = scene.made["tokens"]
    with in_process() as http:
        client.http = http
        assert client.revoke(getattr(tokens, which)).status_code == 200


def revoke_the_token(scene: Scene) -> None:
    _revoke(scene, "access")


def revoke_the_family(scene: Scene) -> None:
    _revoke(scene, "refresh")


def end_the_consent(scene: Scene) -> None:
    with atomic():
        end_families(Q(person=scene.member.person), Event.TOKEN_REVOKED, "test")


def let_the_token_expire(_: Scene) -> None:
    assert AccessToken.objects.count() == 1
    owner_sql("UPDATE identity_accesstoken SET expires = clock_timestamp()")


def suspend_the_agent(scene: Scene) -> None:
    assert scene.actor
    set_agent(scene.owner, scene.actor.agent_id, "suspended")


def remove_the_agent(scene: Scene) -> None:
    assert scene.actor
    set_agent(scene.owner, scene.actor.agent_id, "removed")


def suspend_the_client_here(scene: Scene) -> None:
    assert scene.actor
    assert scene.actor.client_id
    wish = {"clientId": public_id("client", scene.actor.client_id), "state": "suspended"}
    change_client_state(scene.owner.console, ChangeClient.parse(wish))


def suspend_the_client_everywhere(scene: Scene) -> None:
    call_command("change_client", scene.made["client"].client_id, "suspended")


def remove_the_client_everywhere(scene: Scene) -> None:
    call_command("change_client", scene.made["client"].client_id, "removed")


def remove_the_member(scene: Scene) -> None:
    remove_member(scene.owner.console, RemoveMember(person_id=scene.member.id))


def suspend_the_membership(scene: Scene) -> None:
    suspend_member(scene.owner.console, SuspendMember(person_id=scene.member.id))


def deactivate_the_person(scene: Scene) -> None:
    owner_sql("UPDATE person SET is_active = false WHERE id = %s", scene.member.person.pk)


def suspend_the_tenant(scene: Scene) -> None:
    owner_sql("UPDATE tenant SET suspended_at = now() WHERE id = %s", scene.owner.console.tenant_id)


def sign_out(scene: Scene) -> None:
    assert scene.made["browser"].post("/account/logout/").status_code == 302


def end_the_sessions(scene: Scene) -> None:
    assert end_sessions(scene.member.person) == 1


def let_the_session_expire(scene: Scene) -> None:
    owner_sql(
        "UPDATE identity_browsersession SET expire_date = clock_timestamp() WHERE person_id = %s",
        scene.member.person.pk,
    )


def switch_the_provider_off(scene: Scene) -> None:
    set_up(scene.owner, ISSUER, enabled=False)


def change_the_provider(scene: Scene) -> None:
    set_up(scene.owner, "https://login.example.net")


def revoke_the_personal_token(scene: Scene) -> None:
    revoke_personal_token(scene.member.console, scene.made["personal"])


def let_the_personal_token_expire(_: Scene) -> None:
    owner_sql("UPDATE identity_personaltoken SET expires_at = clock_timestamp()")


def remove_the_secret(scene: Scene) -> None:
    remove_account_secret(scene.owner.console, scene.made["secret"])


def _set_account(scene: Scene, state: str) -> None:
    wish = {"serviceAccountId": scene.made["account"], "state": state}
    change_service_account(scene.owner.console, ChangeServiceAccount.parse(wish))


def suspend_the_account(scene: Scene) -> None:
    _set_account(scene, "suspended")


def remove_the_account(scene: Scene) -> None:
    _set_account(scene, "removed")


Ending = Callable[[Scene], None]
# What ends the token or the session itself: the answer is always 401.
OF_TOKENS: dict[Ending, tuple[Callable[[Scene], Actor], ...]] = {
    revoke_the_token: AGENTS,
    revoke_the_family: AGENTS,
    end_the_consent: AGENTS,
    let_the_token_expire: (*AGENTS, by_account),
    suspend_the_client_everywhere: AGENTS,
    remove_the_client_everywhere: AGENTS,
    sign_out: BROWSERS,
    end_the_sessions: BROWSERS,
    let_the_session_expire: BROWSERS,
    switch_the_provider_off: (through_a_provider,),
    change_the_provider: (through_a_provider,),
    revoke_the_personal_token: (by_personal_token,),
    let_the_personal_token_expire: (by_personal_token,),
    remove_the_secret: (by_account,),
    remove_the_account: (by_account,),
    deactivate_the_person: OF_THE_PERSON,
}
# What ends what stands behind it; leases end with most of these, so a read may say that instead.
OF_STANDING: dict[Ending, tuple[Callable[[Scene], Actor], ...]] = {
    suspend_the_agent: AGENTS,
    remove_the_agent: AGENTS,
    suspend_the_client_here: AGENTS,
    remove_the_member: OF_THE_PERSON,
    suspend_the_membership: OF_THE_PERSON,
    suspend_the_account: (by_account,),
    suspend_the_tenant: CHANNELS,
}
