"""Groups: people who are given access together. What a group's grants gave ends with leaving it."""

from uuid import UUID

from django.db import IntegrityError
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower

from access.actions import Action
from access.actor import Actor
from access.revocation import GroupMembersRemoved, announce_members_removed
from audit.events import Event
from audit.recording import audited, read_only
from foundation.db.ids import parse_public_id, public_id
from foundation.db.paging import page
from foundation.errors import Conflict, NotFound, PreconditionFailed
from tenants.memberships import active_membership, lock_membership
from tenants.models import Group, GroupMember, Membership
from tenants.shapes.tenants import (
    ChangeGroup,
    CreateGroup,
    GroupDetailOut,
    GroupOut,
    GroupPageOut,
    GroupPlace,
    GroupWords,
    Listing,
    PersonRefOut,
)


def list_groups(actor: Actor, request: Listing) -> GroupPageOut:
    """The tenant's groups by name."""
    with read_only(actor, Action.LIST_GROUPS):
        active_membership(actor).require(Action.LIST_GROUPS)
        rows = _counted(actor).annotate(folded=Lower("name"))
        keys = {"folded": str, "pk": UUID}
        found, more = page(rows, keys, limit=request.limit, cursor=request.cursor)
        return GroupPageOut(groups=[group_out(one) for one in found], next_cursor=more)


def show_group(actor: Actor, group_id: str) -> GroupDetailOut:
    """A group with everybody in it."""
    with read_only(actor, Action.SHOW_GROUP):
        active_membership(actor).require(Action.SHOW_GROUP)
        return _detail(actor, parse_public_id("group", group_id))


def create_group(actor: Actor, request: CreateGroup) -> GroupDetailOut:
    """A new group without members; Conflict when the name is taken."""
    with audited(actor, Action.CREATE_GROUP, Event.GROUP_CREATED) as entry:
        active_membership(actor).require(Action.CREATE_GROUP)
        group = Group(tenant_id=actor.tenant_id, name=request.name, description=request.description)
        entry.add_details(group=public_id("group", group.pk), name=group.name)
        _save(group)
        return _detail(actor, group.pk)


def change_group(actor: Actor, request: ChangeGroup) -> GroupDetailOut:
    """Rename or describe a group; Conflict when the name is taken, PreconditionFailed when the
    group is not as `expected` any more.
    """
    with audited(actor, Action.CHANGE_GROUP, Event.GROUP_CHANGED) as entry:
        active_membership(actor).require(Action.CHANGE_GROUP)
        entry.add_details(group=request.group_id)
        group = _held(actor, request.group_id)
        _require_unchanged(group, request)
        changed = request.model_dump(
            exclude_none=True, exclude={"group_id", "expected", "revision"}
        )
        entry.add_details(changed=sorted(changed))
        for name, value in changed.items():
            setattr(group, name, value)
        group.revision += 1
        _save(group)
        entry.add_details(name=group.name)
        return _detail(actor, group.pk)


def _require_unchanged(group: Group, request: ChangeGroup) -> None:
    as_expected = request.expected in (None, _words(group))
    if not as_expected or request.revision not in (None, group.revision):
        raise PreconditionFailed("The group was changed meanwhile; look at it again.")


def _words(group: Group) -> GroupWords:
    return GroupWords(name=group.name, description=group.description)


def _save(group: Group) -> None:
    try:
        group.save()
    except IntegrityError:
        raise Conflict("A group with this name exists already.", field="name") from None


def remove_group(actor: Actor, group_id: str) -> None:
    """End a group: its grants go, and so do the leases that lived by them."""
    with audited(actor, Action.REMOVE_GROUP, Event.GROUP_REMOVED) as entry:
        active_membership(actor).require(Action.REMOVE_GROUP)
        entry.add_details(group=group_id)
        group = _held(actor, group_id)
        people = frozenset(group.members.values_list("person_id", flat=True))
        entry.add_details(name=group.name, people=len(people))
        list(
            Membership.objects.select_for_update()
            .filter(tenant_id=actor.tenant_id, person_id__in=people)
            .order_by("pk")
        )
        left = GroupMembersRemoved(
            group_id=group.pk, person_ids=people, reason="group removed", removed=True
        )
        announce_members_removed(actor, left)
        group.delete()


def add_to_group(actor: Actor, request: GroupPlace) -> GroupDetailOut:
    """Put a member into a group, with all that it was given. Idempotent."""
    with audited(actor, Action.ADD_TO_GROUP, Event.GROUP_JOINED) as entry:
        active_membership(actor).require(Action.ADD_TO_GROUP)
        group, person_id = _place(actor, request)
        entry.add_details(group=request.group_id, name=group.name, person=str(person_id))
        _, added = GroupMember.objects.of(actor).get_or_create(
            group=group, person_id=person_id, defaults={"tenant_id": actor.tenant_id}
        )
        if added:
            _count(group)
        else:
            entry.discard()
        return _detail(actor, group.pk)


def remove_from_group(actor: Actor, request: GroupPlace) -> GroupDetailOut:
    """Take a member out of a group; the leases that lived by its grants end. Idempotent."""
    with audited(actor, Action.REMOVE_FROM_GROUP, Event.GROUP_LEFT) as entry:
        active_membership(actor).require(Action.REMOVE_FROM_GROUP)
        group, person_id = _place(actor, request)
        entry.add_details(group=request.group_id, name=group.name, person=str(person_id))
        gone, _ = group.members.filter(person_id=person_id).delete()
        if gone:
            _count(group)
            left = GroupMembersRemoved(
                group_id=group.pk, person_ids=frozenset({person_id}), reason="group left"
            )
            announce_members_removed(actor, left)
        else:
            entry.discard()
        return _detail(actor, group.pk)


def _count(group: Group) -> None:
    group.revision += 1
    group.save(update_fields=["revision"])


def _place(actor: Actor, request: GroupPlace) -> tuple[Group, UUID]:
    group = _held(actor, request.group_id)
    person_id = parse_public_id("person", request.person_id)
    if lock_membership(actor, person_id) is None:
        raise NotFound("There is no such member.")
    return group, person_id


def _held(actor: Actor, group_id: str) -> Group:
    """The group, locked; always before the memberships of its people."""
    group = Group.objects.of(actor).locked().filter(pk=parse_public_id("group", group_id)).first()
    if group is None:
        raise _no_group()
    return group


def _no_group() -> NotFound:
    return NotFound("There is no such group.")


def _counted(actor: Actor) -> "QuerySet[Group]":
    return Group.objects.of(actor).annotate(people=Count("members"))


def _detail(actor: Actor, group_id: UUID) -> GroupDetailOut:
    group = _counted(actor).filter(pk=group_id).first()
    if group is None:
        raise _no_group()
    members = group.members.select_related("person").order_by("person__email")
    people = [
        PersonRefOut(
            person_id=public_id("person", one.person_id),
            email=one.person.email,
            name=one.person.name,
        )
        for one in members
    ]
    return GroupDetailOut(**dict(group_out(group)), members=people)


def group_out(group: Group) -> GroupOut:
    """The group as a shape; `people` is counted by the query."""
    return GroupOut(
        group_id=public_id("group", group.pk),
        revision=group.revision,
        name=group.name,
        description=group.description,
        people=getattr(group, "people", 0),
        created_at=group.created_at,
    )
