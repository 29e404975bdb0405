"""Documents that were destroyed (RET-11): who destroyed a paper and who saw it, tombstones, proofs of a restore.

Invariants, kept by triggers against every role that works on the tables: an issued document or an entry of the register
becomes "destroyed" only as an approved, begun line of a proposal that is being executed, as a record does; an entry
besides only once somebody has written down where, how and before whom it was destroyed. All three tables only grow.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.documents.models import IssuedDocument
from occ.people.models import User
from retention.choices import Way
from retention.models.disposal import Item, Proposal
from retention.models.register import Entry

ONE_THING = Q(document__isnull=False, entry=None) | Q(document=None, entry__isnull=False)


class Shredding(models.Model):
    """A paper, or a file outside OCC, was destroyed by hand: the executor says so, with the password entered again."""

    item = models.OneToOneField(Item, models.PROTECT, related_name="shredding")
    on_day = models.DateField(_("destroyed on"))
    place = models.CharField(_("place"), max_length=120)
    way = models.CharField(_("way"), max_length=10, choices=Way)
    witness = models.CharField(_("witness"), max_length=120)
    witness_position = models.CharField(_("position of the witness"), max_length=170)  # and organisation
    said_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("destroyed by"))
    name = models.CharField(_("name"), max_length=150)
    position = models.CharField(_("position"), max_length=80)
    second_factor = models.BooleanField(default=False)
    said_at = models.DateTimeField(_("said"))

    class Meta:
        verbose_name = _("destruction by hand")
        constraints = [
            models.CheckConstraint(condition=Q(way__in=Way.values), name="shredding_way_known"),
            models.CheckConstraint(condition=~Q(place="") & ~Q(witness=""), name="shredding_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.get_way_display()}"


class DocumentTombstone(models.Model):
    """What stays of a destroyed document beside its row; written into every store, so that an older database learns.

    `mark`: SHA-256 of "document" and the verification code, or of "entry", the site's code and the number, by lines.
    """

    document = models.OneToOneField(IssuedDocument, models.PROTECT, null=True, related_name="+")
    entry = models.OneToOneField(Entry, models.PROTECT, null=True, related_name="+")
    # None where an older database was restored, which knows nothing of the proposal: the journal's number says which.
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="document_tombstones")
    number = models.CharField(max_length=30)
    mark = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    destroyed_on = models.DateField()
    destroyed_at = models.DateTimeField()
    outcome = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("tombstone of a document")
        constraints = [models.CheckConstraint(condition=ONE_THING, name="document_tombstone_of_one")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


class DocumentProof(models.Model):
    """A store's journal says that this document was destroyed; the database was restored from before that."""

    document = models.OneToOneField(IssuedDocument, models.PROTECT, null=True, related_name="+")
    entry = models.OneToOneField(Entry, models.PROTECT, null=True, related_name="+")
    number = models.CharField(max_length=30)
    store = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=ONE_THING, name="document_proof_of_one")]

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"
