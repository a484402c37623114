"""The table of the console's pages: every address, who may open it, and how."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from pytest import Subtests

from access.levels import Role
from audit.events import Event
from console.navigation import links
from console.page import FORM, GET, POST, Audience, Page, admits
from console.pages.table import PAGES, SECTIONS
from tests.audit_trail import trail
from tests.console.pages import page, signed_in
from tests.people import Somebody, join, new_person
from tests.proofs import asked_again, let_proofs_age
from tests.walk.addresses import Address

ACCOUNT = "admin/service-accounts/<str:account_id>"
# What bookmarks, mails and templates name; the names are those of Django's `reverse`.
ADDRESSES = [
    ("", "home"),
    ("account/agents/", "agents"),
    ("account/tokens/", "tokens"),
    ("account/tokens/<str:token_id>/revoke", "revoke_token"),
    ("account/tokens/new", "new_token"),
    ("admin/", "admin:index"),
    ("admin/<moved:rest>", "moved"),
    ("admin/agents/", "admin:agents"),
    ("admin/agents/waiting/", "admin:waiting_agents"),
    ("admin/audit/", "admin:audit"),
    ("admin/audit/<str:entry_id>/", "admin:audit_entry"),
    ("admin/audit/export", "admin:export_audit"),
    ("admin/clients/", "admin:clients"),
    ("admin/clients/<str:client_id>/remove", "admin:remove_client"),
    ("admin/clients/<str:client_id>/resume", "admin:resume_client"),
    ("admin/clients/<str:client_id>/suspend", "admin:suspend_client"),
    ("admin/figures/", "admin:figures"),
    ("admin/keys/", "admin:keys"),
    ("admin/keys/<str:tenant_key_id>/destroy", "admin:destroy_key"),
    ("admin/keys/rotate", "admin:rotate_key"),
    ("admin/service-accounts/", "admin:service_accounts"),
    (f"{ACCOUNT}/", "admin:service_account"),
    (
        f"{ACCOUNT}/keys/<str:key_id>/remove",
        "admin:remove_account_key",
    ),
    (f"{ACCOUNT}/keys/new", "admin:new_account_key"),
    (f"{ACCOUNT}/remove", "admin:remove_account"),
    (
        f"{ACCOUNT}/secrets/<str:proof_id>/remove",
        "admin:remove_account_secret",
    ),
    (f"{ACCOUNT}/secrets/new", "admin:new_account_secret"),
    (f"{ACCOUNT}/state", "admin:move_account"),
    ("admin/settings/", "admin:settings"),
    ("admin/sign-in/", "admin:sign_in"),
    ("agents/<str:agent_id>/", "agent"),
    ("agents/<str:agent_id>/merge", "merge_agent"),
    ("agents/<str:agent_id>/remove", "remove_agent"),
    ("agents/<str:agent_id>/state", "move_agent"),
    ("appearance/", "choose_appearance"),
    ("approvals/", "approvals"),
    ("approvals/<creq:credential_request_id>/", "credential_request"),
    ("approvals/<creq:credential_request_id>/withdraw", "withdraw_credential_request"),
    ("approvals/<req:access_request_id>/", "access_request"),
    ("approvals/<req:access_request_id>/withdraw", "withdraw_access_request"),
    ("approvals/<str:request_id>", ""),
    ("approvals/<str:request_id>/", "approval"),
    ("approvals/<str:request_id>/withdraw", "withdraw_request"),
    ("approvals/waiting/", "waiting"),
    ("connect/", "connect"),
    ("connect/waiting/", "connect_waiting"),
    ("credentials/", "credentials"),
    ("credentials/<str:key>", ""),
    ("credentials/<str:key>/", "credential"),
    ("credentials/<str:key>/archive", "archive_credential"),
    ("credentials/<str:key>/delete", "delete_credential"),
    ("credentials/<str:key>/edit", "edit_credential"),
    ("credentials/<str:key>/move", "move_credential"),
    ("credentials/<str:key>/restore", "restore_credential"),
    ("credentials/<str:key>/revoke", "revoke_credential"),
    ("credentials/<str:key>/roll-back", "roll_back_rotation"),
    ("credentials/<str:key>/rotate", "rotate_credential"),
    ("credentials/<str:key>/value", "reveal_credential"),
    ("credentials/<str:key>/window", "rotation_window"),
    ("credentials/check", "check_credential"),
    ("credentials/new", "store_credential"),
    ("folders/", "folders"),
    ("folders/<path:folder_path>/move", "move_folder"),
    ("folders/<path:folder_path>/remove", "remove_folder"),
    ("import/", "import"),
    ("leases/", "leases"),
    ("leases/<str:lease_id>/revoke", "revoke_lease"),
    ("leases/all/", "all_leases"),
    ("leases/revoke", "revoke_leases"),
    ("team/", "team"),
    ("team/access/", "access"),
    ("team/ask/", "ask"),
    ("team/grants/", "grants"),
    ("team/grants/give", "give"),
    ("team/grants/review", "review_grants"),
    ("team/grants/save", "save_grants"),
    ("team/groups/", "groups"),
    ("team/groups/<str:group_id>/", "group"),
    ("team/groups/<str:group_id>/people", "put_into_group"),
    ("team/groups/<str:group_id>/people/out", "take_from_group"),
    ("team/groups/<str:group_id>/remove", "remove_group"),
    ("team/invitations/", "invitations"),
    ("team/invitations/<str:invitation_id>/link", "show_invitation_link"),
    ("team/invitations/<str:invitation_id>/withdraw", "withdraw_invitation"),
    ("team/members/", "members"),
    ("team/members/<str:person_id>/left-behind", "left_behind"),
    ("team/members/<str:person_id>/remove", "remove_member"),
    ("team/members/<str:person_id>/resume", "resume_member"),
    ("team/members/<str:person_id>/role", "give_role"),
    ("team/members/<str:person_id>/suspend", "suspend_member"),
    ("team/reach/<str:subject_id>/", "reach"),
    ("tenant/", "choose_tenant"),
]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _mounted(
    patterns: list[URLPattern | URLResolver], start: str = "", names: str = ""
) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        address = start + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _mounted(pattern.url_patterns, address, f"{pattern.namespace}:")
        else:
            yield address, names + pattern.name if pattern.name else ""


def test_addresses_and_names_stay_as_they_are() -> None:
    assert sorted(_mounted(get_resolver("console.urls").url_patterns)) == ADDRESSES


def test_every_address_is_a_row_of_the_table_but_the_one_that_mails_give_and_old_ones() -> None:
    rows = {(row.address, row.name) for row in PAGES}

    assert {name for _, name in set(ADDRESSES) - rows} == {"", "moved"}
    assert len(rows) == len(PAGES)


def test_a_view_has_no_decorator_of_its_own() -> None:
    """The table says what is checked; a second place could contradict it."""
    decorated = [
        f"{path.stem}.{node.name}"
        for path in (Path(settings.BASE_DIR) / "console" / "pages").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and any(argument.annotation and _is_request(argument) for argument in node.args.args)
        and node.decorator_list
    ]

    assert decorated == []


def _is_request(argument: ast.arg) -> bool:
    return isinstance(argument.annotation, ast.Name) and argument.annotation.id == "HttpRequest"


def _address(row: Page) -> str:
    """About things that do not exist: a page's checks come before its thing is looked for."""
    names = Address(row.address).names
    things = {
        **dict.fromkeys(names, "none"),
        "access_request_id": f"req_{'0' * 32}",
        "credential_request_id": f"creq_{'0' * 32}",
    }
    return Address(row.address).of(things)


def test_nobody_opens_a_page_without_signing_in(owner: Somebody, subtests: Subtests) -> None:
    for row in PAGES:
        if row.open_to is not Audience.ANYBODY:
            with subtests.test(row.address):
                here = _address(row)
                answer = Client().generic(row.methods[0], here)
                assert answer.status_code == 302
                assert answer["Location"].startswith("/account/login/?next=")
                assert "no-store" in answer["Cache-Control"]


def test_only_owners_and_admins_open_their_pages(
    owner: Somebody, member: Somebody, subtests: Subtests
) -> None:
    browser = signed_in(member)
    for row in PAGES:
        with subtests.test(row.address):
            closed = row.open_to in {Audience.ADMINS, Audience.LOG_READERS}
            answer = browser.generic(row.methods[0], _address(row))
            assert ("This part is for owners and admins" in page(answer).text) == closed
            assert answer.status_code == 403 or not closed
    refused = [entry for entry in trail(member.console.tenant_id) if entry.details.get("part")]
    assert {entry.event for entry in refused} == {Event.ACCESS_DENIED}
    closed_rows = [row for row in PAGES if not admits(row.open_to, Role.MEMBER)]
    assert len(refused) == len(closed_rows)


def test_an_auditor_opens_the_log_and_their_account_only(
    owner: Somebody, subtests: Subtests
) -> None:
    auditor = join(owner, new_person("alma"), Role.AUDITOR)
    browser = signed_in(auditor)
    for row in PAGES:
        with subtests.test(row.address):
            closed = row.section not in {"", "audit", "account"}
            answer = browser.generic(row.methods[0], _address(row))
            assert ("This part is not for auditors" in page(answer).text) == closed
            assert answer.status_code == 403 or not closed
    refused = [entry for entry in trail(owner.console.tenant_id) if entry.details.get("part")]
    assert {entry.person_id for entry in refused} == {auditor.person.pk}


def test_a_page_answers_its_methods_only(owner: Somebody, subtests: Subtests) -> None:
    browser = signed_in(owner)
    for row in PAGES:
        here = _address(row)
        method = "POST" if row.methods == GET else "DELETE"
        if method not in row.methods:
            with subtests.test(f"{method} {row.address}"):
                answer = browser.generic(method, here)
                assert answer.status_code == 405
                assert answer["Allow"] == ", ".join(row.methods)


def test_step_up_is_asked_for_before_the_page_is_shown(owner: Somebody, subtests: Subtests) -> None:
    browser = signed_in(owner)
    let_proofs_age()
    rows = [row for row in PAGES if row.step_up]
    assert len(rows) == 12
    for row in rows:
        assert row.step_up
        for method in row.step_up.methods:
            with subtests.test(f"{method} {row.address}"):
                here = _address(row)
                assert asked_again(browser.generic(method, here)) == here


def test_rows_name_known_methods() -> None:
    assert {row.methods for row in PAGES} == {GET, FORM, POST, METHODS}
    for row in PAGES:
        if row.step_up:
            assert row.methods == FORM
            assert row.step_up.methods in {FORM, POST}


def test_the_sidebar_shows_what_may_be_opened() -> None:
    entries = {row.link.label: row.open_to for row in SECTIONS if row.link}
    everybody = {
        row.link.label
        for row in SECTIONS
        if row.link
        and row.open_to in {Audience.SIGNED_IN, Audience.MEMBERS}
        and not row.link.only_admins
    }
    expected = {Role.MEMBER: everybody, Role.AUDITOR: {"Audit log", "Account"}}
    for role in Role:
        drawn = [link for _, group in links(role, "team", None) for link in group]
        assert {link.label for link in drawn} == expected.get(role, set(entries))
        current = [link.label for link in drawn if link.current]
        assert current == ([] if role is Role.AUDITOR else ["Team"])


def test_the_tenant_is_read_once_per_page(owner: Somebody, subtests: Subtests) -> None:
    browser = signed_in(owner)
    for here in ("/admin/", "/credentials/", "/team/", "/team/members/", "/leases/"):
        with subtests.test(here), CaptureQueriesContext(connection) as captured:
            assert browser.get(here).status_code == 200
        choosing = [
            query["sql"]
            for query in captured.captured_queries
            if 'FROM "membership" INNER JOIN "tenant"' in query["sql"]
            and '"tenant"."suspended_at" IS NULL' in query["sql"]
        ]
        assert len(choosing) == 1
