from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "identity"

    def ready(self) -> None:
        from allauth.account.signals import password_changed, password_reset
        from allauth.mfa.models import Authenticator
        from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
        from django.db.models.signals import post_delete, post_save

        from access.endings import access_ended
        from identity import sessions
        from identity.machines.endings import end_machines

        user_logged_in.connect(sessions.signed_in, dispatch_uid="identity.signed_in")
        user_logged_out.connect(sessions.signed_out, dispatch_uid="identity.signed_out")
        user_login_failed.connect(sessions.sign_in_failed, dispatch_uid="identity.failed")
        for signal in (password_changed, password_reset):
            signal.connect(sessions.password_changed, dispatch_uid="identity.password")
        password_reset.connect(sessions.address_proven, dispatch_uid="identity.address_proven")
        access_ended.connect(end_machines, dispatch_uid="identity.machines")
        post_save.connect(
            sessions.factor_added, sender=Authenticator, dispatch_uid="identity.factor_added"
        )
        post_delete.connect(
            sessions.factor_removed, sender=Authenticator, dispatch_uid="identity.factor_removed"
        )
