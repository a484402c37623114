"""What an operator does when somebody cannot sign in any more; every step is recorded."""

from allauth.mfa.models import Authenticator
from django.db.transaction import atomic

from access.actions import Channel
from access.actor import system_actor
from access.levels import Role
from foundation.db.ids import public_id
from identity.sign_in.session_events import end_sessions
from tenants.models import Membership, Person, Tenant
from tenants.operations import add_member, change_role
from tenants.shapes.members import ChangeRole


def reset_second_factors(person: Person) -> int:
    """Remove all of a person's second factors and end their sessions; returns the number of
    factors.

    Each removal writes an entry and, except for recovery codes, tells the person by mail.
    """
    with atomic():
        count = 0
        for factor in Authenticator.objects.select_for_update().filter(user=person):
            factor.delete()
            count += 1
        end_sessions(person)
    return count


def make_owner(tenant: Tenant, email: str) -> Person:
    """Make a person an owner of a tenant that lost its own, as an operator."""
    operator = system_actor("make-owner", tenant.pk, Channel.COMMAND)
    person = Person.objects.filter(email=email).first() or Person.objects.create_user(email)
    if Membership.objects.filter(tenant=tenant, person=person).exists():
        change_role(
            operator, ChangeRole(person_id=public_id("person", person.pk), role=Role.OWNER.value)
        )
    else:
        add_member(operator, person, Role.OWNER.value)
    return person
