"""The people's addresses, included at the root by `vaultsite.urls`."""

from django.urls import path, register_converter
from django.views.generic import RedirectView

from console.appearance import choose_appearance
from console.pages import (
    access_reports,
    access_requests,
    agents,
    approvals,
    connect,
    grant_form,
    grant_matrix,
    groups,
    invitation_link,
    leases,
    members,
    personal_tokens,
    team,
)
from console.site import site


class AccessRequestId:
    """Tells requests for access from requests for leases, which stand under the same address."""

    regex = "req_[0-9a-f]{32}"

    def to_python(self, text: str) -> str:
        """As it stands in the address."""
        return text

    to_url = to_python


register_converter(AccessRequestId, "req")

urlpatterns = [
    path("", team.home, name="home"),
    path("team/", team.team, name="team"),
    path("approvals/", approvals.inbox, name="approvals"),
    # As agents and mails give it.
    path("approvals/<str:request_id>", RedirectView.as_view(pattern_name="approval")),
    path("approvals/waiting/", approvals.waiting, name="waiting"),
    path("team/grants/", grant_matrix.matrix, name="grants"),
    path("team/grants/give", grant_form.give, name="give"),
    path("team/grants/review", grant_matrix.review, name="review_grants"),
    path("team/grants/save", grant_matrix.save, name="save_grants"),
    path("team/members/", members.members, name="members"),
    path("team/members/<str:person_id>/role", members.give_role, name="give_role"),
    path("team/members/<str:person_id>/remove", members.remove, name="remove_member"),
    path("team/invitations/", members.invitations, name="invitations"),
    path(
        "team/invitations/<str:invitation_id>/link",
        invitation_link.show,
        name="show_invitation_link",
    ),
    path(
        "team/invitations/<str:invitation_id>/withdraw",
        members.withdraw,
        name="withdraw_invitation",
    ),
    path("team/groups/", groups.groups, name="groups"),
    path("team/groups/<str:group_id>/", groups.group, name="group"),
    path("team/groups/<str:group_id>/people", groups.put, name="put_into_group"),
    path("team/groups/<str:group_id>/people/out", groups.take, name="take_from_group"),
    path("team/groups/<str:group_id>/remove", groups.remove, name="remove_group"),
    path("team/access/", access_reports.access, name="access"),
    path("team/reach/<str:subject_id>/", access_reports.reach, name="reach"),
    path("team/ask/", access_requests.ask, name="ask"),
    path(
        "approvals/<req:access_request_id>/", access_requests.access_request, name="access_request"
    ),
    path(
        "approvals/<req:access_request_id>/withdraw",
        access_requests.withdraw,
        name="withdraw_access_request",
    ),
    path("approvals/<str:request_id>/", approvals.approval, name="approval"),
    path("approvals/<str:request_id>/withdraw", approvals.withdraw, name="withdraw_request"),
    path("tenant/", team.choose_tenant, name="choose_tenant"),
    path("appearance/", choose_appearance, name="choose_appearance"),
    path("connect/", connect.connect, name="connect"),
    path("connect/waiting/", connect.waiting, name="connect_waiting"),
    path("leases/", leases.own_leases, name="leases"),
    path("leases/<str:lease_id>/revoke", leases.revoke, name="revoke_lease"),
    path("account/agents/", agents.own_agents, name="agents"),
    path("agents/<str:agent_id>/", agents.agent, name="agent"),
    path("agents/<str:agent_id>/state", agents.move, name="move_agent"),
    path("agents/<str:agent_id>/merge", agents.merge, name="merge_agent"),
    path("agents/<str:agent_id>/remove", agents.remove, name="remove_agent"),
    path("account/tokens/", personal_tokens.tokens, name="tokens"),
    path("account/tokens/new", personal_tokens.make, name="new_token"),
    path("account/tokens/<str:token_id>/revoke", personal_tokens.revoke, name="revoke_token"),
    path("admin/", site.urls),
]
