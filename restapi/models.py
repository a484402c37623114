"""Answers stored under an Idempotency-Key for a day."""

from django.db import models

from access.tenancy import TenantOwned


class KeptAnswer(TenantOwned):
    """An answer without handle or secret, found by a keyed digest of the key's owner and route.

    It is written in the operation's transaction: both are stored or neither
    (docs/decisions/0010-rest.md).
    """

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    key_digest = models.BinaryField(max_length=32)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    etag = models.TextField(default="", blank=True)
    ends_at = models.DateTimeField()

    class Meta:
        db_table = "kept_answer"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key_digest"], name="one_answer_per_key")
        ]
        indexes = [models.Index(fields=["ends_at"], name="kept_answer_end")]

    def __str__(self) -> str:
        return f"answer {self.pk}"
