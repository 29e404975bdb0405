"""Destruction (RET-7 to RET-10): proposals with their frozen lists, what became of each line, and the tombstones.

Invariants, kept by triggers against every role that works on the tables: no record is marked destroyed, and no key is
destroyed, but as an approved line of a proposal that is being executed, whose frozen list is the one the client
approved, whose cooling-off is over, and that no hold covers; who approved does not execute. Tombstones only grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.approvals.models import Approval
from occ.documents.models import IssuedDocument
from occ.encryption import EncryptedTextField
from occ.people.models import Site, User
from occ.people.scope import site_filter
from retention.choices import (
    DOCUMENTS,
    ConditionKey,
    ItemDecision,
    ItemState,
    ProposalStatus,
    RecordKind,
    Result,
)
from retention.models.holds import Hold
from retention.models.places import Source
from retention.models.records import Record
from retention.models.register import Entry
from retention.personal import APPROVERS, CATALOGUE_READERS

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from retention.models.papers import DocumentTombstone

OPEN_PROPOSAL = [
    ProposalStatus.DRAFT, ProposalStatus.WITH_CLIENT, ProposalStatus.APPROVED, ProposalStatus.EXECUTING,
    ProposalStatus.PARTIAL,
]  # fmt: skip


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, user: User) -> ProposalQuerySet:
        """The client sees what was put before them, not what is being prepared."""
        shown = site_filter(user, APPROVERS) & ~Q(status__in=[ProposalStatus.DRAFT, ProposalStatus.WITHDRAWN])
        ours = site_filter(user, CATALOGUE_READERS)
        return self.filter(ours | shown) if ours else self

    def open(self) -> ProposalQuerySet:
        return self.filter(status__in=OPEN_PROPOSAL)


class Proposal(models.Model):
    """A list of what is to be destroyed (daftar usul musnah): conversations of one kind, or documents (kind empty)."""

    number = models.CharField(_("number"), max_length=30, unique=True)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=10, choices=RecordKind, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=ProposalStatus, default=ProposalStatus.DRAFT)
    reason = models.CharField(_("reason"), max_length=300)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"))
    # The list as it was put before the client; what is approved is this and nothing else.
    frozen_at = models.DateTimeField(_("list frozen"), null=True)
    list_sha256 = models.CharField(_("list's SHA-256"), max_length=64, blank=True)
    items_count = models.PositiveIntegerField(_("lines"), default=0)
    bytes_count = models.PositiveBigIntegerField(_("volume"), default=0)
    first_day = models.DateField(_("from"), null=True)
    last_day = models.DateField(_("to"), null=True)
    answer_due_at = models.DateTimeField(_("answer due"), null=True)
    approval = models.OneToOneField(Approval, models.PROTECT, null=True, related_name="+")
    approved_count = models.PositiveIntegerField(_("approved lines"), default=0)
    cooling_until = models.DateTimeField(_("cooling off until"), null=True)
    executed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("executed by"))
    executed_at = models.DateTimeField(_("execution begun"), null=True)
    completed_at = models.DateTimeField(_("destroyed"), null=True)
    document = models.ForeignKey(
        IssuedDocument, models.PROTECT, null=True, related_name="+", verbose_name=_("berita acara")
    )
    # What keeps the execution from going on, in words; "" while nothing does.
    trouble = models.CharField(max_length=300, blank=True, editable=False)
    run = models.UUIDField(null=True, editable=False)
    heard_at = models.DateTimeField(null=True, editable=False)

    objects = ProposalQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["run", "heard_at", "trouble"])
    if TYPE_CHECKING:
        items: RelatedManager[Item]
        conditions: RelatedManager[Condition]
        probes: RelatedManager[Probe]
        document_tombstones: RelatedManager[DocumentTombstone]
        trails: RelatedManager[Trail]

    class Meta:
        verbose_name = _("disposal proposal")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ProposalStatus.values), name="proposal_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=[ProposalStatus.DRAFT, ProposalStatus.WITHDRAWN])
                | (Q(frozen_at__isnull=False) & ~Q(list_sha256="")),
                name="proposal_frozen_before_the_client",
            ),
            models.CheckConstraint(
                condition=Q(executed_at=None)
                | Q(approval__isnull=False, cooling_until__lte=F("executed_at"), executed_by__isnull=False),
                name="proposal_approved_before_execution",
            ),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="proposal_status")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("retention:proposal", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_PROPOSAL

    def get_status_display(self) -> str:  # type: ignore[no-redef]
        """In words; a list of which some lines were refused does not say that it is approved."""
        in_part = self.status == ProposalStatus.APPROVED and self.approved_count < self.items_count
        if self.status == ProposalStatus.APPROVED and self.cooling_until and self.cooling_until <= timezone.now():
            return str(_("Approved in part, may be deleted") if in_part else _("Approved, may be deleted"))
        return str(_("Approved in part, cooling off")) if in_part else str(ProposalStatus(self.status).label)

    @property
    def of_documents(self) -> bool:
        return self.kind == DOCUMENTS

    @property
    def kind_label(self) -> str:
        return str(_("Documents of the register")) if self.of_documents else str(self.get_kind_display())


class ConditionQuerySet(models.QuerySet["Condition"]):
    def standing(self) -> ConditionQuerySet:
        """What counts: nothing was held since it was said that it speaks of."""
        return self.filter(unsaid=None)


class Condition(models.Model):
    """One of the five conditions, and who says that it is met. Rows are only added.

    `after`: the hold since which it is asked again; what was said before that is `Unsaid`. `again`: how often it had
    been taken back by then, as one hold may do so more than once (it is widened).
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="conditions")
    key = models.CharField(_("condition"), max_length=10, choices=ConditionKey)
    said_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("said by"))
    said_at = models.DateTimeField(_("said"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    after = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="+")
    again = models.PositiveSmallIntegerField(default=0, db_default=0)

    objects = ConditionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "key", "after", "again"], name="condition_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(key__in=ConditionKey.values), name="condition_known"),
        ]

    def __str__(self) -> str:
        return self.get_key_display()


class Unsaid(models.Model):
    """A condition that was said before a hold took lines off the draft's list: it counts no more."""

    condition = models.OneToOneField(Condition, models.PROTECT, related_name="unsaid")
    hold = models.ForeignKey(Hold, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.condition}: {self.hold}"


class Item(models.Model):
    """A line: one record, one issued document, or one document entered by hand. `line` is what the hash is over."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="items")
    position = models.PositiveIntegerField(_("no."))
    record = models.ForeignKey(Record, models.PROTECT, null=True, related_name="disposals")
    document = models.ForeignKey(IssuedDocument, models.PROTECT, null=True, related_name="+")
    entry = models.ForeignKey(Entry, models.PROTECT, null=True, related_name="+")
    line = models.CharField(max_length=600)
    reason = models.CharField(_("why it may go"), max_length=200)
    decision = models.CharField(_("decision"), max_length=10, choices=ItemDecision, default=ItemDecision.PENDING)
    decision_reason = models.CharField(_("reason"), max_length=300, blank=True)
    # A refused line is proposed again on this day, not before.
    again_on = models.DateField(_("again on"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=ItemState, default=ItemState.LISTED)
    started_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    # Kept true by the services while the proposal is open: no line stands in two open proposals.
    live = models.BooleanField(default=True)

    class Meta:
        ordering = ["proposal_id", "position"]
        verbose_name = _("line")
        constraints = [
            models.UniqueConstraint(fields=["proposal", "position"], name="item_position"),
            models.UniqueConstraint(fields=["record"], name="item_record_once", condition=Q(live=True)),
            models.UniqueConstraint(fields=["document"], name="item_document_once", condition=Q(live=True)),
            models.UniqueConstraint(fields=["entry"], name="item_entry_once", condition=Q(live=True)),
            models.CheckConstraint(
                condition=Q(record__isnull=False, document=None, entry=None)
                | Q(record=None, document__isnull=False, entry=None)
                | Q(record=None, document=None, entry__isnull=False),
                name="item_is_one_thing",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[ItemState.STARTED, ItemState.DESTROYED]) | Q(decision=ItemDecision.APPROVED),
                name="item_destroyed_only_if_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state=ItemState.DESTROYED) | Q(destroyed_at__isnull=False), name="item_destroyed_at"
            ),
        ]
        indexes = [models.Index(fields=["proposal", "state", "position"], name="item_state")]

    def __str__(self) -> str:
        return f"{self.proposal} {self.position}"


class Tombstone(models.Model):
    """What stays of a destroyed record: no customer, no word, but enough to prove it and to keep it from coming back.

    Also written into every store (`tombstones/`), so that an older database learns of it.
    """

    record = models.OneToOneField(Record, models.PROTECT, related_name="tombstone")
    # None where an older database was restored, which knows nothing of the proposal: the journal's number says which.
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="tombstones")
    number = models.CharField(max_length=30)
    source = models.CharField(max_length=20)
    # SHA-256 of "source code, newline, external ID" and "source code, newline, path": what a scan asks for.
    id_mark = models.CharField(max_length=64, unique=True)
    path_mark = models.CharField(max_length=64, db_index=True)
    kind = models.CharField(max_length=10)
    ended_on = models.DateField()
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    sha512 = models.CharField(max_length=128, blank=True)
    bag = models.CharField(max_length=60, blank=True)
    destroyed_at = models.DateTimeField()
    # What was done per copy: {"source": "deleted", "store:MAIN": "key destroyed", …}.
    outcome = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("tombstone")

    def __str__(self) -> str:
        return f"{self.source} {self.record_id}"


class Probe(models.Model):
    """An absence probe: is what was destroyed gone from the source, every store and every export (RET-9)?"""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="probes")
    due_at = models.DateTimeField(_("due"))
    ran_at = models.DateTimeField(_("run"), null=True)
    result = models.CharField(_("result"), max_length=8, choices=Result, default=Result.NOT_RUN)
    counted = models.PositiveIntegerField(_("records looked for"), default=0)
    found = models.JSONField(_("found"), default=list)

    class Meta:
        ordering = ["due_at"]
        verbose_name = _("absence probe")
        indexes = [models.Index(fields=["due_at"], name="probe_due", condition=Q(ran_at=None))]

    def __str__(self) -> str:
        return f"{self.proposal}, {self.due_at:%Y-%m-%d}"


class Trail(models.Model):
    """Where destroyed files lay, for the absence probes alone; goes once the last of them has found nothing.

    The records themselves keep no path (services.burying): `names` is JSON, the paths of a part of one source.
    """

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="trails")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    files = models.PositiveIntegerField()
    names = EncryptedTextField()

    def __str__(self) -> str:
        return f"{self.proposal}, {self.source}: {self.files}"
