"""The other control: leases and audited reads as a plain Django project would do them.

An ORM model per table, a view per operation, one transaction with the entry of a hash chain whose
head row is locked with SELECT … FOR UPDATE; indexed, pooled, with the same verified-token memory
and the same AES-256-GCM. No row-level security, no groups, no windows, no quotas. Served by uvicorn
as `bench.plain_twin:application`; `BENCH_DATABASE_URL` is a database that it may create tables in.
"""

# mypy: disable-error-code="attr-defined"
# The plugin knows the managers of the models of Vault's settings only.

import hashlib
import hmac
import json
import os
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings

_URL = urlsplit(os.environ["BENCH_DATABASE_URL"])
settings.configure(
    SECRET_KEY="bench",  # noqa: S106  # signs nothing
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _URL.path[1:],
            "USER": _URL.username,
            "PASSWORD": _URL.password,
            "HOST": _URL.hostname,
            "PORT": str(_URL.port),
            "OPTIONS": {
                "pool": {"min_size": 4, "max_size": 16},
                "server_side_binding": True,
                "prepare_threshold": 1,
            },
        }
    },
)
django.setup()

from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: E402  # after setup()
from django.core.asgi import get_asgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils.timezone import now  # noqa: E402

_KEY = os.urandom(32)
_HANDLE_KEY = os.urandom(32)


class Credential(models.Model):
    key = models.CharField(max_length=128, unique=True)
    sealed = models.BinaryField()

    class Meta:
        app_label = "bench"


class Grant(models.Model):
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE)
    person = models.CharField(max_length=64, db_index=True)

    class Meta:
        app_label = "bench"


class Lease(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE)
    person = models.CharField(max_length=64, db_index=True)
    purpose = models.CharField(max_length=500)
    uses = models.IntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        app_label = "bench"


class Head(models.Model):
    tenant = models.CharField(max_length=64, unique=True)
    mac = models.BinaryField()

    class Meta:
        app_label = "bench"


class Entry(models.Model):
    at = models.DateTimeField(auto_now_add=True)
    event = models.CharField(max_length=40)
    person = models.CharField(max_length=64, db_index=True)
    purpose = models.CharField(max_length=500)
    lease = models.UUIDField()
    mac = models.BinaryField()

    class Meta:
        app_label = "bench"


MODELS: tuple[type[models.Model], ...] = (Credential, Grant, Lease, Head, Entry)
PERSON = "somebody"


def create_tables() -> None:
    """The tables with one credential, granted to one person."""
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    nonce = os.urandom(12)
    sealed = nonce + AESGCM(_KEY).encrypt(nonce, b"sk_test_value", None)
    credential = Credential.objects.create(key="stripe-api-key", sealed=sealed)
    Grant.objects.create(credential=credential, person=PERSON)
    Head.objects.create(tenant="acme", mac=b"")


def _record(event: str, lease: Lease) -> None:
    head = Head.objects.select_for_update().get(tenant="acme")
    facts = json.dumps([event, lease.person, lease.purpose, str(lease.pk)]).encode()
    head.mac = hmac.digest(_KEY, bytes(head.mac) + facts, hashlib.sha256)
    head.save(update_fields=["mac"])
    Entry.objects.create(
        event=event, person=lease.person, purpose=lease.purpose, lease=lease.pk, mac=head.mac
    )


def lease_credential(request: HttpRequest) -> JsonResponse:
    """POST {key, purpose, ttl}."""
    body: dict[str, Any] = json.loads(request.body)
    with transaction.atomic():
        credential = Credential.objects.get(key=body["key"])
        Grant.objects.get(credential=credential, person=PERSON)
        lease = Lease.objects.create(
            credential=credential,
            person=PERSON,
            purpose=body["purpose"],
            expires_at=now() + timedelta(seconds=body["ttl"]),
        )
        _record("lease.created", lease)
    mac = hmac.new(_HANDLE_KEY, lease.pk.bytes, hashlib.sha256).hexdigest()
    return JsonResponse({"handle": f"{lease.pk.hex}.{mac}", "expiresAt": lease.expires_at})


def read_credential(request: HttpRequest) -> JsonResponse:
    """POST {handle}."""
    identifier, _, mac = json.loads(request.body)["handle"].partition(".")
    key = uuid.UUID(hex=identifier)
    if not hmac.compare_digest(hmac.new(_HANDLE_KEY, key.bytes, hashlib.sha256).hexdigest(), mac):
        return JsonResponse({}, status=404)
    with transaction.atomic():
        lease = Lease.objects.select_for_update().get(pk=key, expires_at__gt=now())
        credential = Credential.objects.get(pk=lease.credential_id)
        Grant.objects.get(credential=credential, person=PERSON)
        sealed = bytes(credential.sealed)
        value = AESGCM(_KEY).decrypt(sealed[:12], sealed[12:], None)
        lease.uses += 1
        lease.save(update_fields=["uses"])
        _record("credential.read", lease)
    return JsonResponse({"value": value.decode()})


urlpatterns = [path("lease", lease_credential), path("read", read_credential)]
create_tables()
application = get_asgi_application()
