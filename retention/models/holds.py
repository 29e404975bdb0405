"""Legal holds (RET-12): what may not be destroyed, whatever its age and whoever approved it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.lookups import IsNull
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.encryption import LenientTextField
from occ.people.models import Person, Site, User
from occ.people.scope import site_filter
from retention.choices import HoldReason, RecordKind
from retention.models.records import Record
from retention.personal import CATALOGUE_READERS


class HoldQuerySet(models.QuerySet["Hold"]):
    def visible_to(self, user: User) -> HoldQuerySet:
        return self.filter(site_filter(user, CATALOGUE_READERS))

    def in_force(self, day: date) -> HoldQuerySet:
        """`until` is the last day."""
        return self.filter(Q(until=None) | Q(until__gte=day), lifted_at=None)

    def covering(self) -> HoldQuerySet:
        """For Exists over records (or their rows' OuterRef): each condition that a hold names must be met."""
        of_nobody = IsNull(OuterRef("agent_id"), True)
        return self.filter(
            Q(site_id=OuterRef("site_id")),
            Q(kind="") | Q(kind=OuterRef("kind")),
            Q(agent=None) | Q(agent_id=OuterRef("agent_id")) | Q(of_nobody, without_agent=True),
            Q(customer_mark="") | Q(customer_mark=OuterRef("customer_mark")),
            Q(first_day=None) | Q(begins_at__lte=OuterRef("ended_at")),
            Q(last_day=None) | Q(ends_at__gt=OuterRef("started_at")),
            Q(named=False) | Exists(HoldRecord.objects.filter(hold=OuterRef("pk"), record=OuterRef(OuterRef("pk")))),
        )

    def over(self, record: Record) -> HoldQuerySet:
        """Those that cover this one record: `covering` from the other side."""
        return self.filter(
            Q(kind="") | Q(kind=record.kind),
            Q(agent=None) | (Q(agent=record.agent_id) if record.agent_id else Q(without_agent=True)),
            Q(customer_mark="") | Q(customer_mark=record.customer_mark),
            Q(first_day=None) | Q(begins_at__lte=record.ended_at),
            Q(last_day=None) | Q(ends_at__gt=record.started_at),
            Q(named=False) | Exists(HoldRecord.objects.filter(hold=OuterRef("pk"), record=record.pk)),
            site=record.site_id,
        )

    def over_by(self, day: date) -> HoldQuerySet:
        """Neither lifted nor in force any more."""
        return self.filter(lifted_at=None, until__lt=day)


class Hold(models.Model):
    """Covers the records that meet all that it names: a kind, an agent, a customer, a period; or named ones."""

    number = models.CharField(_("number"), max_length=30, unique=True)
    reason = models.CharField(_("reason"), max_length=10, choices=HoldReason)
    note = models.CharField(_("what for"), max_length=300)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=10, choices=RecordKind, blank=True)
    agent = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("agent"))
    # An agent who was not known when a record was catalogued is on none: such records may be the agent's too.
    without_agent = models.BooleanField(_("also records without an agent"), default=False)
    customer = LenientTextField(_("customer"), blank=True)
    customer_mark = models.CharField(max_length=64, blank=True, editable=False)
    first_day = models.DateField(_("from"), null=True, blank=True)
    last_day = models.DateField(_("to"), null=True, blank=True)
    # The same as instants, in the site's zone.
    begins_at = models.DateTimeField(null=True, editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)
    named = models.BooleanField(_("for named records only"), default=False)
    until = models.DateField(_("until"), null=True, blank=True)
    set_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("set by"))
    set_at = models.DateTimeField(_("set"))
    lifted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("lifted by"))
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    lifted_because = models.CharField(_("why lifted"), max_length=300, blank=True)
    # When beat wrote down that its last day is past.
    expired_at = models.DateTimeField(_("ended by itself"), null=True, editable=False)

    objects = HoldQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["customer"])

    class Meta:
        verbose_name = _("legal hold")
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=HoldReason.values) & ~Q(note=""), name="hold_says_why"),
            models.CheckConstraint(
                condition=Q(first_day=None) | Q(last_day=None) | Q(last_day__gte=F("first_day")), name="hold_order"
            ),
            # A hold over everything of a site would be a change of the schedule, and is made there.
            models.CheckConstraint(
                condition=Q(named=True) | Q(agent__isnull=False) | ~Q(customer_mark="") | Q(first_day__isnull=False)
                | Q(last_day__isnull=False),
                name="hold_has_a_scope",
            ),
            models.CheckConstraint(
                condition=Q(without_agent=False) | Q(agent__isnull=False), name="hold_without_agent_has_one"
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None) | (Q(lifted_by__isnull=False) & ~Q(lifted_because="")),
                name="hold_lifted_with_reason",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("retention:hold", args=[self.pk])

    def stands_on(self, day: date) -> bool:
        """Whether it is in force on that day of its site."""
        return self.lifted_at is None and (self.until is None or day <= self.until)


class HoldRecord(models.Model):
    hold = models.ForeignKey(Hold, models.PROTECT, related_name="records")
    record = models.ForeignKey(Record, models.PROTECT, related_name="holds")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hold", "record"], name="hold_record_once")]

    def __str__(self) -> str:
        return f"{self.hold}: {self.record_id}"
