"""Leave and absence (SDM-9): one row per time away, from the request to the last day of it.

Invariants: nobody is away twice at once (exclusion constraint over what stands or may come to stand); `days` are the
days that count, as they were counted last: when it was asked for, and once more when it was confirmed against the
roster. Why somebody is away is read by few (sdm/personal.py) and kept in no history.
"""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.obligations.models import owed_by, still_owed
from occ.people.choices import Role
from occ.people.models import DayRange, Person, Site, TeamMembership, User, in_force, whole_range
from occ.people.scope import roles_of, site_filter
from occ.times import JAKARTA, local_day
from sdm.absence.choices import ALIVE, LONGEST, OPEN_GROUPS, SHOWN, WAITING, Group, LeaveStatus, Shown
from sdm.personal import ABSENCE_LEADERS, ABSENCE_READERS, NOTE_READERS


def led_people(user: User) -> models.QuerySet[Person]:
    """Whom the user leads as a team leader: of the team, of the site, or everybody; not whom other roles see."""
    today, found = local_day(timezone.now(), JAKARTA), Q(pk__in=())
    for held in roles_of(user):
        if held.role not in ABSENCE_LEADERS:
            continue
        if held.site_id is None:
            return Person.objects.all()
        if held.team_id is None:
            found |= Q(site_id=held.site_id)
            continue
        members = TeamMembership.objects.filter(in_force(today), team_id=held.team_id)
        found |= Q(pk__in=members.values("person_id"))
    return Person.objects.filter(found)


class LeaveQuerySet(models.QuerySet["LeaveRequest"]):
    def visible_to(self, user: User) -> LeaveQuerySet:
        """The site's by role, the own team's for its leader, the own; and what is late where somebody came from."""
        by_site = site_filter(user, ABSENCE_READERS)
        if not by_site:
            return self
        left = by_site | owed_by(user) & Q(owner_role=Role.TEAM_LEADER, team__isnull=False)
        seen = by_site | self.led_by(user) | Q(pk__in=still_owed(LeaveRequest, left))
        return self.filter(seen | Q(employee_id=user.person_id) if user.person_id else seen)

    @staticmethod
    def led_by(user: User) -> Q:
        """Of the people whom the user leads."""
        return Q(employee__person__in=led_people(user))

    def with_why(self, user: User) -> LeaveQuerySet:
        """Each with `why`: whether the user may read the reason, the proof and the kind where it tells of health."""
        by_site = site_filter(user, NOTE_READERS)
        if not by_site:
            return self.annotate(why=Value(True))
        seen = by_site | self.led_by(user)
        seen = seen | Q(employee_id=user.person_id) if user.person_id else seen
        return self.annotate(why=Case(When(seen, then=True), default=False, output_field=models.BooleanField()))

    def alive(self) -> LeaveQuerySet:
        return self.filter(status__in=ALIVE)

    def waiting(self) -> LeaveQuerySet:
        return self.filter(status__in=WAITING)

    def touching(self, first: date, last: date) -> LeaveQuerySet:
        """What has a day from the first to the last; none that began longer ago than a leave may last is looked at."""
        return self.filter(starts_on__range=(first - min(LONGEST, first - date.min), last), ends_on__gte=first)


class LeaveRequest(models.Model):
    """`kind`: a key of the policy of kinds, `label` its name then (a message id where OCC knows it). `due_at`: when
    whoever's turn it is must have decided."""

    employee = models.ForeignKey("sdm.Employee", models.PROTECT, related_name="leaves", verbose_name=_("employee"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=40)
    label = models.CharField(max_length=80)
    group = models.CharField(_("group"), max_length=12, choices=Group)
    paid = models.BooleanField(_("paid"))
    proof = models.BooleanField(_("a proof is brought"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    days = ArrayField(models.DateField(), verbose_name=_("days that count"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=LeaveStatus, default=LeaveStatus.REQUESTED)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("asked by"))
    due_at = models.DateTimeField(_("decision due"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = LeaveQuerySet.as_manager()
    # Not the reason: it may tell of illness, and history only grows.
    history = HistoricalRecords(excluded_fields=["reason"])

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leave")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=LeaveStatus.values), name="leave_status_known"),
            models.CheckConstraint(condition=Q(group__in=Group.values), name="leave_group_known"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="leave_order"),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "cancelled"]) | Q(decided_at__isnull=False),
                name="leave_decided_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["confirmed", "taken"]) | Q(confirmed_at__isnull=False),
                name="leave_confirmed_has_time",
            ),
            ExclusionConstraint(
                name="leave_one_at_a_time",
                expressions=[
                    (whole_range("employee_id"), RangeOperators.OVERLAPS),
                    (DayRange.inclusive(), RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=ALIVE),
            ),
        ]
        indexes = [
            models.Index(fields=["employee", "starts_on"], name="leave_of_employee"),
            models.Index(fields=["starts_on", "id"], name="leave_starts"),
            models.Index(fields=["site", "starts_on", "id"], name="leave_of_site"),
            models.Index(fields=["due_at", "id"], name="leave_waiting", condition=Q(status__in=WAITING)),
            models.Index(fields=["ends_on"], name="leave_confirmed_ends", condition=Q(status="confirmed")),
        ]

    def __str__(self) -> str:
        return f"{self.employee} {self.starts_on} – {self.ends_on}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:leave", args=[self.pk])

    @property
    def person(self) -> Person:
        return self.employee.person

    @property
    def person_id(self) -> int:
        return self.employee_id

    @property
    def name(self) -> str:
        return gettext(self.label)

    @property
    def shown(self) -> Shown:
        return SHOWN[Group(self.group)]

    def named(self, why: bool) -> str:
        """Of what kind it is; `why`: whether the reader may know more than that somebody is away."""
        if why or self.group in OPEN_GROUPS:
            return self.name
        return str(Group(self.group).label if self.group == Group.IMPORTANT else self.shown.label)

    @property
    def called(self) -> str:
        """Of rows with `why`: of what kind it is, as far as the reader may know."""
        return self.named(self.why)  # type: ignore[attr-defined]

    @property
    def is_alive(self) -> bool:
        return self.status in ALIVE
