"""Groups: people who are given access together. Leaving one ends what its grants gave."""

from uuid import UUID

from django.db import IntegrityError
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower

from access.actions import Action
from access.actor import Actor
from access.levels import Role
from access.revocation import GroupMembersRemoved, announce_members_removed
from audit.events import Event
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, NotFound, PreconditionFailed
from tenants.context import TenantContext, operation
from tenants.memberships import NO_GRANTS, lock_membership, lock_memberships
from tenants.models import Group, GroupMember, Membership
from tenants.shapes.fields import Listing
from tenants.shapes.groups import (
    ChangeGroup,
    CreateGroup,
    GroupDetailOut,
    GroupOut,
    GroupPageOut,
    GroupPlace,
    GroupWords,
    PersonRefOut,
)


@operation(Action.LIST_GROUPS)
def list_groups(context: TenantContext, request: Listing) -> GroupPageOut:
    """The tenant's groups by name."""
    rows = _with_count(context.actor).annotate(folded=Lower("name"))
    keys = {"folded": str, "pk": UUID}
    groups, next_cursor = page(rows, keys, limit=request.limit, cursor=request.cursor)
    return GroupPageOut(groups=[group_out(group) for group in groups], next_cursor=next_cursor)


@operation(Action.SHOW_GROUP)
def show_group(context: TenantContext, group_id: str) -> GroupDetailOut:
    """A group with its members."""
    return _detail(context.actor, parse_public_id("group", group_id))


@operation(Action.CREATE_GROUP, Event.GROUP_CREATED)
def create_group(context: TenantContext, request: CreateGroup) -> GroupDetailOut:
    """A new group without members; Conflict when the name is taken."""
    actor = context.actor
    group = Group(tenant_id=actor.tenant_id, name=request.name, description=request.description)
    context.entry.add_details(group=public_id("group", group.pk), name=group.name)
    _save(group)
    return _detail(actor, group.pk)


@operation(Action.CHANGE_GROUP, Event.GROUP_CHANGED)
def change_group(context: TenantContext, request: ChangeGroup) -> GroupDetailOut:
    """Rename or describe a group.

    Conflict when the name is taken, PreconditionFailed when it no longer matches `expected` or
    `revision`.
    """
    actor, entry = context.actor, context.entry
    entry.add_details(group=request.group_id)
    group = _lock_group(actor, request.group_id)
    _require_unchanged(group, request)
    changed = request.model_dump(exclude_none=True, exclude={"group_id", "expected", "revision"})
    entry.add_details(changed=sorted(changed))
    for name, value in changed.items():
        setattr(group, name, value)
    group.revision += 1
    _save(group)
    entry.add_details(name=group.name)
    return _detail(actor, group.pk)


def _require_unchanged(group: Group, request: ChangeGroup) -> None:
    present = GroupWords(name=group.name, description=group.description)
    if request.expected not in (None, present) or request.revision not in (None, group.revision):
        raise PreconditionFailed("The group was changed meanwhile; read it again.")


def _save(group: Group) -> None:
    try:
        group.save()
    except IntegrityError:
        raise Conflict("A group with this name exists already.", field="name") from None


@operation(Action.REMOVE_GROUP, Event.GROUP_REMOVED)
def remove_group(context: TenantContext, group_id: str) -> None:
    """Remove a group with its grants; the leases that depended on them are revoked."""
    actor, entry = context.actor, context.entry
    entry.add_details(group=group_id)
    group = _lock_group(actor, group_id)
    people = frozenset(group.members.values_list("person_id", flat=True))
    entry.add_details(name=group.name, people=len(people))
    lock_memberships(actor, people)
    removal = GroupMembersRemoved(
        group_id=group.pk, person_ids=people, reason="group removed", removed=True
    )
    announce_members_removed(actor, removal)
    group.delete()


@operation(Action.ADD_TO_GROUP, Event.GROUP_JOINED)
def add_to_group(context: TenantContext, request: GroupPlace) -> GroupDetailOut:
    """Add a member to a group, and so to everything it was granted. Idempotent."""
    actor, entry = context.actor, context.entry
    group, member = _lock_place(actor, request)
    entry.add_details(group=request.group_id, name=group.name, person=str(member.person_id))
    if member.role == Role.AUDITOR:
        raise Conflict(NO_GRANTS)
    _, added = GroupMember.objects.of(actor).get_or_create(
        group=group, person_id=member.person_id, defaults={"tenant_id": actor.tenant_id}
    )
    if added:
        _increment_revision(group)
    else:
        entry.discard()
    return _detail(actor, group.pk)


@operation(Action.REMOVE_FROM_GROUP, Event.GROUP_LEFT)
def remove_from_group(context: TenantContext, request: GroupPlace) -> GroupDetailOut:
    """Remove a member from a group; leases that depended on its grants are revoked. Idempotent."""
    actor, entry = context.actor, context.entry
    group, member = _lock_place(actor, request)
    person_id = member.person_id
    entry.add_details(group=request.group_id, name=group.name, person=str(person_id))
    deleted, _ = group.members.filter(person_id=person_id).delete()
    if deleted:
        _increment_revision(group)
        removal = GroupMembersRemoved(
            group_id=group.pk, person_ids=frozenset({person_id}), reason="group left"
        )
        announce_members_removed(actor, removal)
    else:
        entry.discard()
    return _detail(actor, group.pk)


def _increment_revision(group: Group) -> None:
    group.revision += 1
    group.save(update_fields=["revision"])


def _lock_place(actor: Actor, request: GroupPlace) -> tuple[Group, Membership]:
    group = _lock_group(actor, request.group_id)
    member = lock_membership(actor, parse_public_id("person", request.person_id))
    if member is None:
        raise NotFound("There is no such member.")
    return group, member


def _lock_group(actor: Actor, group_id: str) -> Group:
    """The group, locked; always before its members' memberships."""
    group = Group.objects.of(actor).locked().filter(pk=parse_public_id("group", group_id)).first()
    if group is None:
        raise _no_group()
    return group


def _no_group() -> NotFound:
    return NotFound("There is no such group.")


def _with_count(actor: Actor) -> "QuerySet[Group]":
    return Group.objects.of(actor).annotate(people=Count("members"))


def _detail(actor: Actor, group_id: UUID) -> GroupDetailOut:
    group = _with_count(actor).filter(pk=group_id).first()
    if group is None:
        raise _no_group()
    members = group.members.select_related("person").order_by("person__email")
    people = [
        PersonRefOut(
            person_id=public_id("person", member.person_id),
            email=member.person.email,
            name=member.person.name,
        )
        for member in members
    ]
    return GroupDetailOut(**dict(group_out(group)), members=people)


def group_out(group: Group) -> GroupOut:
    """The group as a shape; the query counts `people`."""
    return GroupOut(
        group_id=public_id("group", group.pk),
        revision=group.revision,
        name=group.name,
        description=group.description,
        people=getattr(group, "people", 0),
        created_at=group.created_at,
    )
