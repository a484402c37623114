"""The console's pages, one row each: address, URL name, view, methods, and step-up if needed.

A section says who may open its pages, and how the sidebar links to them. The URLconf, the sidebar
and the contract tests are made from this table. Where two addresses match, the first one is
served. Under a heading of the sidebar, links stand in the order of the sections.
"""

from functools import partial

from django.views.generic import RedirectView

from console.appearance import choose_appearance
from console.confirmation import ConfirmForm
from console.live.topics import Topic
from console.page import ANY, FORM, POST, Audience, Count, Group, Link, Page, Section, StepUp
from console.pages import (
    access_reports,
    access_requests,
    agents,
    approvals,
    audit,
    clients,
    connect,
    credential_detail,
    credential_edit,
    credential_lifecycle,
    credential_list,
    credential_requests,
    dashboard,
    folders,
    grant_form,
    grant_matrix,
    groups,
    imports,
    invitation_link,
    leases,
    left_behind,
    members,
    reveal,
    rotation,
    single_sign_on,
    team,
)
from console.pages import personal_tokens as tokens
from console.pages import service_account_credentials as account_credentials
from console.pages import service_accounts as accounts
from console.pages import tenant_keys as keys
from console.pages import tenant_settings as settings

ADMINS, ANYBODY, SIGNED_IN = Audience.ADMINS, Audience.ANYBODY, Audience.SIGNED_IN
MEMBERS, LOG_READERS = Audience.MEMBERS, Audience.LOG_READERS

CREDENTIAL = "credentials/<str:key>"
FOLDER = "folders/<path:folder_path>"
CLIENT = "admin/clients/<str:client_id>"
ACCOUNT = "admin/service-accounts/<str:account_id>"
AGENT = "agents/<str:agent_id>"
INVITATION = "team/invitations/<str:invitation_id>"
GROUP = "team/groups/<str:group_id>"
ACCESS_REQUEST = "approvals/<req:access_request_id>"
CREDENTIAL_REQUEST = "approvals/<creq:credential_request_id>"

SECTIONS = (
    Section(
        "",
        ANYBODY,
        (
            Page("", "home", team.home),
            Page("appearance/", "choose_appearance", choose_appearance, POST),
        ),
    ),
    Section("", SIGNED_IN, (Page("tenant/", "choose_tenant", team.choose_tenant, POST),)),
    Section(
        "dashboard",
        ADMINS,
        (
            Page("admin/", "admin:index", dashboard.dashboard),
            Page("admin/figures/", "admin:figures", dashboard.figures),
        ),
        Link("Dashboard", "dashboard", Group.START, "admin:index"),
    ),
    Section(
        "credentials",
        MEMBERS,
        (
            Page("credentials/", "credentials", credential_list.overview),
            Page("credentials/new", "store_credential", credential_list.store, FORM),
            Page("credentials/check", "check_credential", credential_list.check),
            Page(f"{CREDENTIAL}/", "credential", credential_detail.detail),
            Page(CREDENTIAL, "", RedirectView.as_view(pattern_name="credential"), ANY),
            Page(f"{CREDENTIAL}/edit", "edit_credential", credential_edit.edit, FORM),
            Page(f"{CREDENTIAL}/move", "move_credential", credential_edit.move, FORM),
            Page(f"{CREDENTIAL}/rotate", "rotate_credential", rotation.rotate, FORM),
            Page(f"{CREDENTIAL}/window", "rotation_window", rotation.window, FORM),
            Page(f"{CREDENTIAL}/roll-back", "roll_back_rotation", rotation.roll_back, FORM),
            Page(
                f"{CREDENTIAL}/value",
                "reveal_credential",
                reveal.reveal,
                FORM,
                StepUp(reveal.RevealForm),
            ),
            *(
                Page(
                    f"{CREDENTIAL}/{step}",
                    f"{step}_credential",
                    partial(credential_lifecycle.end, step=step),
                    FORM,
                )
                for step in credential_lifecycle.STEPS
            ),
            Page("folders/", "folders", folders.folders, FORM),
            Page(f"{FOLDER}/move", "move_folder", folders.move, FORM),
            Page(f"{FOLDER}/remove", "remove_folder", folders.remove, FORM),
            Page("import/", "import", imports.import_file, FORM),
        ),
        Link("Credentials", "key", Group.SECRETS, "credentials"),
    ),
    Section(
        "leases",
        MEMBERS,
        (
            Page("leases/all/", "all_leases", leases.everybodys_leases),
            Page("leases/revoke", "revoke_leases", leases.revoke_chosen, FORM),
            Page("leases/<str:lease_id>/revoke", "revoke_lease", leases.revoke, FORM),
        ),
        Link("Leases", "clock", Group.SECRETS, "all_leases", only_admins=True),
    ),
    Section(
        "own-leases",
        MEMBERS,
        (Page("leases/", "leases", leases.own_leases),),
        Link("My leases", "clock", Group.OWN, "leases"),
    ),
    Section(
        "own-agents",
        MEMBERS,
        (
            Page("account/agents/", "agents", agents.own_agents),
            Page(f"{AGENT}/", "agent", agents.agent, FORM),
            Page(f"{AGENT}/state", "move_agent", agents.move, POST),
            Page(f"{AGENT}/merge", "merge_agent", agents.merge, POST),
            Page(f"{AGENT}/remove", "remove_agent", agents.remove, FORM),
        ),
        Link("My agents", "agent", Group.OWN, "agents"),
    ),
    Section(
        "team",
        MEMBERS,
        (
            Page("team/", "team", team.team),
            Page("team/ask/", "ask", access_requests.ask, FORM),
            Page("team/access/", "access", access_reports.access),
            Page("team/reach/<str:subject_id>/", "reach", access_reports.reach),
            Page("team/grants/", "grants", grant_matrix.matrix),
            Page("team/grants/give", "give", grant_form.give, FORM, StepUp(grant_form.GiveForm)),
            Page("team/grants/review", "review_grants", grant_matrix.review, FORM),
            Page("team/grants/save", "save_grants", grant_matrix.save, POST),
            Page("team/members/", "members", members.members),
            Page("team/members/<str:person_id>/role", "give_role", members.give_role, POST),
            Page("team/members/<str:person_id>/suspend", "suspend_member", members.suspend, POST),
            Page("team/members/<str:person_id>/resume", "resume_member", members.resume, POST),
            Page("team/members/<str:person_id>/remove", "remove_member", members.remove, FORM),
            Page(
                "team/members/<str:person_id>/left-behind",
                "left_behind",
                left_behind.left_behind,
            ),
            Page(
                "team/invitations/",
                "invitations",
                members.invitations,
                FORM,
                StepUp(members.InviteForm, POST),
            ),
            Page(
                f"{INVITATION}/link",
                "show_invitation_link",
                invitation_link.show,
                FORM,
                StepUp(ConfirmForm),
            ),
            Page(f"{INVITATION}/withdraw", "withdraw_invitation", members.withdraw, POST),
            Page("team/groups/", "groups", groups.groups, FORM),
            Page(f"{GROUP}/", "group", groups.group, FORM),
            Page(f"{GROUP}/people", "put_into_group", groups.put, POST),
            Page(f"{GROUP}/people/out", "take_from_group", groups.take, POST),
            Page(f"{GROUP}/remove", "remove_group", groups.remove, FORM),
        ),
        Link("Team", "people", Group.ACCESS, "team"),
    ),
    Section(
        "approvals",
        MEMBERS,
        (
            Page("approvals/", "approvals", approvals.inbox),
            Page("approvals/waiting/", "waiting", approvals.waiting),
            Page(
                f"{ACCESS_REQUEST}/",
                "access_request",
                access_requests.access_request,
                FORM,
                StepUp(access_requests.GrantForm, POST),
            ),
            Page(
                f"{ACCESS_REQUEST}/withdraw",
                "withdraw_access_request",
                access_requests.withdraw,
                POST,
            ),
            Page(
                f"{CREDENTIAL_REQUEST}/",
                "credential_request",
                credential_requests.credential_request,
                FORM,
            ),
            Page(
                f"{CREDENTIAL_REQUEST}/withdraw",
                "withdraw_credential_request",
                credential_requests.withdraw,
                POST,
            ),
            Page("approvals/<str:request_id>/", "approval", approvals.approval, FORM),
            Page(
                "approvals/<str:request_id>/withdraw", "withdraw_request", approvals.withdraw, POST
            ),
        ),
        Link(
            "Approvals",
            "check",
            Group.ACCESS,
            "approvals",
            Count(approvals.count_waiting, "waiting", Topic.APPROVALS),
        ),
    ),
    Section(
        "agents",
        ADMINS,
        (
            Page("admin/agents/", "admin:agents", agents.tenants_agents),
            Page("admin/agents/waiting/", "admin:waiting_agents", agents.waiting),
            Page("admin/clients/", "admin:clients", clients.clients),
            Page(f"{CLIENT}/suspend", "admin:suspend_client", clients.suspend, FORM),
            Page(f"{CLIENT}/resume", "admin:resume_client", clients.resume, POST),
            Page(f"{CLIENT}/remove", "admin:remove_client", clients.remove, FORM),
        ),
        Link(
            "Agents",
            "agent",
            Group.ACCESS,
            "admin:agents",
            Count(agents.count_waiting, "admin:waiting_agents", Topic.AGENTS),
        ),
    ),
    Section(
        "service-accounts",
        ADMINS,
        (
            Page("admin/service-accounts/", "admin:service_accounts", accounts.accounts, FORM),
            Page(f"{ACCOUNT}/", "admin:service_account", accounts.account, FORM),
            Page(f"{ACCOUNT}/state", "admin:move_account", accounts.move, POST),
            Page(f"{ACCOUNT}/remove", "admin:remove_account", accounts.remove, FORM),
            Page(
                f"{ACCOUNT}/secrets/new",
                "admin:new_account_secret",
                account_credentials.add_secret,
                FORM,
                StepUp(account_credentials.SecretForm),
            ),
            Page(
                f"{ACCOUNT}/keys/new",
                "admin:new_account_key",
                account_credentials.add_key,
                FORM,
                StepUp(account_credentials.KeyForm),
            ),
            Page(
                f"{ACCOUNT}/secrets/<str:proof_id>/remove",
                "admin:remove_account_secret",
                account_credentials.remove_secret,
                FORM,
            ),
            Page(
                f"{ACCOUNT}/keys/<str:key_id>/remove",
                "admin:remove_account_key",
                account_credentials.remove_key,
                FORM,
            ),
        ),
        Link("Service accounts", "service", Group.ACCESS, "admin:service_accounts"),
    ),
    Section(
        "audit",
        LOG_READERS,
        (
            Page("admin/audit/", "admin:audit", audit.log),
            Page("admin/audit/export", "admin:export_audit", audit.export, POST),
            Page("admin/audit/<str:entry_id>/", "admin:audit_entry", audit.entry),
        ),
        Link("Audit log", "audit", Group.OVERSIGHT, "admin:audit"),
    ),
    Section(
        "keys",
        ADMINS,
        (
            Page("admin/keys/", "admin:keys", keys.keys),
            Page(
                "admin/keys/rotate", "admin:rotate_key", keys.rotate, FORM, StepUp(keys.RotateForm)
            ),
            Page(
                "admin/keys/<str:tenant_key_id>/destroy",
                "admin:destroy_key",
                keys.destroy,
                FORM,
                StepUp(ConfirmForm),
            ),
        ),
        Link("Keys", "lock", Group.OVERSIGHT, "admin:keys"),
    ),
    Section(
        "settings",
        ADMINS,
        (
            Page(
                "admin/settings/",
                "admin:settings",
                settings.tenant_settings,
                FORM,
                StepUp(settings.SettingsForm),
            ),
        ),
        Link("Settings", "settings", Group.OVERSIGHT, "admin:settings"),
    ),
    Section(
        "sign-in",
        ADMINS,
        (
            Page(
                "admin/sign-in/",
                "admin:sign_in",
                single_sign_on.single_sign_on,
                FORM,
                StepUp(single_sign_on.SingleSignOnForm),
            ),
        ),
        Link("Single sign-on", "person", Group.OVERSIGHT, "admin:sign_in"),
    ),
    Section(
        "connect",
        MEMBERS,
        (
            Page("connect/", "connect", connect.connect),
            Page("connect/waiting/", "connect_waiting", connect.waiting),
        ),
        Link("Connect", "connect", Group.OWN, "connect"),
    ),
    Section(
        "account",
        SIGNED_IN,
        (
            Page("account/tokens/", "tokens", tokens.tokens),
            Page("account/tokens/new", "new_token", tokens.make, FORM, StepUp(tokens.TokenForm)),
            Page("account/tokens/<str:token_id>/revoke", "revoke_token", tokens.revoke, FORM),
        ),
        Link("Account", "person", Group.OWN, "account"),  # a page of identity
    ),
)
PAGES = tuple(page for section in SECTIONS for page in section.rows())
