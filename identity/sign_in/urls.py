"""Everything under /account/: signing in, second factors and the account itself.

Only selected views: open sign-up and allauth's own index are not mounted. A change of the account
is one transaction with its audit entry, and is closed to sessions from a tenant's provider.
"""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import path, re_path

from identity.sign_in import passkeys as own_passkeys
from identity.sign_in.account_views import changes_account
from identity.sign_in.overview import overview, second_factor
from identity.sign_in.session_list import session_list

urlpatterns = [
    # allauth reverses these names.
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("authenticate/", factors.authenticate, name="mfa_authenticate"),
    path("passkeys/sign-in/", own_passkeys.sign_in, name="mfa_login_webauthn"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("reauthenticate/code/", factors.reauthenticate, name="mfa_reauthenticate"),
    path(
        "reauthenticate/passkey/",
        own_passkeys.confirm,
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "password/change/", changes_account(account.password_change), name="account_change_password"
    ),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        changes_account(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("", overview, name="mfa_index"),
    path("", overview, name="mfa_list_webauthn"),
    path("", overview, name="account"),
    path("second-factor/", second_factor, name="account_second_factor"),
    path("sessions/", session_list, name="account_sessions"),
    path("authenticator/add/", changes_account(totp.activate_totp), name="mfa_activate_totp"),
    path(
        "authenticator/remove/", changes_account(totp.deactivate_totp), name="mfa_deactivate_totp"
    ),
    path("passkeys/add/", changes_account(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path(
        "passkeys/<int:pk>/rename/",
        changes_account(passkeys.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
    path(
        "passkeys/<int:pk>/remove/",
        changes_account(passkeys.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
    path(
        "recovery-codes/",
        changes_account(codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "recovery-codes/new/",
        changes_account(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
]
