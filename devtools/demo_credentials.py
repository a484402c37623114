"""The demo tenants' credentials, with random values that give access to nothing."""

import json
import secrets
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID


def acme_credentials() -> list[dict[str, object]]:
    """Acme's credentials: one of every type, and one that needs an approval."""
    return [
        {
            "key": "stripe-api-key",
            "type": "api-key",
            "folderPath": "stripe",
            "value": f"sk_test_{secrets.token_hex(16)}",
            "description": "Payments, test mode",
            "tags": ["payments", "test"],
            "metadata": {"service": "stripe", "environment": "development", "team": "billing"},
        },
        {
            "key": "stripe-webhook-secret",
            "type": "generic-secret",
            "folderPath": "stripe",
            "value": f"whsec_{secrets.token_hex(16)}",
            "tags": ["payments"],
        },
        {
            "key": "stripe-live-key",
            "type": "api-key",
            "folderPath": "stripe/live",
            "value": f"sk_live_demo_{secrets.token_hex(16)}",
            "description": "Payments of real customers; every use is approved",
            "tags": ["payments", "production"],
            "metadata": {"service": "stripe", "environment": "production", "team": "billing"},
            "policy": {"approval": "required", "defaultTtl": "5m", "maxTtl": "15m"},
        },
        {
            "key": "prod-database-url",
            "type": "database-url",
            "folderPath": "databases",
            "value": f"postgresql://app:{secrets.token_hex(12)}@db.acme.example:5432/shop",
            "description": "The shop's production database",
            "tags": ["production"],
            "policy": {"defaultTtl": "5m", "maxTtl": "15m", "maxActiveLeases": 10},
        },
        {
            "key": "github-oauth-token",
            "type": "oauth-token",
            "folderPath": "infra",
            "value": f"gho_{secrets.token_hex(18)}",
            "secretFields": {"refreshToken": f"ghr_{secrets.token_hex(18)}"},
            "metadata": {"service": "github", "scopes": "repo,workflow"},
        },
        {
            "key": "deploy-ssh-key",
            "type": "ssh-key",
            "folderPath": "infra",
            "value": _ssh_key(),
            "metadata": {"host": "deploy.acme.example", "username": "deploy"},
            "policy": {"maxActiveLeases": 1},
        },
        {
            "key": "wildcard-certificate",
            "type": "tls-certificate",
            "folderPath": "infra",
            "value": _certificate(),
        },
    ]


def globex_credentials() -> list[dict[str, object]]:
    """Globex's credentials, which nobody in acme can find."""
    return [
        {
            "key": "globex-mail-key",
            "type": "api-key",
            "folderPath": "mail",
            "value": f"demo_{secrets.token_hex(16)}",
            "metadata": {"service": "mail"},
        }
    ]


def _ssh_key() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()


def _certificate() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "*.acme.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=90))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("*.acme.example")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps(
        {
            "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
            "privateKey": private.decode(),
        }
    )
