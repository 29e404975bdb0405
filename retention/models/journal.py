"""The journals of what was destroyed: written into every store, and read again after an older database was restored.

Invariant: a proof is written by the owner of the tables only (trigger), which is whom a restore works as: the role that
serves the pages cannot make one, and with a proof a record is destroyed without a proposal.
"""

from __future__ import annotations

from django.db import models

from retention.models.disposal import Proposal
from retention.models.records import Record


class Journal(models.Model):
    """A page of a proposal's journal that lies in every store: the tombstones from `first_id` to `last_id`."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="journals")
    page = models.PositiveIntegerField()
    name = models.CharField(max_length=120, unique=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    lines = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    written_at = models.DateTimeField()

    class Meta:
        ordering = ["proposal_id", "page"]
        constraints = [models.UniqueConstraint(fields=["proposal", "page"], name="journal_page_once")]

    def __str__(self) -> str:
        return self.name


class JournalProof(models.Model):
    """A store's journal says that this record was destroyed; the database was restored from before that."""

    record = models.OneToOneField(Record, models.PROTECT, related_name="+")
    number = models.CharField(max_length=30)
    store = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.record_id}"
