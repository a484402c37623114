"""Who belongs to the tenant: members, invitations, groups."""

from foundation.errors import Conflict
from restapi.routes.route import Route, section
from tenants import operations as tenants

MEMBER = "members/{personId}"
GROUP = "groups/{groupId}"
PLACE = f"{GROUP}/members/{{personId}}"

ROUTES = (
    *section(
        "Members",
        Route(
            tenants.list_members,
            "GET",
            "members",
            "List the tenant's members with their roles and groups",
        ),
        Route(
            tenants.change_role,
            "PATCH",
            MEMBER,
            "Give a member another role",
            errors=(Conflict,),
        ),
        Route(
            tenants.remove_member,
            "DELETE",
            MEMBER,
            "Remove a member; their leases, grants and tokens here end at once",
            errors=(Conflict,),
        ),
        Route(
            tenants.suspend_member,
            "POST",
            f"{MEMBER}/suspend",
            "Suspend a member; their leases and access end at once, grants are kept",
            errors=(Conflict,),
        ),
        Route(
            tenants.resume_member,
            "POST",
            f"{MEMBER}/resume",
            "End a member's suspension; what ended stays ended",
        ),
        Route(
            tenants.show_left_behind,
            "GET",
            f"{MEMBER}/left-behind",
            "Show what a person who leaves or left set up or knows, so that it can be replaced",
        ),
        Route(tenants.list_invitations, "GET", "invitations", "List invitations, the newest first"),
        Route(
            tenants.invite_member,
            "POST",
            "invitations",
            "Invite an e-mail address; the link is mailed there",
            status=201,
            errors=(Conflict,),
        ),
        Route(
            tenants.show_invitation_link,
            "POST",
            "invitations/{invitationId}/link",
            "Show the link of a pending invitation, for where mail does not arrive",
            repeatable=False,
        ),
        Route(
            tenants.withdraw_invitation,
            "DELETE",
            "invitations/{invitationId}",
            "Withdraw an invitation; its link ends",
            errors=(Conflict,),
        ),
        Route(
            tenants.show_mail,
            "GET",
            "mail",
            "Show which of the tenant's mails wait and which could not be delivered",
        ),
    ),
    *section(
        "Groups",
        Route(tenants.list_groups, "GET", "groups", "List groups by name"),
        Route(
            tenants.create_group,
            "POST",
            "groups",
            "Create an empty group",
            status=201,
            errors=(Conflict,),
            versioned=True,
        ),
        Route(
            tenants.show_group, "GET", GROUP, "Show a group with everybody in it", versioned=True
        ),
        Route(
            tenants.change_group,
            "PATCH",
            GROUP,
            "Change a group's name or description; what is left out stays",
            errors=(Conflict,),
            versioned=True,
            conditional=True,
        ),
        Route(
            tenants.remove_group,
            "DELETE",
            GROUP,
            "Remove a group with its grants; the leases that depend on them end",
        ),
        Route(
            tenants.add_to_group,
            "PUT",
            PLACE,
            "Add a member to a group",
            errors=(Conflict,),
            versioned=True,
        ),
        Route(
            tenants.remove_from_group,
            "DELETE",
            PLACE,
            "Remove a member from a group; the leases that depend on its grants end",
            versioned=True,
        ),
    ),
)
