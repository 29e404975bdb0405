"""The catalogue: one row per conversation, and the batches in which they are backed up (RET-1, RET-4).

Invariants: a conversation is in the catalogue once, however often its source is read (unique constraint); a row never
goes: what was destroyed stays as a row without its customer, and only with an approval (triggers); a batch is
complete only when each of its records is backed up or waived.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.encryption import LenientTextField
from occ.people.choices import Role
from occ.people.models import Person, Site, TeamMembership, User, in_force, within_reach
from occ.people.scope import roles_of, site_filter
from occ.times import JAKARTA, local_day
from retention.choices import BatchStatus, Channel, ProblemKind, RecordKind, RecordState
from retention.models.places import Source
from retention.personal import CATALOGUE_READERS, LISTENERS

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from retention.models.bags import Bag


# Counted and written while a batch is worked on: no change that anybody made.
OF_THE_RUN = [
    "records_count", "bytes_count", "done_count", "problems_count", "run", "heard_at", "stops", "error", "next_at",
]  # fmt: skip


class BatchQuerySet(models.QuerySet["Batch"]):
    def visible_to(self, user: User) -> BatchQuerySet:
        return self.filter(site_filter(user, CATALOGUE_READERS))

    def open(self) -> BatchQuerySet:
        return self.exclude(status=BatchStatus.COMPLETE)

    def overdue(self, now: datetime) -> BatchQuerySet:
        return self.open().filter(due_at__lte=now)


class Batch(models.Model):
    """Kind x site x month of the records' ends; what arrives once one is complete makes the month's next `part`."""

    kind = models.CharField(_("kind"), max_length=10, choices=RecordKind)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    month = models.DateField(_("month"))
    part = models.PositiveSmallIntegerField(_("part"), default=1)
    status = models.CharField(_("status"), max_length=12, choices=BatchStatus, default=BatchStatus.GATHERING)
    # The end of the first record's anniversary: by then all of it must be backed up (SOP-RET 5.1, 5.2).
    due_at = models.DateTimeField(_("due"))
    opened_at = models.DateTimeField(_("opened"))
    completed_at = models.DateTimeField(_("completed"), null=True)
    # What the lists show; kept by the services that change it.
    records_count = models.PositiveIntegerField(_("records"), default=0)
    bytes_count = models.PositiveBigIntegerField(_("volume"), default=0)
    done_count = models.PositiveIntegerField(_("backed up"), default=0)
    problems_count = models.PositiveIntegerField(_("problems"), default=0)
    # The run that works on it: one that has been silent for long has died, and another takes the batch over.
    run = models.UUIDField(null=True, editable=False)
    heard_at = models.DateTimeField(null=True, editable=False)
    # How often it had to stop since it last got on, why, and when it is tried again.
    stops = models.PositiveSmallIntegerField(default=0, editable=False)
    error = models.CharField(_("stopped by"), max_length=300, blank=True, editable=False)
    next_at = models.DateTimeField(_("tried again"), null=True, editable=False)

    objects = BatchQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=OF_THE_RUN)
    if TYPE_CHECKING:
        records: RelatedManager[Record]
        bags: RelatedManager[Bag]
        problems: RelatedManager[Problem]

    class Meta:
        verbose_name = _("batch")
        constraints = [
            models.UniqueConstraint(fields=["kind", "site", "month", "part"], name="batch_once"),
            models.CheckConstraint(condition=Q(status__in=BatchStatus.values), name="batch_status_known"),
            models.CheckConstraint(condition=Q(month__day=1), name="batch_month_is_first"),
            models.CheckConstraint(
                condition=~Q(status=BatchStatus.COMPLETE) | Q(completed_at__isnull=False), name="batch_completed_at"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="batch_open", condition=~Q(status=BatchStatus.COMPLETE)),
            models.Index(fields=["month", "kind"], name="batch_month"),
        ]

    def __str__(self) -> str:
        return self.identifier

    def get_absolute_url(self) -> str:
        return reverse("retention:batch", args=[self.pk])

    @property
    def identifier(self) -> str:
        """Also the name of its bags' files: safe ASCII."""
        part = f"-{self.part}" if self.part > 1 else ""
        return f"{self.site.code}-{self.kind}-{self.month:%Y%m}{part}"

    @property
    def is_open(self) -> bool:
        return self.status != BatchStatus.COMPLETE


def called(text: str, *, within: bool = False, of: str = "") -> Q:
    """Records of that ID at the source, or whose ID begins with it (`within`: holds it); `of`: the way to them.

    An ID that names its customer is found by the whole of it only: otherwise who sees it masked would find it out digit
    by digit.
    """
    name, text = f"{of}external_id", text.replace("\x00", "").strip()
    part = Q(**{f"{name}__{'icontains' if within else 'startswith'}": text})
    return part & (Q(**{name: text}) | Q(**{f"{of}names_customer": False}))


class RecordQuerySet(models.QuerySet["Record"]):
    def visible_to(self, user: User) -> RecordQuerySet:
        """The site's by role; a team leader of one team sees that of the people who are in it today."""
        return self._within(user, CATALOGUE_READERS)

    def called(self, text: str) -> RecordQuerySet:
        """By the ID at the source, or its beginning."""
        return self.filter(called(text))

    def audible_to(self, user: User) -> RecordQuerySet:
        """Those whose words the user may hear and read (with a purpose)."""
        return self._within(user, LISTENERS)

    def _within(self, user: User, roles: frozenset[Role]) -> RecordQuerySet:
        sites = site_filter(user, roles - {Role.TEAM_LEADER})
        seen = sites
        if not sites:  # every site
            return self
        today = local_day(datetime.now(JAKARTA), JAKARTA)
        for held in roles_of(user):
            if held.role != Role.TEAM_LEADER:
                continue
            if held.team_id is not None:
                members = TeamMembership.objects.filter(in_force(today), team_id=held.team_id)
                seen |= Q(agent_id__in=members.values("person_id"))
            elif held.site_id is not None:
                seen |= Q(site_id=held.site_id)
            else:
                return self
        return self.filter(seen)

    def kept(self) -> RecordQuerySet:
        return self.exclude(state=RecordState.DESTROYED)


class Record(models.Model):
    """A conversation. Its age counts from `ended_at`; `fingerprint` tells whether the file is the one catalogued."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="records", verbose_name=_("source"))
    external_id = models.CharField(_("ID at the source"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=RecordKind)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False, verbose_name=_("site"))
    agent = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("agent")
    )
    # What the source calls the agent, where nobody of that ID was known when the record was catalogued.
    agent_label = models.CharField(_("agent at the source"), max_length=80, blank=True)
    started_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"))
    path = models.CharField(_("file"), max_length=600)
    size = models.PositiveBigIntegerField(_("size"))
    # What the source said of the file when it was catalogued: ETag, or time of change in nanoseconds.
    fingerprint = models.CharField(max_length=80, blank=True, editable=False)
    # Of the original bytes; known from the first reading on.
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    customer = LenientTextField(_("customer"), blank=True)
    # A keyed hash of it: a hold or a search finds a customer's records without reading anybody's number.
    customer_mark = models.CharField(max_length=64, blank=True, editable=False)
    # Whether the customer is part of the ID (marks.names_customer), which is masked then. Of a destroyed record it is
    # not: what is kept of the ID has it masked. The migration says yes also where no key opened the customer.
    names_customer = models.BooleanField(default=False, db_default=False, editable=False)
    state = models.CharField(_("state"), max_length=12, choices=RecordState, default=RecordState.CATALOGUED)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="records")
    waived_because = models.CharField(_("why without backup"), max_length=300, blank=True)
    catalogued_at = models.DateTimeField(_("catalogued"))
    # When the source was last seen without its file.
    gone_at = models.DateTimeField(_("gone since"), null=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record")
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="record_once"),
            # What was destroyed has its path's mark: another conversation may lie there by now, and be destroyed too.
            models.UniqueConstraint(
                fields=["source", "path"], name="record_file_once", condition=~Q(state=RecordState.DESTROYED)
            ),
            models.CheckConstraint(condition=Q(ended_at__gte=F("started_at")), name="record_order"),
            models.CheckConstraint(condition=Q(state__in=RecordState.values), name="record_state_known"),
            models.CheckConstraint(condition=within_reach("ended_at"), name="record_time_possible"),
            models.CheckConstraint(
                condition=~Q(state=RecordState.DESTROYED) | Q(customer="", customer_mark=""),
                name="record_destroyed_without_customer",
            ),
            # Its mark stands in its place (marks.path_mark): a recorder's path may hold the customer's number.
            models.CheckConstraint(
                condition=~Q(state=RecordState.DESTROYED) | Q(path__regex="^[0-9a-f]{64}$"),
                name="record_destroyed_without_path",
            ),
        ]
        indexes = [
            models.Index(fields=["ended_at", "id"], name="record_ended"),
            models.Index(fields=["site", "ended_at", "id"], name="record_site"),
            models.Index(fields=["agent", "ended_at", "id"], name="record_agent"),
            models.Index(fields=["channel", "ended_at", "id"], name="record_channel"),
            # One for each state: states follow time, and the database takes them to be spread evenly over it.
            models.Index(fields=["ended_at", "id"], name="record_catalogued", condition=Q(state="catalogued")),
            models.Index(fields=["ended_at", "id"], name="record_backed_up", condition=Q(state="backed_up")),
            models.Index(fields=["ended_at", "id"], name="record_waived", condition=Q(state="waived")),
            models.Index(fields=["ended_at", "id"], name="record_destroyed", condition=Q(state="destroyed")),
            # How an ID begins.
            models.Index(fields=["external_id"], opclasses=["varchar_pattern_ops"], name="record_external_id"),
            models.Index(fields=["customer_mark"], name="record_customer", condition=~Q(customer_mark="")),
            # Chats in the order in which they came, for their search words.
            models.Index(fields=["id"], name="record_chats", condition=Q(kind=RecordKind.CHAT)),
            # What is still to be gathered into a batch.
            models.Index(
                fields=["site", "kind", "ended_at"], name="record_loose",
                condition=Q(batch=None, state=RecordState.CATALOGUED),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.external_id

    def get_absolute_url(self) -> str:
        return reverse("retention:record", args=[self.pk])

    @property
    def ended_on(self) -> date:
        return local_day(self.ended_at, self.site.zone)


class Problem(models.Model):
    """A record that keeps its batch from being complete, and how that was settled."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="problems")
    record = models.ForeignKey(Record, models.PROTECT, related_name="problems")
    kind = models.CharField(_("kind"), max_length=12, choices=ProblemKind)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    found_at = models.DateTimeField(_("found"))
    tried_at = models.DateTimeField(_("last tried"))
    tried = models.BooleanField(default=True, editable=False)  # since the batch was last started
    settled_at = models.DateTimeField(_("settled"), null=True)
    settled_note = models.CharField(_("how"), max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("problem")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ProblemKind.values), name="problem_kind_known"),
            models.UniqueConstraint(fields=["record"], name="problem_open_once", condition=Q(settled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.record}: {self.get_kind_display()}"
