"""What explains who reaches what agrees with what decides it."""

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.levels import Level
from access.tenancy import tenant_transaction
from credentials.access_paths import read_access_paths
from credentials.models import Credential, Folder
from credentials.permissions import Permissions, read_permissions
from foundation.db.ids import NO_ID
from tenants.memberships import active_membership
from tenants.models import Tenant
from tests.credentials.teams import Given, Team, assemble
from tests.people import Somebody

LEVELS = ["viewer", "user", "manager", "admin"]
GRANTS = st.builds(
    Given,
    receiver=st.integers(0, 6),
    place=st.integers(0, 7),
    level=st.sampled_from(LEVELS),
    agents=st.sampled_from(["any", "none", "first"]),
    over=st.booleans(),
)


class _Undo(Exception):
    """Takes back what an example put into the database."""


@pytest.fixture
def team(owner: Somebody) -> Team:
    return assemble(owner)


@given(baseline=st.sampled_from(["none", "viewer", "user"]), grants=st.lists(GRANTS, max_size=12))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_highest_rule_is_what_is_held(team: Team, baseline: str, grants: list[Given]) -> None:
    """For everybody, through each of their agents, on every folder and credential."""
    with suppress(_Undo), tenant_transaction(team.tenant_id), transaction.atomic():
        Tenant.objects.filter(pk=team.tenant_id).update(baseline_level=baseline)
        team.put(grants)
        routes = read_access_paths(team.owner.console, team.receivers)
        for subject, actors in team.actors.items():
            for actor in actors:
                seen = routes.through(actor.agent_id or NO_ID)
                held = read_permissions(actor, active_membership(actor))
                for thing in team.places():
                    ways = seen.to(subject, thing)
                    expected = _held(held, thing)
                    assert (ways[0].level if ways else Level.NONE) == expected
                    assert _held(seen.permissions(subject), thing) == expected
        raise _Undo


def _held(held: Permissions, thing: Credential | Folder) -> Level:
    return held.on(thing) if isinstance(thing, Credential) else held.on_folder(thing.path)
