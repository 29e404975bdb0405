"""Tokens for machines, and answers kept for repeated requests.

A token acts as its user, whose roles bound it; only its SHA-256 is kept, so it is shown once.
"""

from django.conf import settings
from django.db import models

from occ.encryption import EncryptedTextField


class ApiToken(models.Model):
    name = models.CharField(max_length=80, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(models.Model):
    """The answer to a POST that came with an Idempotency-Key: the same key gets the same answer again, for some days.

    `body`: JSON, encrypted, for wages and names of candidates are answered too. `request_digest`: an HMAC, from which
    what was asked cannot be guessed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = EncryptedTextField(blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotent_once")]

    def __str__(self) -> str:
        return self.key
