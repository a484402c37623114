"""Decorated operations: the event, the action and the input are stated once."""

import pytest

from access.actions import Action
from audit.events import Event
from audit.operation import OPERATIONS, Operation
from tenants.context import TenantContext
from tenants.operations import (
    change_service_account,
    create_service_account,
    list_members,
    remove_member,
)
from tenants.shapes.fields import Listing
from tenants.shapes.members import LeftBehindOut, MemberPageOut, RemoveMember
from tenants.shapes.service_accounts import ChangeServiceAccount, CreateServiceAccount
from tests.audit_trail import new_entries, told
from tests.people import Somebody
from tests.refusals import code_of


def test_the_input_chooses_the_event(owner: Somebody) -> None:
    account = create_service_account(owner.console, CreateServiceAccount(name="deploy"))
    data = {"serviceAccountId": account.service_account_id, "state": "suspended"}

    with new_entries(owner.console.tenant_id) as entries:
        change_service_account(owner.console, ChangeServiceAccount.parse(data))

    assert told(entries) == [(Event.SERVICE_ACCOUNT_SUSPENDED, "ok")]


def test_input_that_has_no_event_is_refused_before_anything_is_recorded(member: Somebody) -> None:
    empty = ChangeServiceAccount.parse({"serviceAccountId": "sa_0"})

    with new_entries(member.console.tenant_id) as entries:
        code = code_of(lambda: change_service_account(member.console, empty))

    assert (code, entries) == ("input/invalid", [])


def test_input_and_answer_are_read_from_the_annotations() -> None:
    assert (list_members.takes, list_members.gives) == (Listing, MemberPageOut)
    assert (remove_member.takes, remove_member.gives) == (RemoveMember, LeftBehindOut)


def test_an_action_has_one_operation() -> None:
    def another(context: TenantContext) -> None:
        """Does nothing."""

    with pytest.raises(RuntimeError, match="two operations"):
        Operation(another, Action.LIST_MEMBERS, None, TenantContext)
    assert OPERATIONS[Action.LIST_MEMBERS] is list_members
