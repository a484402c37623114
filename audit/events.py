"""The audit log's vocabulary; one grammar (`noun.participle`), one place."""

from enum import StrEnum


class Outcome(StrEnum):
    """How it went: done, refused to the actor, or tried and failed."""

    OK = "ok"
    DENIED = "denied"
    FAILED = "failed"


class Event(StrEnum):
    """Everything that is written down."""

    CREDENTIAL_CREATED = "credential.created"
    CREDENTIAL_IMPORTED = "credential.imported"
    CREDENTIAL_UPDATED = "credential.updated"
    CREDENTIAL_MOVED = "credential.moved"
    CREDENTIAL_READ = "credential.read"
    CREDENTIAL_READ_FAILED = "credential.read_failed"
    CREDENTIAL_ROTATED = "credential.rotated"
    CREDENTIAL_ROTATION_CHANGED = "credential.rotation_changed"
    CREDENTIAL_ROTATION_CLOSED = "credential.rotation_closed"
    CREDENTIAL_ROTATION_ROLLED_BACK = "credential.rotation_rolled_back"
    CREDENTIAL_ARCHIVED = "credential.archived"
    CREDENTIAL_RESTORED = "credential.restored"
    CREDENTIAL_REVOKED = "credential.revoked"
    CREDENTIAL_DELETED = "credential.deleted"
    LEASE_CREATED = "lease.created"
    LEASE_RENEWED = "lease.renewed"
    LEASE_EXPIRED = "lease.expired"
    LEASE_REVOKED = "lease.revoked"
    LEASE_DENIED = "lease.denied"
    GRANT_CREATED = "grant.created"
    GRANT_CHANGED = "grant.changed"
    GRANT_REMOVED = "grant.removed"
    GRANT_EXPIRED = "grant.expired"
    GRANT_BULK_CHANGED = "grant.bulk_changed"
    ACCESS_REQUESTED = "access.requested"
    ACCESS_APPROVED = "access.approved"
    ACCESS_DENIED = "access.denied"
    ACCESS_WITHDRAWN = "access.withdrawn"
    TOKEN_ISSUED = "token.issued"
    TOKEN_REFRESHED = "token.refreshed"
    TOKEN_REUSED = "token.reused"
    TOKEN_REVOKED = "token.revoked"
    CLIENT_REGISTERED = "client.registered"
    CLIENT_AUTHORIZED = "client.authorized"
    CLIENT_SUSPENDED = "client.suspended"
    CLIENT_RESUMED = "client.resumed"
    CLIENT_REMOVED = "client.removed"
    MEMBER_JOINED = "member.joined"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    SERVICE_ACCOUNT_SECRET_ADDED = "service_account.secret_added"
    SERVICE_ACCOUNT_SECRET_REMOVED = "service_account.secret_removed"
    SERVICE_ACCOUNT_KEY_ADDED = "service_account.key_added"
    SERVICE_ACCOUNT_KEY_REMOVED = "service_account.key_removed"
    PERSONAL_TOKEN_CREATED = "personal_token.created"
    PERSONAL_TOKEN_REVOKED = "personal_token.revoked"
    SESSION_SIGNED_IN = "session.signed_in"
    SESSION_FAILED = "session.failed"
    SESSION_SIGNED_OUT = "session.signed_out"
    SESSION_PASSWORD_CHANGED = "session.password_changed"
    SESSION_MFA_CHANGED = "session.mfa_changed"
    SESSION_ENDED = "session.ended"
    TENANT_CREATED = "tenant.created"
    TENANT_SETTINGS_UPDATED = "tenant.settings_updated"
    TENANT_SSO_CHANGED = "tenant.sso_changed"


# A refused or failed attempt is filed under the event that says so, where there is one.
REFUSED = {
    Event.LEASE_CREATED: Event.LEASE_DENIED,
    Event.CREDENTIAL_READ: Event.CREDENTIAL_READ_FAILED,
}
