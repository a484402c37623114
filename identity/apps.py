from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset
        from allauth.mfa.models import Authenticator
        from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
        from django.db.models.signals import post_delete, post_save

        from access.left_behind import left_behind_requested
        from access.revocation import access_revoked
        from identity.left_behind import report_left_behind
        from identity.service_accounts.revocation import revoke_programs
        from identity.sign_in import session_events

        user_logged_in.connect(session_events.signed_in, dispatch_uid="identity.signed_in")
        user_logged_out.connect(session_events.signed_out, dispatch_uid="identity.signed_out")
        user_login_failed.connect(session_events.sign_in_failed, dispatch_uid="identity.failed")
        for signal in (password_changed, password_reset):
            signal.connect(session_events.password_changed, dispatch_uid="identity.password")
        password_reset.connect(
            session_events.address_proven, dispatch_uid="identity.address_proven"
        )
        left_behind_requested.connect(report_left_behind, dispatch_uid="identity.left_behind")
        access_revoked.connect(revoke_programs, dispatch_uid="identity.service_accounts")
        post_save.connect(
            session_events.factor_added, sender=Authenticator, dispatch_uid="identity.factor_added"
        )
        post_delete.connect(
            session_events.factor_removed,
            sender=Authenticator,
            dispatch_uid="identity.factor_removed",
        )
