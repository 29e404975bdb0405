"""Monthly evaluations, what is paid for them, and by which scheme (SDM-6; MO 4.1.4).

Invariants: a site has one period a month, a person one evaluation in it. What was approved is kept as a result that
never changes, with all that it was made of; a correction is the next result. A published scheme never changes. A result
is paid once, and runs and their lines never change: what comes later is a difference. Amounts are whole rupiah.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import Person, Site, Team, User
from occ.people.scope import has_role, people_filter, roles_of, site_filter
from sdm.evaluating.choices import EvaluationStatus, PeriodStatus, RunKind, SchemeStatus

if TYPE_CHECKING:
    from datetime import date

    from django_stubs_ext.db.models.manager import RelatedManager

# Whose role reads the evaluations of a site. A team leader reads the own people's, everybody the own once told.
SITE_READERS = frozenset(
    {
        Role.QUALITY_ASSURANCE, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER, Role.HR_PAYROLL, Role.HR_RELATIONS,
        Role.AUDITOR,
    }
)  # fmt: skip
READERS = SITE_READERS | {Role.TEAM_LEADER}
# Who reads what is paid to others, and by which scheme.
PAY_READERS = frozenset({Role.HR_PAYROLL, Role.MANAGER, Role.HEAD_MANAGER, Role.AUDITOR})
ANYBODY = frozenset(Role) - {Role.CLIENT}
RUPIAH: dict[str, Any] = {"max_digits": 14, "decimal_places": 0}


class IncentiveSchemeQuerySet(models.QuerySet["IncentiveScheme"]):
    def visible_to(self, user: User) -> IncentiveSchemeQuerySet:
        return self.filter(site_filter(user, PAY_READERS)) if has_role(user, PAY_READERS) else self.none()

    def in_force(self, site: Site, month: date) -> IncentiveScheme | None:
        """By what that month is paid: of those published, the one that began last."""
        rows = self.filter(site=site, status=SchemeStatus.PUBLISHED, starts_on__lte=month)
        return rows.order_by("-starts_on", "-number").first()


class IncentiveScheme(models.Model):
    """`terms`: see sdm.evaluating.paying. It holds for months from `starts_on` (the first of one) on."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=80)
    starts_on = models.DateField(_("from month"))
    terms = models.JSONField()
    reason = models.CharField(_("reason"), max_length=300)
    status = models.CharField(_("status"), max_length=10, choices=SchemeStatus, default=SchemeStatus.DRAFT)
    drafted_at = models.DateTimeField(_("drafted"))
    drafted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("published by")
    )

    objects = IncentiveSchemeQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts_on", "-number"]
        verbose_name = _("incentive scheme")
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="incentive_scheme_number"),
            models.CheckConstraint(condition=Q(status__in=SchemeStatus.values), name="incentive_scheme_status_known"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="incentive_scheme_from_a_first"),
            models.CheckConstraint(
                condition=Q(status="published", published_at__isnull=False, published_by__isnull=False)
                & ~Q(published_by=F("drafted_by"))
                | ~Q(status="published") & Q(published_at=None, published_by=None),
                name="incentive_scheme_published_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} {self.number}: {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:incentive_scheme", args=[self.pk])


class EvaluationPeriodQuerySet(models.QuerySet["EvaluationPeriod"]):
    def visible_to(self, user: User) -> EvaluationPeriodQuerySet:
        return self.filter(site_filter(user, READERS)) if has_role(user, READERS) else self.none()


class EvaluationPeriod(models.Model):
    """A month of a site. `list_sha256`: of what the report says of each, as it lies before who approves."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    month = models.DateField(_("month"))
    scheme = models.ForeignKey(IncentiveScheme, models.PROTECT, related_name="+", verbose_name=_("incentive scheme"))
    status = models.CharField(_("status"), max_length=12, choices=PeriodStatus, default=PeriodStatus.COLLECTING)
    opened_at = models.DateTimeField(_("opened"))
    compiled_at = models.DateTimeField(_("report made"), null=True, blank=True)
    compiled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    list_sha256 = models.CharField(max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    distributed_at = models.DateTimeField(_("distributed"), null=True, blank=True)
    validated_at = models.DateTimeField(_("validated"), null=True, blank=True)
    validated_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)

    objects = EvaluationPeriodQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        evaluations: RelatedManager[Evaluation]
        sheets: RelatedManager[EvaluationSheet]
        runs: RelatedManager[PayrollRun]

    class Meta:
        ordering = ["-month", "site__code"]
        verbose_name = _("month of evaluation")
        constraints = [
            models.UniqueConstraint(fields=["site", "month"], name="evaluation_period_once"),
            models.CheckConstraint(condition=Q(status__in=PeriodStatus.values), name="evaluation_period_status_known"),
            models.CheckConstraint(condition=Q(month__day=1), name="evaluation_period_from_a_first"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("compiled_by")), name="evaluation_period_four_eyes"
            ),
        ]
        indexes = [models.Index(fields=["month", "id"], name="evaluation_period_month")]

    def __str__(self) -> str:
        return f"{self.site.code} {self.label}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:evaluation_period", args=[self.pk])

    @property
    def label(self) -> str:
        return date_format(self.month, "F Y")


class EvaluationSheet(models.Model):
    """Those of a period whom one superior scores: a team's, or the rest of a role's. Obligations say what it owes."""

    period = models.ForeignKey(EvaluationPeriod, models.PROTECT, related_name="sheets")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    role = models.CharField(_("scored by"), max_length=20, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["period", "team", "role"], name="evaluation_sheet_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.team.name if self.team else self.get_role_display()}, {self.period.label}"

    def get_absolute_url(self) -> str:
        which = f"team={self.team_id}" if self.team_id else f"role={self.role}"
        return f"{reverse('sdm:evaluations')}?period={self.period_id}&{which}"


class MonthlyEvaluationQuerySet(models.QuerySet["Evaluation"]):
    def visible_to(self, user: User) -> MonthlyEvaluationQuerySet:
        """The site's by role; of a leader's people, and of whom they led that month; the own once it was told."""
        own = Q(person_id=user.person_id, told_number__isnull=False) if user.person_id else Q(pk__in=())
        by_site = site_filter(user, SITE_READERS)
        rows = self.exclude(person_id=user.person_id, told_number=None) if user.person_id else self
        if not by_site:
            return rows
        led = site_filter(user, {Role.TEAM_LEADER})
        teams = [one.team_id for one in roles_of(user) if one.role == Role.TEAM_LEADER and one.team_id is not None]
        led &= Q(person__in=Person.objects.filter(people_filter(user))) | Q(sheet__team__in=teams)
        led &= ~Q(person_id=user.person_id) if user.person_id else Q()
        return rows.filter(own | by_site | led)

    def waiting_for_scores(self) -> MonthlyEvaluationQuerySet:
        return self.filter(status__in=[EvaluationStatus.DUE, EvaluationStatus.RETURNED])

    def unsettled(self) -> MonthlyEvaluationQuerySet:
        """For which the report waits."""
        return self.filter(status__in=[EvaluationStatus.DUE, EvaluationStatus.RETURNED, EvaluationStatus.SCORED])


class Evaluation(models.Model):
    """One person's month. `position` and sheet are those of its last day.

    `judged`: points by component, as texts of decimals. `reckoned`: the whole reckoning as the report has it, its total
    and amount beside it. `told_number`: which result was told last.
    """

    period = models.ForeignKey(EvaluationPeriod, models.PROTECT, related_name="evaluations", db_index=False)
    sheet = models.ForeignKey(EvaluationSheet, models.PROTECT, related_name="evaluations")
    month = models.DateField(_("month"))  # the period's: lists go by it
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("employee"))
    position = models.CharField(_("position"), max_length=80)
    status = models.CharField(_("status"), max_length=10, choices=EvaluationStatus, default=EvaluationStatus.DUE)
    judged = models.JSONField(default=dict)
    remarks = models.TextField(_("remarks"), max_length=2000, blank=True)
    improvement = models.TextField(_("what is to be improved, and how"), max_length=2000, blank=True)
    scored_at = models.DateTimeField(_("scored"), null=True, blank=True)
    scored_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    verified_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reckoned = models.JSONField(default=dict)
    total = models.DecimalField(_("total"), max_digits=5, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(_("incentive"), null=True, blank=True, **RUPIAH)
    told_number = models.PositiveSmallIntegerField(null=True, blank=True)
    signed_at = models.DateTimeField(_("signed"), null=True, blank=True)
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reply = models.TextField(_("the employee's own words"), max_length=2000, blank=True)

    objects = MonthlyEvaluationQuerySet.as_manager()
    # The reckoning is kept by its results; history tells who did what.
    history = HistoricalRecords(excluded_fields=["reckoned", "amount"])
    if TYPE_CHECKING:
        results: RelatedManager[EvaluationResult]

    class Meta:
        ordering = ["-month", "person__name"]
        verbose_name = _("evaluation")
        constraints = [
            models.UniqueConstraint(fields=["period", "person"], name="evaluation_once"),
            models.CheckConstraint(condition=Q(status__in=EvaluationStatus.values), name="evaluation_status_known"),
            models.CheckConstraint(
                condition=Q(total=None) | Q(total__gte=0, total__lte=100), name="evaluation_total_in_range"
            ),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="evaluation_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=F("scored_by")), name="evaluation_four_eyes"
            ),
            models.CheckConstraint(
                condition=~Q(status="signed") | Q(signed_at__isnull=False, signed_by__isnull=False),
                name="evaluation_signed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "id"], name="evaluation_month"),
            models.Index(fields=["person", "month"], name="evaluation_of_person"),
            models.Index(fields=["site", "status"], name="evaluation_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.person.name}, {self.period.label}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:evaluation", args=[self.pk])


class EvaluationResult(models.Model):
    """What was approved of an evaluation, with all that it was made of. Number 1, then its corrections."""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="results", db_index=False)
    number = models.PositiveSmallIntegerField()
    scheme = models.ForeignKey(IncentiveScheme, models.PROTECT, related_name="+")
    content = models.JSONField()
    total = models.DecimalField(_("total"), max_digits=5, decimal_places=2)
    amount = models.DecimalField(_("incentive"), null=True, **RUPIAH)  # none: too little was known, and it waits
    frozen_at = models.DateTimeField(_("approved"))
    approved_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "number"], name="evaluation_result_number"),
            models.CheckConstraint(
                condition=Q(total__gte=0, total__lte=100, amount__gte=0, number__gte=1),
                name="evaluation_result_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evaluation_id}/{self.number}"


class PayrollRunQuerySet(models.QuerySet["PayrollRun"]):
    def visible_to(self, user: User) -> PayrollRunQuerySet:
        return self.filter(site_filter(user, PAY_READERS)) if has_role(user, PAY_READERS) else self.none()


class PayrollRun(models.Model):
    """What payroll was given to pay, once. `sequence` 1 is the month's; what follows are differences."""

    period = models.ForeignKey(EvaluationPeriod, models.PROTECT, related_name="runs", db_index=False)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    sequence = models.PositiveSmallIntegerField()
    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=RunKind)
    people = models.PositiveIntegerField(_("people"))
    total = models.DecimalField(_("total"), **RUPIAH)
    lines_sha256 = models.CharField("SHA-256", max_length=64)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))

    objects = PayrollRunQuerySet.as_manager()
    if TYPE_CHECKING:
        lines: RelatedManager[PayrollLine]

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = _("payroll run")
        constraints = [
            models.UniqueConstraint(fields=["period", "sequence"], name="payroll_run_sequence"),
            models.CheckConstraint(
                condition=Q(sequence=1, kind="main") | Q(sequence__gt=1, kind="supplement"), name="payroll_run_kind"
            ),
        ]
        indexes = [models.Index(fields=["made_at", "id"], name="payroll_run_made")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("sdm:payroll_run", args=[self.pk])


class PayrollLine(models.Model):
    """`amount` is what this run pays: the result's, less what earlier runs paid of the evaluation (`before`).

    All of that is taken back where the person is left out since."""

    run = models.ForeignKey(PayrollRun, models.PROTECT, related_name="lines")
    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="+")
    result = models.ForeignKey(EvaluationResult, models.PROTECT, related_name="paid")
    before = models.DecimalField(**RUPIAH)
    amount = models.DecimalField(_("amount"), **RUPIAH)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "evaluation"], name="payroll_line_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.evaluation_id} {self.amount}"
