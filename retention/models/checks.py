"""What was checked, and what was found to be wrong (RET-6). A check that was not run is a result too."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.documents.models import IssuedDocument
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role, site_filter
from retention.choices import GRAVE, STANDING, CheckKind, FindingKind, FindingStatus, Result
from retention.models.bags import Bag, Pack
from retention.models.places import Source, Store
from retention.models.records import Batch, Record
from retention.personal import CATALOGUE_READERS


class CheckQuerySet(models.QuerySet["Check"]):
    def visible_to(self, user: User) -> CheckQuerySet:
        """Of a batch or a source: as its site is seen; of a store: as stores are."""
        own = (
            site_filter(user, CATALOGUE_READERS, "batch__site_id"),
            site_filter(user, CATALOGUE_READERS, "source__site_id"),
        )
        if not own[0]:  # every site
            return self
        if not has_role(user, CATALOGUE_READERS):
            return self.none()
        return self.filter(
            Q(batch=None, source=None) | Q(batch__isnull=False) & own[0] | Q(source__isnull=False) & own[1]
        )


class Check(models.Model):
    """One run of a check over a store, a source or a batch; `pack`: one package of the batch only."""

    kind = models.CharField(_("kind"), max_length=10, choices=CheckKind)
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="checks")
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="checks")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="checks")
    pack = models.ForeignKey(Pack, models.PROTECT, null=True, blank=True, related_name="checks")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    result = models.CharField(_("result"), max_length=8, choices=Result, default=Result.NOT_RUN)
    objects_count = models.PositiveBigIntegerField(_("objects read"), default=0)
    bytes_count = models.PositiveBigIntegerField(_("bytes read"), default=0)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    note = models.CharField(_("note"), max_length=300, blank=True)
    document = models.ForeignKey(IssuedDocument, models.PROTECT, null=True, blank=True, related_name="+")
    by = models.CharField(_("by"), max_length=150)
    # Of a restore drill: what its batch was drawn with, so that the draw can be made again.
    seed = models.CharField(_("drawn with"), max_length=64, blank=True)
    # Long checks work in slices: the run that works on it, and the last record it did.
    run = models.UUIDField(null=True, editable=False)
    heard_at = models.DateTimeField(null=True, editable=False)
    last = models.BigIntegerField(default=0, editable=False)
    details = models.JSONField(default=dict, editable=False)

    objects = CheckQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("check")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=CheckKind.values), name="check_kind_known"),
            models.CheckConstraint(condition=Q(result__in=Result.values), name="check_result_known"),
            models.CheckConstraint(condition=Q(pack=None) | Q(batch__isnull=False), name="check_pack_of_batch"),
        ]
        indexes = [models.Index(fields=["kind", "-started_at"], name="check_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("retention:check", args=[self.pk])

    @property
    def of(self) -> str:
        """What was checked; single packages of several batches are neither a batch nor a store."""
        if self.pack:
            return self.pack.name
        if self.batch:
            return self.batch.identifier
        return str(self.store or self.source or _("Single packages"))


class DamageQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: User) -> DamageQuerySet:
        return self.filter(site_filter(user, CATALOGUE_READERS))

    def open(self) -> DamageQuerySet:
        """Also what is said to be resolved, as long as nobody has confirmed it."""
        return self.filter(status__in=STANDING)


class Finding(models.Model):
    """Something wrong with one object of one place: one row for ever, however often it comes and goes.

    A key is kept in no place: its finding has neither store nor source, and is named after the bag.
    """

    kind = models.CharField(_("kind"), max_length=14, choices=FindingKind)
    store = models.ForeignKey(Store, models.PROTECT, null=True, blank=True, related_name="findings")
    source = models.ForeignKey(Source, models.PROTECT, null=True, blank=True, related_name="findings")
    name = models.CharField(_("object"), max_length=600)
    bag = models.ForeignKey(Bag, models.PROTECT, null=True, blank=True, related_name="findings")
    record = models.ForeignKey(Record, models.PROTECT, null=True, blank=True, related_name="findings")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=10, choices=FindingStatus, default=FindingStatus.OPEN)
    owner_role = models.CharField(_("owner"), max_length=20, choices=Role, default=Role.IT)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("last seen"))
    due_at = models.DateTimeField(_("due"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    # Of a grave one that words settle: who says so, and who has looked at it (four eyes).
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("proposed by"))
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by"))
    # The run that mends it or has its packages read again (pulse.finding_claimed).
    run = models.UUIDField(null=True, editable=False)
    heard_at = models.DateTimeField(null=True, editable=False)

    objects = DamageQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["seen_at", "run", "heard_at"])

    class Meta:
        verbose_name = _("finding")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "store", "source", "name"], name="retention_finding_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(kind__in=FindingKind.values), name="retention_finding_kind"),
            models.CheckConstraint(condition=Q(status__in=FindingStatus.values), name="retention_finding_status"),
            models.CheckConstraint(
                condition=~Q(status=FindingStatus.PROPOSED) | Q(proposed_by__isnull=False), name="finding_proposed_by"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | Q(proposed_by__isnull=False) & ~Q(confirmed_by=F("proposed_by")),
                name="finding_four_eyes",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="retention_finding_open", condition=Q(status__in=["open", "proposed"])
            ),
            # What a list of batches asks of each: of thousands of findings a bag has few that are open.
            models.Index(
                fields=["bag", "kind"], name="finding_open_of_bag", condition=Q(status__in=["open", "proposed"])
            ),
            models.Index(
                fields=["name", "store"], name="finding_open_of_copy", condition=Q(status__in=["open", "proposed"])
            ),
        ]

    def __str__(self) -> str:
        where = f" ({self.store.name})" if self.store_id and self.store else ""
        return f"{self.get_kind_display()}: {self.name}{where}"

    def get_absolute_url(self) -> str:
        return reverse("retention:finding", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in STANDING

    @property
    def is_grave(self) -> bool:
        return self.kind in GRAVE
