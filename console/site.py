"""The admin site: our own pages on Django's `AdminSite`, for owners and admins of a tenant.

No model is registered: every change goes through an operation with its audit entry.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.generic import RedirectView

from audit.events import Event, Outcome
from audit.recording import record_separately
from console.actors import actor_for
from console.current_tenant import current_tenant
from console.errors import handle_errors, problem, to_second_factor
from console.pages import (
    agents,
    audit,
    clients,
    credential_detail,
    credential_edit,
    credential_lifecycle,
    credential_list,
    dashboard,
    folders,
    imports,
    leases,
    reveal,
    rotation,
    service_account_credentials,
    service_accounts,
    single_sign_on,
    tenant_keys,
    tenant_settings,
)
from foundation.errors import Denied


class ConsoleSite(AdminSite):
    """Open to people who own or administer their current tenant."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Membership decides; Django's staff flag and model permissions open nothing."""
        place = current_tenant(request)
        return place is not None and place.is_admin

    def admin_view(self, view: Callable[..., Any], _cacheable: bool = False) -> Any:
        """Sign-in first, then owners and admins only; never cached, always with a CSRF check."""

        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if _locked(request):
                return to_second_factor(request)
            if not self.has_permission(request):
                _record_refusal(request)
                return _closed(request)
            return handle_errors(view)(request, *args, **kwargs)

        return update_wrapper(never_cache(csrf_protect(inner)), view)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The pages of the console, and nothing of Django's own."""
        page = self.admin_view
        return [
            path("", page(dashboard.dashboard), name="index"),
            path("figures/", page(dashboard.figures), name="figures"),
            path("credentials/", page(credential_list.overview), name="credentials"),
            path("import/", page(imports.import_file), name="import"),
            path("leases/", page(leases.tenants_leases), name="leases"),
            path("leases/revoke", page(leases.revoke_chosen), name="revoke_leases"),
            path("agents/", page(agents.tenants_agents), name="agents"),
            path("agents/waiting/", page(agents.waiting), name="waiting_agents"),
            path("clients/", page(clients.clients), name="clients"),
            path("clients/<str:client_id>/suspend", page(clients.suspend), name="suspend_client"),
            path("clients/<str:client_id>/resume", page(clients.resume), name="resume_client"),
            path("clients/<str:client_id>/remove", page(clients.remove), name="remove_client"),
            *_service_accounts(page),
            path("sign-in/", page(single_sign_on.single_sign_on), name="sign_in"),
            path("credentials/new", page(credential_list.store), name="store"),
            path("settings/", page(tenant_settings.tenant_settings), name="settings"),
            path("folders/", page(folders.folders), name="folders"),
            path("folders/<path:folder_path>/move", page(folders.move), name="move_folder"),
            path("folders/<path:folder_path>/remove", page(folders.remove), name="remove_folder"),
            path("keys/", page(tenant_keys.keys), name="keys"),
            path("keys/rotate", page(tenant_keys.rotate), name="rotate_key"),
            path("keys/<str:tenant_key_id>/destroy", page(tenant_keys.destroy), name="destroy_key"),
            path("audit/", page(audit.log), name="audit"),
            path("audit/export", page(audit.export), name="export_audit"),
            path("audit/<str:entry_id>/", page(audit.entry), name="audit_entry"),
            path("credentials/<str:key>/", page(credential_detail.detail), name="credential"),
            path("credentials/<str:key>", page(_with_slash)),
            path("credentials/<str:key>/edit", page(credential_edit.edit), name="edit"),
            path("credentials/<str:key>/move", page(credential_edit.move), name="move"),
            path("credentials/<str:key>/rotate", page(rotation.rotate), name="rotate"),
            path("credentials/<str:key>/window", page(rotation.window), name="window"),
            path("credentials/<str:key>/roll-back", page(rotation.roll_back), name="roll_back"),
            path("credentials/<str:key>/value", page(reveal.reveal), name="reveal"),
            *(
                path(
                    f"credentials/<str:key>/{step}",
                    page(credential_lifecycle.end),
                    {"step": step},
                    name=step,
                )
                for step in credential_lifecycle.STEPS
            ),
        ]


def _service_accounts(page: Callable[..., Any]) -> list[URLPattern]:
    start, one = "service-accounts/", "service-accounts/<str:account_id>/"
    secret, key = f"{one}secrets/<str:proof_id>/remove", f"{one}keys/<str:key_id>/remove"
    return [
        path(start, page(service_accounts.accounts), name="service_accounts"),
        path(one, page(service_accounts.account), name="service_account"),
        path(f"{one}state", page(service_accounts.move), name="move_account"),
        path(f"{one}remove", page(service_accounts.remove), name="remove_account"),
        path(
            f"{one}secrets/new",
            page(service_account_credentials.add_secret),
            name="new_account_secret",
        ),
        path(f"{one}keys/new", page(service_account_credentials.add_key), name="new_account_key"),
        path(secret, page(service_account_credentials.remove_secret), name="remove_account_secret"),
        path(key, page(service_account_credentials.remove_key), name="remove_account_key"),
    ]


_with_slash = RedirectView.as_view(pattern_name="admin:credential")


def _locked(request: HttpRequest) -> bool:
    place = current_tenant(request)
    return place is not None and place.locked


def _record_refusal(request: HttpRequest) -> None:
    """Somebody without a tenant has no log to stand in."""
    if current_tenant(request) is not None:
        record_separately(
            actor_for(request),
            Event.ACCESS_DENIED,
            outcome=Outcome.DENIED,
            code=Denied.code,
            part="console",
        )


def _closed(request: HttpRequest) -> HttpResponse:
    return problem(
        request,
        403,
        "This part is for owners and admins",
        "You are signed in, but you neither own nor administer this tenant.",
        "What you may use yourself, and whom to ask for more, is on your team page.",
    )


site = ConsoleSite(name="admin")
