"""People as their employer knows them: who worked where, under whom and by which contract, on any day.

Invariants: nobody is at two places at once or under two contracts at once (exclusion constraints); what is dated from a
day on says nothing about the days before it. `occ.people.Person` is the identity that all modules know; its site and
position are those of the placement in force, kept so by the services. Teams by date are `occ.people`'s memberships.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.encryption import EncryptedTextField
from occ.people.choices import Channel, Role
from occ.people.models import DayRange, Person, Site, TeamMembership, User, in_force, whole_range
from occ.people.scope import SITE_WIDE, people_filter, roles_of, site_filter, site_ids
from occ.times import FIRST_BIRTH_YEAR, JAKARTA, end_of_day
from sdm.choices import Began, EmploymentKind, Standing
from sdm.models.leaving import Leaving
from sdm.personal import CONTRACT_READERS

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

    from sdm.models.contracts import Wage

FIRST_BIRTH = date(FIRST_BIRTH_YEAR, 1, 1)


class PlacementQuerySet(models.QuerySet["Placement"]):
    def visible_to(self, user: User) -> PlacementQuerySet:
        return self.filter(employee__in=Employee.objects.visible_to(user))

    def standing_on(self, day: date) -> PlacementQuerySet:
        """Where people worked on that day; whoever had left by then is nowhere."""
        last = "employee__person__last_working_day"
        gone = Q(**{f"{last}__lt": day}) & Q(**{f"{last}__gte": F("starts_on")})
        return self.filter(in_force(day)).exclude(gone)

    def stuck(self) -> PlacementQuerySet:
        return self.filter(told_at=None).exclude(stuck_because="")

    def due(self, day: date) -> PlacementQuerySet:
        """Those whose day has come and that nobody has been told of."""
        return self.filter(told_at=None, starts_on__lte=day)


def _one(rows: models.QuerySet[Any]) -> models.Subquery:
    return models.Subquery(rows.order_by().values("pk")[:1])


class EmployeeQuerySet(models.QuerySet["Employee"]):
    def visible_to(self, user: User, on: date | None = None) -> EmployeeQuerySet:
        """The site's people by role, the team's for its leader, oneself; with `on` those of that day's place."""
        if on is None:
            seen = people_filter(user)
            return self.filter(person__in=Person.objects.filter(seen)) if seen else self
        sites = site_ids(user, SITE_WIDE)
        if sites is None:
            return self
        there = Q(site_id__in=sites)
        teams = Q(pk__in=())
        for held in roles_of(user):
            if held.role == Role.TEAM_LEADER and held.team_id is None:
                there |= Q(site_id=held.site_id) if held.site_id else Q()
                if held.site_id is None:
                    return self
            elif held.role == Role.TEAM_LEADER:
                teams |= Q(team_id=held.team_id)
        placed = Placement.objects.filter(there, in_force(on)).values("employee_id")
        members = TeamMembership.objects.filter(teams, in_force(on)).values("person_id")
        return self.filter(Q(pk__in=placed) | Q(pk__in=members) | Q(pk=user.person_id or 0))

    def as_of(self, day: date) -> EmployeeQuerySet:
        """Who was employed on that day, each as it was then: see `placed_on`."""
        return self.filter(pk__in=Placement.objects.standing_on(day).values("employee_id")).placed_on(day)

    def placed_on(self, day: date) -> EmployeeQuerySet:
        """Each with `placed`, `teamed` and `contracted`: lists of none or one, as they held on that day."""
        placements = Placement.objects.standing_on(day).select_related("site", "leader")
        teams = TeamMembership.objects.filter(in_force(day)).select_related("team")
        contracts = Employment.objects.filter(in_force(day))
        return (
            self.select_related("person__site")
            .defer("nik")
            .annotate(
                # A key of one, not whether there is one: that would be asked for all people and not for the page's.
                leaving_known=_one(
                    Leaving.objects.filter(employee=OuterRef("pk"), recorded_at__lt=end_of_day(day, JAKARTA))
                ),
                been_here=_one(Placement.objects.filter(employee=OuterRef("pk"), starts_on__lte=day)),
            )
            .prefetch_related(
                Prefetch("placements", placements, to_attr="placed"),
                Prefetch("person__memberships", teams, to_attr="teamed"),
                Prefetch("employments", contracts, to_attr="contracted"),
            )
        )

    def standing(self, what: str, day: date) -> EmployeeQuerySet:
        """Those who were that (see Standing) on that day."""
        mine = Placement.objects.filter(employee=OuterRef("pk"))
        there = Exists(mine.standing_on(day))
        leaving = Q(person__last_working_day__gte=day)
        if what == Standing.PLANNED:
            return self.filter(~there, Exists(mine.filter(starts_on__gt=day)), ~Exists(mine.filter(starts_on__lte=day)))
        if what == Standing.LEFT:
            return self.filter(~there, Exists(mine.filter(starts_on__lte=day)))
        return self.filter(there, leaving) if what == Standing.LEAVING else self.filter(there).exclude(leaving)

    def search(self, text: str) -> EmployeeQuerySet:
        rows = self
        for word in text.replace("\x00", "").split()[:6]:
            rows = rows.filter(Q(person__name__icontains=word) | Q(person__number__icontains=word))
        return rows


class Employee(models.Model):
    """What only the employer needs of a person. Who reads which of it: sdm/personal.py."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="employee")
    nik = EncryptedTextField(_("national ID number (NIK)"), null=True, blank=True)
    # A keyed hash of it: two records of one person are found without reading anybody's number.
    nik_mark = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    birth_date = models.DateField(_("born on"), null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("skills"))
    channels = ArrayField(
        models.CharField(max_length=20, choices=Channel), default=list, blank=True, verbose_name=_("channels")
    )

    objects = EmployeeQuerySet.as_manager()
    # Not the number itself: history only grows, and a number encrypted in it could never change its key.
    history = HistoricalRecords(excluded_fields=["nik"])
    if TYPE_CHECKING:
        placements: RelatedManager[Placement]
        employments: RelatedManager[Employment]
        wages: RelatedManager[Wage]

    class Meta:
        verbose_name = _("employee")
        verbose_name_plural = _("employees")
        constraints = [
            models.CheckConstraint(
                condition=Q(birth_date=None) | Q(birth_date__gte=FIRST_BIRTH), name="employee_birth_possible"
            ),
            models.CheckConstraint(
                condition=Q(nik__isnull=True, nik_mark__isnull=True) | Q(nik__isnull=False, nik_mark__isnull=False),
                name="employee_nik_marked",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)

    def get_absolute_url(self) -> str:
        return reverse("sdm:person", args=[self.pk])

    @property
    def place(self) -> Placement | None:
        """Of `placed_on` rows: where they were on that day."""
        held: list[Placement] = self.placed  # type: ignore[attr-defined]
        return held[0] if held else None

    @property
    def team(self) -> Any:
        held: list[TeamMembership] = self.person.teamed  # type: ignore[attr-defined]
        return held[0].team if held else None

    @property
    def contract(self) -> Employment | None:
        held: list[Employment] = self.contracted  # type: ignore[attr-defined]
        return held[0] if held else None

    def standing_on(self, day: date) -> Standing:
        """What the person was on that day, of rows that are `placed_on` it: without a query."""
        last, here = self.person.last_working_day, self.place
        if here is not None:
            known = self.leaving_known  # type: ignore[attr-defined]  # what was recorded later was not so then
            leaves = known and last is not None and last >= day >= here.starts_on
            return Standing.LEAVING if leaves else Standing.WORKING
        return Standing.LEFT if self.been_here else Standing.PLANNED  # type: ignore[attr-defined]

    @property
    def channel_labels(self) -> list[str]:
        return [str(Channel(one).label) for one in self.channels]


class Placement(models.Model):
    """Where somebody works, as what, under whom, by date. Every transfer is a row, also one of team only."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="placements")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    position = models.CharField(_("position"), max_length=80)
    leader = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team leader")
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    began = models.CharField(_("why it began"), max_length=20, choices=Began)
    note = models.CharField(_("note"), max_length=300, blank=True)
    # When the day came and everybody was told; empty while it is planned.
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Why it could not be brought about when its day came; tried again each minute, and shown until it is.
    stuck_because = models.CharField(max_length=300, blank=True, editable=False)

    objects = PlacementQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("placement")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="placement_order"
            ),
            models.CheckConstraint(condition=Q(began__in=Began.values), name="placement_began_known"),
            models.CheckConstraint(
                condition=Q(leader__isnull=True) | ~Q(leader=F("employee")), name="placement_leads_not_oneself"
            ),
            ExclusionConstraint(
                name="placement_one_at_a_time",
                expressions=[
                    (whole_range("employee_id"), RangeOperators.OVERLAPS),
                    (DayRange.inclusive(), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["site", "starts_on"], name="placement_site"),
            models.Index(fields=["starts_on"], name="placement_planned", condition=Q(told_at=None)),
            models.Index(fields=["ends_on"], name="placement_ends", condition=Q(ends_on__isnull=False)),
            models.Index(fields=["starts_on"], name="placement_stints", condition=~Q(began="transferred")),
        ]

    def __str__(self) -> str:
        return f"{self.position}, {self.site} ({self.starts_on})"

    @property
    def planned(self) -> bool:
        return self.told_at is None


class EmploymentQuerySet(models.QuerySet["Employment"]):
    def visible_to(self, user: User) -> EmploymentQuerySet:
        """Contracts of the sites for which a role reads them, and one's own."""
        seen = site_filter(user, CONTRACT_READERS, "employee__person__site_id")
        return self.filter(seen | Q(employee_id=user.person_id) if seen and user.person_id else seen)


class Employment(models.Model):
    """A contract. `agreed_until` is what was signed, `ends_on` when it ended or will: sooner when somebody leaves."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="employments")
    kind = models.CharField(_("kind"), max_length=10, choices=EmploymentKind)
    number = models.CharField(_("contract number"), max_length=60, blank=True)
    starts_on = models.DateField(_("from"))
    agreed_until = models.DateField(_("agreed until"), null=True, blank=True)
    ends_on = models.DateField(_("to"), null=True, blank=True)
    extends = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="extension", verbose_name=_("extends")
    )
    probation_months = models.PositiveSmallIntegerField(_("probation (months)"), default=0)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    registered_on = models.DateField(_("registered on"), null=True, blank=True)
    registration = models.CharField(_("registration number"), max_length=80, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = EmploymentQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contract")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="employment_order"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="pkwt", agreed_until__isnull=False, ends_on__isnull=False, ends_on__lte=F("agreed_until")
                )
                | Q(kind="pkwtt", agreed_until__isnull=True),
                name="employment_pkwt_ends",
            ),
            ExclusionConstraint(
                name="employment_one_at_a_time",
                expressions=[
                    (whole_range("employee_id"), RangeOperators.OVERLAPS),
                    (DayRange.inclusive(), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["ends_on"], name="employment_ends", condition=Q(ends_on__isnull=False)),
            models.Index(fields=["starts_on", "id"], name="employment_starts"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts_on}"

    def get_absolute_url(self) -> str:
        return self.employee.get_absolute_url()

    @property
    def registered(self) -> tuple[date | None, str]:
        """The day and the number; of an extension that a renewal made, as they stand there."""
        row: Any = getattr(self, "renewal", None) or self
        return row.registered_on, row.registration
