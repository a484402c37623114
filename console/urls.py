"""The people's addresses, included at the root by `vaultsite.urls`."""

from django.urls import path

from console.appearance import choose_appearance
from console.pages import approvals, team, tokens
from console.site import site

urlpatterns = [
    path("", team.home, name="home"),
    path("team/", team.team, name="team"),
    path("approvals/", approvals.inbox, name="approvals"),
    path("approvals/<str:request_id>/", approvals.approval, name="approval"),
    path("approvals/<str:request_id>/withdraw", approvals.withdraw, name="withdraw_request"),
    path("tenant/", team.choose_tenant, name="choose_tenant"),
    path("appearance/", choose_appearance, name="choose_appearance"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/new", tokens.make, name="new_token"),
    path("account/tokens/<str:token_id>/revoke", tokens.revoke, name="revoke_token"),
    path("admin/", site.urls),
]
