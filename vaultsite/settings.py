"""Django's settings: assignments from the environment and nothing else."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from pydantic import PostgresDsn

from access.scopes import DEFAULT_SCOPES, SCOPE_MEANINGS
from foundation.db.pool import CheckedConnection
from foundation.rate_limits import parse_rates
from vaultsite.environment import read_environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = read_environment()

PUBLIC_URL = ENVIRONMENT.public_url
MCP_RESOURCE = f"{PUBLIC_URL}/api/mcp"
REST_RESOURCE = f"{PUBLIC_URL}/api/v1"

SECRET_KEY = ENVIRONMENT.secret_key.get_secret_value()
DEBUG = False
ALLOWED_HOSTS = [ENVIRONMENT.host]
if ENVIRONMENT.development:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
ROOT_URLCONF = "vaultsite.urls"
ASGI_APPLICATION = "vaultsite.asgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "oauth2_provider",
    "rest_framework",
    "channels",
    "csp",
    "drf_spectacular_sidecar",
    "access",
    "audit",
    "tenants",
    "credentials",
    "leases",
    "identity",
    "restapi",
    "mcpserver",
    "console",
    "vaultsite",
]
if ENVIRONMENT.development:
    INSTALLED_APPS += ["devtools"]  # the command `demo`

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "console.static_files.whole_files",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "vaultsite.middleware.private_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.appearance.appearance",
            ]
        },
    }
]


# A hanging database must not block requests forever. Milliseconds, for the application's role.
DATABASE_LIMITS = {
    "connect_timeout": 3,
    "tcp_user_timeout": 20_000,
    "options": "-c statement_timeout=15000 -c lock_timeout=10000"
    " -c idle_in_transaction_session_timeout=30000",
}


def _database(
    url: PostgresDsn, *, engine: str, pool: int = 0, limits: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A PostgreSQL URL with one host as Django's settings; the URL's options override `limits`."""
    host = url.hosts()[0]
    options: dict[str, Any] = {**(limits or {}), **dict(url.query_params())}
    options["prepare_threshold"] = (
        5  # not None, which would prevent what foundation.db.prepared does
    )
    if pool:
        options["pool"] = {
            "min_size": 1,
            "max_size": pool,
            "timeout": 3,
            "connection_class": CheckedConnection,
        }
    return {
        "ENGINE": engine,
        "NAME": (url.path or "").lstrip("/"),
        "USER": host["username"],
        "PASSWORD": host["password"],
        "HOST": host["host"],
        "PORT": str(host["port"] or 5432),
        "OPTIONS": options,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"MIGRATE": False},
    }


DATABASES = {
    "default": _database(
        ENVIRONMENT.database_url,
        engine="foundation.db.postgresql",
        pool=ENVIRONMENT.database_pool,
        limits=DATABASE_LIMITS,
    )
}
if ENVIRONMENT.database_owner_url:
    # Django's own: a migration may take longer than the deadlines allow a request.
    DATABASES["owner"] = _database(
        ENVIRONMENT.database_owner_url, engine="django.db.backends.postgresql"
    )

REDIS_URL = str(ENVIRONMENT.redis_url)
REDIS_TIMEOUT = 0.25  # seconds; without Redis limits and the cache go on in memory
CACHES = {
    "default": {
        "BACKEND": "vaultsite.cache.FallbackRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT, "socket_connect_timeout": REDIS_TIMEOUT},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": 1, "socket_connect_timeout": 0.5}]
        },
    }
}

# -- people ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "tenants.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "identity.sign_in.allauth_adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "/account/login/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds for which a sign-in counts as fresh


def _rates(**counted: str) -> str:
    """The library's form of rows of foundation/rate_limits.py, each per `ip`, `key` or `user`."""
    return ",".join(
        f"{rate.amount}/{rate.get_expiry()}s/{per}"
        for per, name in counted.items()
        for rate in parse_rates(ENVIRONMENT.limit(name))
    )


ACCOUNT_RATE_LIMITS = {
    "login": _rates(ip="sign_in"),
    "login_failed": _rates(ip="sign_in_failed"),
    "second_factor": _rates(key="second_factor"),
    "reset_password": _rates(ip="reset_password", key="reset_password_account"),
    "reset_password_from_key": _rates(ip="reset_password_link"),
    "change_password": _rates(user="change_password"),
    "reauthenticate": _rates(user="reauthenticate"),
}
MFA_ADAPTER = "identity.sign_in.factors.FactorAdapter"
MFA_FORMS = {
    "authenticate": "identity.sign_in.factor_forms.CodeForm",
    "reauthenticate": "identity.sign_in.factor_forms.ConfirmingCodeForm",
    "authenticate_webauthn": "identity.sign_in.factor_forms.PasskeyForm",
    "reauthenticate_webauthn": "identity.sign_in.factor_forms.ConfirmingPasskeyForm",
    "login_webauthn": "identity.sign_in.factor_forms.PasskeyAloneForm",
    "activate_totp": "identity.sign_in.factor_forms.AuthenticatorAppForm",
    "add_webauthn": "identity.sign_in.factor_forms.NewPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up: addresses come from operators and invitations
MFA_TOTP_TOLERANCE = 1  # each step counts once, whatever the tolerance (identity.sign_in.factors)
MFA_RECOVERY_CODE_DIGITS = 16
MFA_RECOVERY_CODES_SHOW_ONCE = True
ALLAUTH_TRUSTED_PROXY_COUNT = ENVIRONMENT.trusted_proxies

# -- sessions and browsers ----------------------------------------------------------------------
SESSION_ENGINE = "identity.sign_in.session_store"
SESSION_COOKIE_NAME = "__Host-vault" if ENVIRONMENT.secure else "vault"
SESSION_COOKIE_SECURE = ENVIRONMENT.secure
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-vault-csrf" if ENVIRONMENT.secure else "vault-csrf"
CSRF_COOKIE_SECURE = ENVIRONMENT.secure
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "console.errors.csrf_failure"
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
# A file to import is full of secrets: it stays in memory and is never put on a disk.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = None  # nothing is collected: the finders serve our few small files
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# -- the authorization server -------------------------------------------------------------------
OAUTH2_PROVIDER_APPLICATION_MODEL = "identity.Client"
OAUTH2_PROVIDER_GRANT_MODEL = "identity.AuthorizationCode"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "identity.AccessToken"
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "identity.RefreshToken"
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "identity.IDToken"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "identity.DeviceGrant"
OAUTH2_PROVIDER: dict[str, Any] = {
    "OAUTH2_SERVER_CLASS": "identity.authorization_server.server.VaultServer",
    "OAUTH2_VALIDATOR_CLASS": "identity.authorization_server.validator.VaultValidator",
    "OAUTH2_BACKEND_CLASS": "identity.authorization_server.server.VaultCore",
    "ACCESS_TOKEN_GENERATOR": "identity.authorization_server.tokens.make_access_token",
    "REFRESH_TOKEN_GENERATOR": "identity.authorization_server.tokens.make_refresh_token",
    "SCOPES": {str(scope): meaning for scope, meaning in SCOPE_MEANINGS.items()},
    "DEFAULT_SCOPES": [str(scope) for scope in DEFAULT_SCOPES],
    "ACCESS_TOKEN_EXPIRE_SECONDS": ENVIRONMENT.access_token_seconds,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 86_400,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "OIDC_ENABLED": False,
    "OIDC_ISS_ENDPOINT": PUBLIC_URL,
    # RFC 9700's gates; REDIRECT_URI_SCHEME stays open, because loopback addresses are http.
    **{
        f"COMPLIANT_BCP_RFC9700_{gate}": True
        for gate in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_MATCHING",
            "PKCE_REQUIRED",
        )
    },
}
# (times, seconds); foundation/rate_limits.py says what each is counted by.
IDENTITY_LIMITS: dict[str, list[tuple[int, int]]] = {
    name: [(rate.amount, rate.get_expiry()) for rate in parse_rates(ENVIRONMENT.limit(name))]
    for name in (
        "register",
        "register_failed",
        "token",
        "consent",
        "single_sign_on",
        "sign_in_failed_here",
        "sign_in_failed_account",
        "sign_in_failed_guessed",
        "sign_in_failed_browser",
    )
}
if ENVIRONMENT.development:  # one machine tries out the whole product repeatedly
    IDENTITY_LIMITS |= {
        name: [(1000, 60)] for name in IDENTITY_LIMITS if not name.startswith("sign_in_failed")
    }

# -- programs -----------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["restapi.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["restapi.parsers.StrictJSONParser"],
    "EXCEPTION_HANDLER": "restapi.problems.as_problem",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # `format` is a member like any other
}

# -- background work ----------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 2, "socket_connect_timeout": 2}
CELERY_BROKER_HEARTBEAT = 0


# Threads, so that the tasks of a process share its pool of database connections: Celery closes the
# pool after each task of a forked process. Tasks mostly wait for the database or a mail server.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = 4
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "vaultsite.due_scheduler:DueScheduler"
HEARTBEAT_TASK = "vaultsite.beat_the_heart"


def _every(seconds: int, task: str) -> dict[str, dict[str, Any]]:
    """Schedule a task; one that waited longer than `expires` seconds is dropped."""
    expires = max(60, seconds)
    return {task: {"task": task, "schedule": seconds, "options": {"expires": expires}}}


CELERY_BEAT_SCHEDULE = {
    **_every(ENVIRONMENT.sweep_seconds, "vaultsite.sweep"),
    **_every(10, HEARTBEAT_TASK),
    **_every(3600, "identity.purge"),
    **_every(3600, "leases.delete_old_leases"),
    **_every(3600, "tenants.delete_old_notices"),
}

SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # TLS ends at the proxy, which also redirects (docs/operations.md)
    "oauth2_provider.W008",  # loopback redirects are http by nature (RFC 8252 §7.3)
]

# -- the rest -----------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
# Without a mail server, mail is printed in development. Elsewhere it is not sent and not printed,
# because a link to set a password must not be in a log.
EMAIL_BACKEND = "vaultsite.mail.NoMailServer"
if ENVIRONMENT.development:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
if ENVIRONMENT.email_url:
    MAIL_SERVER = urlsplit(ENVIRONMENT.email_url.get_secret_value())
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = MAIL_SERVER.hostname or ""
    EMAIL_PORT = MAIL_SERVER.port or (465 if MAIL_SERVER.scheme == "smtps" else 587)
    EMAIL_HOST_USER = unquote(MAIL_SERVER.username or "")
    EMAIL_HOST_PASSWORD = unquote(MAIL_SERVER.password or "")
    EMAIL_USE_SSL = MAIL_SERVER.scheme == "smtps"
    EMAIL_USE_TLS = MAIL_SERVER.scheme == "smtp" and not ENVIRONMENT.development
    EMAIL_TIMEOUT = 8  # for each step of the conversation
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_from
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "vaultsite.log_format.JSONFormatter"},
    },
    "filters": {
        "discreet": {"()": "vaultsite.log_filters.RequestRedaction"},
        "brief": {"()": "vaultsite.log_filters.RepetitionFilter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": ENVIRONMENT.log_format,
            "filters": ["discreet", "brief"],
        }
    },
    "root": {"handlers": ["stderr"], "level": ENVIRONMENT.log_level},
    "loggers": {
        # oauthlib and the toolkit log requests at DEBUG; a token in a log is a token lost.
        "oauthlib": {"level": "WARNING"},
        "oauth2_provider": {"level": "WARNING"},
        "django.db.backends": {"level": "WARNING"},
        # Two lines for every task.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # It brings handlers of its own.
        "uvicorn": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        # It writes a traceback every second while Valkey is away; console.live logs it once.
        "channels_redis": {"level": "CRITICAL"},
    },
}
