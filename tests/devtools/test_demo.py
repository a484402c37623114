"""The demo tenants: something of everything, seeded once and left to people afterwards."""

from pathlib import Path

from django.core.management import call_command

from access.actions import Channel
from access.actor import Actor, system_actor
from access.levels import Role
from credentials.operations import describe_credential, list_credentials, show_reach
from credentials.shapes.access_reports import ShowReach
from credentials.shapes.credentials import DescribeCredential, ListCredentials
from foundation.db.ids import public_id
from tenants.models import Person, Tenant
from tenants.operations import list_groups, list_service_accounts, remove_group
from tenants.shapes.fields import Listing
from tenants.shapes.service_accounts import ListServiceAccounts
from tests.people import somebody
from tests.storage import dump

TYPES = (
    *("api-key", "database-url", "generic-secret"),
    *("oauth-token", "ssh-key", "tls-certificate"),
)


def seed(path: Path) -> None:
    call_command("demo", people_file=str(path))


def test_acme_has_something_of_everything(database: None, tmp_path: Path) -> None:
    seed(tmp_path / "people.json")
    acme = Tenant.objects.get(slug="acme")
    olivia = somebody(Person.objects.get(email="olivia@acme.example"), acme.pk, Role.OWNER).console
    kept = list_credentials(olivia, ListCredentials.parse({"recursive": True})).credentials

    assert {one.type for one in kept} == set(TYPES)
    assert len({one.folder_path for one in kept}) >= 4
    guarded = describe_credential(olivia, DescribeCredential(key="stripe-live-key"))
    assert guarded.policy.approval == "required"
    (billing,) = list_groups(olivia, Listing()).groups
    assert billing.people == 2
    (backup,) = list_service_accounts(olivia, ListServiceAccounts()).service_accounts
    assert _usable(olivia, serviceAccountId=backup.service_account_id) == {"prod-database-url"}
    lea = public_id("person", Person.objects.get(email="lea@acme.example").pk)
    assert _usable(olivia, personId=lea) == {
        "github-oauth-token",
        "stripe-api-key",
        "stripe-live-key",
        "stripe-webhook-secret",
    }


def test_it_is_seeded_once(database: None, tmp_path: Path) -> None:
    """What people change afterwards is theirs."""
    path = tmp_path / "people.json"
    seed(path)
    acme = system_actor("somebody", Tenant.objects.get(slug="acme").pk, Channel.COMMAND)
    (billing,) = list_groups(acme, Listing()).groups
    remove_group(acme, billing.group_id)
    changed = dump()
    seed(path)
    assert dump() == changed


def _usable(olivia: Actor, **whom: str) -> set[str]:
    reached = show_reach(olivia, ShowReach.parse(whom)).reached
    return {one.key for one in reached if one.level == "user"}
