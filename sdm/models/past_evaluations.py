"""Evaluations made before OCC kept them (SDM-11): what they came to, not how. Nothing is paid by them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import Person, User
from occ.people.scope import people_filter, site_filter
from sdm.models.evaluating import SITE_READERS


class PastEvaluationQuerySet(models.QuerySet["PastEvaluation"]):
    def visible_to(self, user: User) -> PastEvaluationQuerySet:
        """The site's by role, of a leader's people, the own: as evaluations of OCC that were told."""
        by_site = site_filter(user, SITE_READERS, "person__site_id")
        if not by_site:
            return self
        led = site_filter(user, {Role.TEAM_LEADER}, "person__site_id")
        led &= Q(person__in=Person.objects.filter(people_filter(user)))
        return self.filter(by_site | led | Q(person_id=user.person_id or 0))


class PastEvaluation(models.Model):
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("employee"))
    month = models.DateField(_("month"))
    total = models.DecimalField(_("total"), max_digits=5, decimal_places=2)
    grade = models.CharField(_("grade"), max_length=20, blank=True)
    remarks = models.TextField(_("remarks"), max_length=2000, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))

    objects = PastEvaluationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-month", "person__name"]
        verbose_name = _("evaluation of before")
        constraints = [
            models.UniqueConstraint(fields=["person", "month"], name="past_evaluation_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="past_evaluation_from_a_first"),
            models.CheckConstraint(condition=Q(total__gte=0, total__lte=100), name="past_evaluation_total_in_range"),
        ]
        indexes = [models.Index(fields=["month", "id"], name="past_evaluation_month")]

    def __str__(self) -> str:
        return f"{self.person.name}, {self.label}"

    def get_absolute_url(self) -> str:
        return f"{reverse('sdm:past_evaluations')}?q={self.person.number}"

    @property
    def label(self) -> str:
        return date_format(self.month, "F Y")
