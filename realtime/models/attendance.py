"""What rostered days came to (RTM-6, RTM-7, RTM-8): figures made of events, what the team leader says, and the numbers
handed to RTFM (MO 4.3.6 "realisasi jumlah agent").

Invariants: one record, and one mark, for each person and day; what was handed over is never changed. A record can be
made anew from events and rosters at any time; what changes in it a day after its shift is kept as a correction.
Durations are milliseconds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.models import Person, Site, User
from occ.people.scope import people_filter, site_filter
from realtime.choices import AttendanceStatus, DayKind, HeadcountStatus
from realtime.formulas import adherence_percent, conformance_percent
from realtime.models.roster import ROSTER_READERS, Shift


class ShiftRecordQuerySet(models.QuerySet["ShiftRecord"]):
    def visible_to(self, user: User) -> ShiftRecordQuerySet:
        """The site's by role, else the own."""
        seen, by_site = people_filter(user), site_filter(user, ROSTER_READERS)
        if not seen or not by_site:
            return self
        return self.filter(Q(person__in=Person.objects.filter(seen)) | by_site)


class ShiftRecord(models.Model):
    """`status`: as the events say. `stale`: something was told of its time since it was made."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    kind = models.CharField(max_length=10, choices=DayKind)
    code = models.CharField(_("shift"), max_length=10, blank=True)
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    status = models.CharField(_("status"), max_length=10, choices=AttendanceStatus)
    login_at = models.DateTimeField(_("log-in"), null=True)
    logout_at = models.DateTimeField(_("log-out"), null=True)
    forgotten = models.BooleanField(_("log-out forgotten"), default=False)
    drops = models.PositiveSmallIntegerField(_("cut off"), default=0)
    late_ms = models.BigIntegerField(_("late"), default=0)
    early_ms = models.BigIntegerField(_("left early"), default=0)
    in_ms = models.BigIntegerField(default=0)
    out_ms = models.BigIntegerField(default=0)
    neutral_ms = models.BigIntegerField(default=0)
    unknown_ms = models.BigIntegerField(default=0)
    planned_ms = models.BigIntegerField(default=0)
    worked_ms = models.BigIntegerField(default=0)
    aux = models.JSONField(default=dict)
    over_ms = models.BigIntegerField(default=0)
    formula = models.PositiveIntegerField()
    computed_at = models.DateTimeField()
    stale = models.BooleanField(default=False)
    corrections = models.PositiveSmallIntegerField(_("corrections"), default=0)

    objects = ShiftRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("shift worked")
        constraints = [
            models.UniqueConstraint(fields=["person", "day"], name="shift_record_once"),
            models.CheckConstraint(condition=Q(status__in=AttendanceStatus.values), name="shift_record_status_known"),
            models.CheckConstraint(
                condition=Q(late_ms__gte=0, early_ms__gte=0, in_ms__gte=0, out_ms__gte=0, neutral_ms__gte=0,
                            unknown_ms__gte=0, planned_ms__gte=0, worked_ms__gte=0, over_ms__gte=0),
                name="shift_record_no_negative_time",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["site", "day"], name="shift_record_day"),
            models.Index(fields=["day", "id"], name="shift_record_listed"),
            models.Index(fields=["person", "starts_at"], name="shift_record_span", condition=~Q(starts_at=None)),
            models.Index(fields=["ends_at"], name="shift_record_stale", condition=Q(stale=True)),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.day} {self.status}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:attendance_person_day", args=[self.person_id, self.day.isoformat()])

    @property
    def adherence(self) -> float | None:
        return adherence_percent(self.in_ms, self.out_ms)

    @property
    def conformance(self) -> float | None:
        return conformance_percent(self.worked_ms, self.planned_ms)


class ShiftCorrection(models.Model):
    """What a record said before something was told of a shift that had been over for a day; only grows."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    at = models.DateTimeField(_("when"))
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["person", "day"], name="shift_correction_of")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.day} {self.at:%Y-%m-%d %H:%M}"


class AttendanceMarkQuerySet(models.QuerySet["AttendanceMark"]):
    def visible_to(self, user: User) -> AttendanceMarkQuerySet:
        seen, by_site = people_filter(user), site_filter(user, ROSTER_READERS)
        if not seen or not by_site:
            return self
        return self.filter(Q(person__in=Person.objects.filter(seen)) | by_site)


class AttendanceMark(models.Model):
    """What the team leader says of somebody's day. `said`: what the events said when it was marked."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    day = models.DateField(_("day"))
    status = models.CharField(_("status"), max_length=10, choices=AttendanceStatus)
    said = models.CharField(max_length=10, choices=AttendanceStatus)
    note = models.CharField(_("note"), max_length=300, blank=True)
    marked_at = models.DateTimeField(_("marked"))
    marked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("marked by"))

    objects = AttendanceMarkQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("attendance")
        constraints = [
            models.UniqueConstraint(fields=["person", "day"], name="attendance_mark_once"),
            models.CheckConstraint(
                condition=Q(status__in=[one for one in AttendanceStatus.values if one not in {"awaited", "unknown"}]),
                name="attendance_mark_says_something",
            ),
            models.CheckConstraint(condition=Q(status=F("said")) | ~Q(note=""), name="attendance_mark_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.day} {self.status}"


class HeadcountQuerySet(models.QuerySet["Headcount"]):
    def visible_to(self, user: User) -> HeadcountQuerySet:
        return self.filter(site_filter(user, ROSTER_READERS))


class Headcount(models.Model):
    """How many agents of a shift there are against its roster. `counts`: by status, as they were handed over."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    day = models.DateField(_("day"))
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="+", verbose_name=_("shift"))
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    status = models.CharField(_("status"), max_length=10, choices=HeadcountStatus, default=HeadcountStatus.OPEN)
    counts = models.JSONField(default=dict)
    note = models.CharField(_("note"), max_length=300, blank=True)
    handed_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    handed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = HeadcountQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "shift"]
        verbose_name = _("number of agents")
        constraints = [
            models.UniqueConstraint(fields=["site", "day", "shift"], name="headcount_once"),
            models.CheckConstraint(
                condition=Q(status="open", handed_at=None, handed_by=None)
                | Q(status="handed", handed_at__isnull=False, handed_by__isnull=False),
                name="headcount_handed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} {self.day} {self.shift.code}"

    def get_absolute_url(self) -> str:
        return f"{reverse('realtime:attendance')}?site={self.site_id}&day={self.day.isoformat()}#shift-{self.shift_id}"


FIGURES = (
    "kind", "code", "starts_at", "ends_at", "status", "login_at", "logout_at", "forgotten", "drops", "late_ms",
    "early_ms", "in_ms", "out_ms", "neutral_ms", "unknown_ms", "planned_ms", "worked_ms", "aux", "over_ms", "formula",
)  # fmt: skip


def figures_said(record: ShiftRecord) -> dict[str, Any]:
    """A record's figures as JSON."""
    found = {name: getattr(record, name) for name in FIGURES}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in found.items()}


SETTLED = timedelta(hours=26)  # after the end of a shift; what changes later is a correction
