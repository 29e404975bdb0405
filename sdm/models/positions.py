"""Positions and the plan of personnel (SDM-2; MO 2.1.1, 2.1.2, 2.2.A).

Invariants: of a position one version holds on a day, and of a site and position one number is planned on a day
(exclusion constraints); what a version says is never changed, a new one holds from a day on. Specification and job
description are quoted as written. What is checked of people are education, experience and skills; sex and looks have
no column here or anywhere, and the age limit is a number that is shown.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import DayRange, Site, User, in_force, whole_range
from occ.people.scope import SITE_WIDE, has_role, site_filter
from sdm.positions.choices import Education, PlanSource

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

# Whoever plans, recruits or leads reads what a position asks for; it names nobody.
POSITION_READERS = frozenset({*SITE_WIDE, Role.TEAM_LEADER})


class PositionQuerySet(models.QuerySet["Position"]):
    def visible_to(self, user: User) -> PositionQuerySet:
        return self if has_role(user, POSITION_READERS) else self.none()


class Position(models.Model):
    """A position of the manual. `titles`: how it is called where people are placed, in lower case."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    name = models.CharField(_("position"), max_length=80, unique=True)
    titles = ArrayField(models.CharField(max_length=80), default=list, blank=True, verbose_name=_("also called"))

    objects = PositionQuerySet.as_manager()
    if TYPE_CHECKING:
        versions: RelatedManager[PositionVersion]

    class Meta:
        ordering = ["number"]
        verbose_name = _("position")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sdm:position", args=[self.pk])

    def version_on(self, day: date) -> PositionVersion | None:
        return self.versions.filter(in_force(day)).first()

    @property
    def title(self) -> str:
        """How somebody is placed who is taken on for it."""
        return self.titles[0] if self.titles else self.name


class PositionVersionQuerySet(models.QuerySet["PositionVersion"]):
    def visible_to(self, user: User) -> PositionVersionQuerySet:
        return self if has_role(user, POSITION_READERS) else self.none()


class PositionVersion(models.Model):
    """What a position asks for from a day on; `made_by` is empty for what the manual brought along."""

    position = models.ForeignKey(Position, models.PROTECT, related_name="versions", verbose_name=_("position"))
    version = models.PositiveSmallIntegerField(_("version"))
    clause = models.CharField(_("clause"), max_length=80)
    specification = models.TextField(_("specification, as written"), max_length=4000)
    description = models.TextField(_("job description, as written"), max_length=6000, blank=True)
    education = models.CharField(_("education at least"), max_length=4, choices=Education, blank=True)
    experience_months = models.PositiveSmallIntegerField(_("experience at least (months)"), default=0)
    skills = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("skills"))
    age_limit = models.PositiveSmallIntegerField(_("age limit (shown only)"), null=True, blank=True)
    # Lines of the specification that are quoted and never applied to anybody: sex, looks, age.
    not_applied = ArrayField(models.CharField(max_length=200), default=list, blank=True, verbose_name=_("not applied"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("changed by"))

    objects = PositionVersionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["position__number", "version"]
        verbose_name = _("version of a position")
        constraints = [
            models.UniqueConstraint(fields=["position", "version"], name="position_version_once"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="position_order"),
            models.CheckConstraint(condition=~Q(specification="") & ~Q(reason=""), name="position_says_something"),
            models.CheckConstraint(condition=Q(education__in=["", *Education.values]), name="position_education"),
            ExclusionConstraint(
                name="position_one_version_at_a_time",
                expressions=[
                    (whole_range("position_id"), RangeOperators.OVERLAPS),
                    (DayRange.inclusive(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} ({self.version})"

    def get_absolute_url(self) -> str:
        return self.position.get_absolute_url()

    @property
    def lines(self) -> list[tuple[str, bool]]:
        """The specification line by line, and whether it is applied to people."""
        return [(one, one not in self.not_applied) for one in self.specification.splitlines() if one.strip()]


class PlanLineQuerySet(models.QuerySet["PlanLine"]):
    def visible_to(self, user: User) -> PlanLineQuerySet:
        return self.filter(site_filter(user, POSITION_READERS))


class PlanLine(models.Model):
    """How many people of a position a site is to have from a day on."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    position = models.ForeignKey(Position, models.PROTECT, related_name="plan", verbose_name=_("position"))
    number = models.PositiveSmallIntegerField(_("people planned"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    source = models.CharField(_("from where"), max_length=10, choices=PlanSource)
    reason = models.CharField(_("reason"), max_length=500)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("changed by"))

    objects = PlanLineQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["site__code", "position__number", "starts_on"]
        verbose_name = _("line of the plan")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="plan_order"),
            models.CheckConstraint(condition=Q(source__in=PlanSource.values) & ~Q(reason=""), name="plan_has_reason"),
            ExclusionConstraint(
                name="plan_one_number_at_a_time",
                expressions=[
                    (whole_range("site_id"), RangeOperators.OVERLAPS),
                    (whole_range("position_id"), RangeOperators.OVERLAPS),
                    (DayRange.inclusive(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} {self.position}: {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:plan_line", args=[self.pk])
