"""What forms in the browser offer to choose from."""

from access.actions import Action
from access.levels import Level, Role
from credentials.context import CredentialContext, operation
from credentials.models import Folder
from credentials.operations.folders import visible_folders
from credentials.shapes.choices import (
    FolderChoicesOut,
    PrincipalChoiceOut,
    PrincipalChoicesOut,
)
from foundation.db.ids import public_id
from foundation.errors import Denied
from tenants.models import Group, Membership, ServiceAccount, ServiceAccountState

FOLDERS = 1000


@operation(Action.LIST_PRINCIPAL_CHOICES)
def list_principal_choices(context: CredentialContext) -> PrincipalChoicesOut:
    """Members whose account is active, groups and service accounts.

    For those who hold the level on anything, who name owners and receivers of grants, and for
    auditors, who filter the log.
    """
    auditor = context.membership.is_auditor
    if not auditor and context.permissions.highest < context.needed_level:
        raise Denied("The level manager is needed on a credential or folder to choose people.")
    members = Membership.objects.filter(
        tenant_id=context.actor.tenant_id, person__is_active=True
    ).select_related("person")
    groups = Group.objects.of(context.actor).order_by("name")
    accounts = ServiceAccount.objects.of(context.actor).exclude(state=ServiceAccountState.REMOVED)
    return PrincipalChoicesOut(
        people=[
            PrincipalChoiceOut(
                subject_id=public_id("person", member.person_id),
                name=member.person.name,
                email=member.person.email,
                receives_grants=member.role != Role.AUDITOR,
            )
            for member in members.order_by("person__email")
        ],
        groups=[
            PrincipalChoiceOut(subject_id=public_id("group", group.pk), name=group.name)
            for group in groups
        ],
        service_accounts=[
            PrincipalChoiceOut(subject_id=public_id("sa", account.pk), name=account.name)
            for account in accounts.order_by("name")
        ],
    )


@operation(Action.LIST_FOLDER_CHOICES)
def list_folder_choices(context: CredentialContext) -> FolderChoicesOut:
    """The folders to narrow a list by, and to store or move something into."""
    permissions = context.permissions
    rows = Folder.objects.of(context.actor).filter(visible_folders(context)).order_by("path")
    paths = list(rows.values_list("path", flat=True)[:FOLDERS])
    top = [""] if permissions.on_folder("") >= Level.MANAGER else []
    managed = [path for path in paths if path and permissions.on_folder(path) >= Level.MANAGER]
    return FolderChoicesOut(
        folders=[path for path in paths if path],
        managed=[*top, *managed],
        manages_anything=permissions.highest >= Level.MANAGER,
    )
