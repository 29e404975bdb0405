"""The roster (RTM-1): who works which shift on which day, by site and month, in versions.

Invariants: one line for each person and day of a version; what is validated or was published is never changed (trigger
of migration 0007), a change is the next version; one version of a month is the published one, and one at most is being
worked on. A shift is one thing even over midnight: its day is that on which it starts. `starts_at` and `ends_at` of a
line are instants, made of the shift's clock times in the site's zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import Person, Site, User
from occ.people.scope import SITE_WIDE, people_filter, site_filter
from realtime.choices import DayKind, RosterStatus

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

# A team leader runs the floor of whoever works now: the roster of the whole site.
ROSTER_READERS = frozenset({*SITE_WIDE, Role.TEAM_LEADER})


class ShiftQuerySet(models.QuerySet["Shift"]):
    def visible_to(self, user: User) -> ShiftQuerySet:
        return self.filter(site_filter(user, {*ROSTER_READERS, Role.AGENT}))


class Shift(models.Model):
    """`breaks`: [{"activity": Activity, "after": minutes from the start, "minutes": how long}], in order, apart.

    `leads`: whoever has it leads the floor and serves nobody.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    code = models.CharField(_("code"), max_length=10)
    label = models.CharField(_("name"), max_length=60)
    starts = models.TimeField(_("begins"))
    minutes = models.PositiveSmallIntegerField(_("lasts (minutes)"))
    paid_minutes = models.PositiveSmallIntegerField(_("paid minutes"))
    breaks = models.JSONField(_("breaks"), default=list, blank=True)
    leads = models.BooleanField(_("leads the floor"), default=False)
    active = models.BooleanField(_("in use"), default=True)

    objects = ShiftQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["site", "starts", "code"]
        verbose_name = _("shift")
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="shift_code"),
            models.CheckConstraint(condition=Q(minutes__gte=30, minutes__lte=960), name="shift_length"),
            models.CheckConstraint(condition=Q(paid_minutes__lte=F("minutes")), name="shift_paid"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"

    @property
    def hours(self) -> str:
        """From when to when, as the site's clocks show it."""
        at = self.starts.hour * 60 + self.starts.minute + self.minutes
        return f"{self.starts:%H:%M}–{at // 60 % 24:02}:{at % 60:02}"


class RosterQuerySet(models.QuerySet["Roster"]):
    def visible_to(self, user: User) -> RosterQuerySet:
        return self.filter(site_filter(user, ROSTER_READERS))

    def published(self) -> RosterQuerySet:
        return self.filter(status=RosterStatus.PUBLISHED)

    def drawn_up(self) -> RosterQuerySet:
        """Of each site's month the version published last that is no swap: whose hands wrote what holds."""
        newest = Roster.objects.filter(amends=False, published_at__isnull=False)
        newest = newest.order_by("site_id", "month", "-published_at", "-pk").distinct("site_id", "month")
        return self.filter(pk__in=newest.values("pk"))

    def in_work(self) -> RosterQuerySet:
        return self.filter(status__in=WORKED_ON, amends=False)


WORKED_ON = (RosterStatus.DRAFT, RosterStatus.VALIDATED)


class Roster(models.Model):
    """One version of a month's plan; `month` is the first of it. `base`: the published version that it changes, and
    `note` why. `file_sha256`: of the spreadsheet that it came from last."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="rosters", verbose_name=_("site"))
    month = models.DateField(_("month"))
    version = models.PositiveSmallIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=12, choices=RosterStatus, default=RosterStatus.DRAFT)
    base = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("changes"))
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("made by")
    )
    validated_at = models.DateTimeField(_("validated"), null=True, blank=True)
    validated_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    hands = models.ManyToManyField(User, related_name="+", verbose_name=_("drawn up by"))  # who wrote in this version
    note = models.CharField(_("reason"), max_length=300, blank=True)
    amends = models.BooleanField(default=False)  # an approved swap: drawn up and published in one deed
    file_name = models.CharField(max_length=200, blank=True)
    file_sha256 = models.CharField(max_length=64, blank=True)

    objects = RosterQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        lines: RelatedManager[RosterLine]

    class Meta:
        ordering = ["-month", "-version"]
        verbose_name = _("roster")
        constraints = [
            models.UniqueConstraint(fields=["site", "month", "version"], name="roster_version"),
            models.UniqueConstraint(
                fields=["site", "month"], name="roster_one_published", condition=Q(status="published")
            ),
            models.UniqueConstraint(
                fields=["site", "month"],
                name="roster_one_in_work",
                condition=Q(status__in=["draft", "validated"], amends=False),
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="roster_month_is_first"),
            models.CheckConstraint(condition=Q(base=None) | ~Q(note=""), name="roster_change_has_reason"),
            models.CheckConstraint(condition=Q(status__in=RosterStatus.values), name="roster_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} {self.month:%Y-%m} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:roster", args=[self.pk])

    @property
    def called(self) -> str:
        """As it is read; `str` is what the ledger keeps."""
        return f"{self.site.code} {date_format(self.month, 'F Y')} v{self.version}"

    @property
    def in_work(self) -> bool:
        return self.status in WORKED_ON


class RosterLineQuerySet(models.QuerySet["RosterLine"]):
    def visible_to(self, user: User) -> RosterLineQuerySet:
        """Published lines of the people whom the user sees; the site's by role, the own ones too."""
        seen = people_filter(user)
        people = Person.objects.filter(seen) if seen else Person.objects.all()
        by_site = site_filter(user, ROSTER_READERS, "roster__site_id")
        rows = self.filter(Q(person__in=people) | by_site if by_site else Q()).distinct()
        return rows.filter(roster__status=RosterStatus.PUBLISHED)

    def in_force(self) -> RosterLineQuerySet:
        return self.filter(roster__status=RosterStatus.PUBLISHED)


class RosterLine(models.Model):
    roster = models.ForeignKey(Roster, models.PROTECT, related_name="lines", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=10, choices=DayKind)
    shift = models.ForeignKey(Shift, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    channel = models.CharField(max_length=20, blank=True)  # for which the person is planned, where it matters

    objects = RosterLineQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["roster", "person", "day"], name="roster_line_once"),
            models.CheckConstraint(
                condition=Q(kind="shift", shift__isnull=False, starts_at__isnull=False, ends_at__gt=F("starts_at"))
                | (~Q(kind="shift") & Q(shift=None, starts_at=None, ends_at=None)),
                name="roster_line_shift",
            ),
            models.CheckConstraint(condition=Q(kind__in=DayKind.values), name="roster_line_kind_known"),
        ]
        indexes = [
            models.Index(fields=["person", "starts_at"], name="roster_line_person"),
            models.Index(fields=["roster", "day"], name="roster_line_day"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.day} {self.kind}"

    @property
    def hours(self) -> str:
        """From when to when at the site; nothing on a day without a shift."""
        if self.starts_at is None or self.ends_at is None:
            return ""
        zone = self.roster.site.zone
        return f"{self.starts_at.astimezone(zone):%H:%M}–{self.ends_at.astimezone(zone):%H:%M}"

    @property
    def own_hours(self) -> bool:
        """Whether they are others than those of the shift's code: the page says so beside the code."""
        return self.shift is not None and self.hours != self.shift.hours
