"""The evidence ledger: what happened, kept so that nobody changes or removes it unnoticed.

Entries are append-only by database trigger. Beat seals them: a seal keeps the hash of every entry of its range
and is chained to the one before by an HMAC whose key is not in the database, so that somebody with all rights on
the database can still not rewrite the past without `verify_ledger` naming the entry.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(_("who"), max_length=150)
    action = models.CharField(_("action"), max_length=80)
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    site_code = models.CharField(max_length=10, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="ledger_entry_subject"),
            # A list of some deeds, the latest first, however rare they are among all.
            models.Index(fields=["action", "id"], name="ledger_entry_action"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"


class Seal(models.Model):
    """`leaves` is the entries' ids and hashes in order: 8 bytes big-endian id, 32 bytes SHA-256, again and again."""

    at = models.DateTimeField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    leaves = models.BinaryField()
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(last_id__gte=models.F("first_id")), name="ledger_seal_range"),
            models.CheckConstraint(condition=models.Q(count__gte=1), name="ledger_seal_not_empty"),
        ]

    def __str__(self) -> str:
        return f"seal {self.pk} ({self.first_id}-{self.last_id})"


class Heartbeat(models.Model):
    """When a beat task last ran to its end. One that is too old is an alert in itself (KER-7)."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    did = models.IntegerField(default=0)
    parked = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"
