"""Renewals of contracts (MO 4.1.5), wages, and compensations at a term's end (PP 35/2021 art. 15, 16).

A wage and what is reckoned from it are kept encrypted and stand neither in the history nor in the ledger.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.encryption import EncryptedTextField
from occ.obligations.models import still_owed
from occ.people.models import Person, Site, User
from occ.people.scope import site_filter
from sdm.contracts.choices import MADE, UNDECIDED, CompensationStatus, CorrectionStatus, RenewalStatus
from sdm.models.people import Employee, Employment
from sdm.personal import COMPENSATION_READERS, CONTRACT_READERS, WAGE_READERS

OPEN_CORRECTION = [CorrectionStatus.PROPOSED, CorrectionStatus.APPROVED]
OPEN_RENEWAL = [*UNDECIDED, *(one for one in MADE if one != RenewalStatus.CLOSED)]


class RenewalQuerySet(models.QuerySet["Renewal"]):
    def visible_to(self, user: User) -> RenewalQuerySet:
        """By role at the site, or one that owes it late; nobody reads what is deliberated about the own contract."""
        here = site_filter(user, CONTRACT_READERS)
        rows = self.filter(here | Q(pk__in=still_owed(Renewal, here))) if here else self.all()
        return rows.exclude(employment__employee_id=user.person_id) if user.person_id else rows

    def open(self) -> RenewalQuerySet:
        return self.filter(status__in=OPEN_RENEWAL)

    def undecided(self) -> RenewalQuerySet:
        return self.filter(status__in=UNDECIDED)


class Renewal(models.Model):
    """From the reminder to the registered extension. `ends_on`: the end it was opened for; `summary`: what was known of
    the person when it was proposed; `stuck_because`: why beat could not let it run out."""

    employment = models.ForeignKey(Employment, models.PROTECT, related_name="renewals", verbose_name=_("contract"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=20, choices=RenewalStatus, default=RenewalStatus.REMINDED)
    opened_at = models.DateTimeField(_("opened"))
    ends_on = models.DateField(_("contract ends"))
    agreed_until = models.DateField(_("proposed until"), null=True, blank=True)
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    summary: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)
    memo = models.CharField(_("memo (modin)"), max_length=60, blank=True)
    number = models.CharField(_("contract number"), max_length=60, blank=True)
    made = models.OneToOneField(
        Employment, models.PROTECT, null=True, blank=True, related_name="renewal", verbose_name=_("extension")
    )
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    registered_on = models.DateField(_("registered on"), null=True, blank=True)
    registration = models.CharField(_("registration number"), max_length=80, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    stuck_because = models.CharField(max_length=300, blank=True, editable=False)

    objects = RenewalQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("renewal of a contract")
        constraints = [
            models.UniqueConstraint(
                fields=["employment"], name="renewal_one_open", condition=Q(status__in=OPEN_RENEWAL)
            ),
            models.CheckConstraint(condition=Q(status__in=RenewalStatus.values), name="renewal_status_known"),
            models.CheckConstraint(
                condition=Q(agreed_until=None) | Q(agreed_until__gt=F("ends_on")), name="renewal_goes_on"
            ),
            models.CheckConstraint(
                condition=Q(status__in=MADE, made__isnull=False) | (~Q(status__in=MADE) & Q(made=None)),
                name="renewal_made_has_contract",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["signed", "registered", "closed"]) | Q(signed_on__isnull=False),
                name="renewal_signed_has_day",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["registered", "closed"]) | Q(registered_on__gte=F("signed_on")),
                name="renewal_registered_has_day",
            ),
        ]
        indexes = [
            models.Index(fields=["ends_on", "id"], name="renewal_ends"),
            models.Index(fields=["status", "ends_on"], name="renewal_status"),
        ]

    def __str__(self) -> str:
        return f"{self.person.name} ({self.person.number})"

    def get_absolute_url(self) -> str:
        return reverse("sdm:renewal", args=[self.pk])

    @property
    def person(self) -> Person:
        return self.employment.employee.person

    @property
    def person_id(self) -> int:
        return self.employment.employee_id

    @property
    def undecided(self) -> bool:
        return self.status in UNDECIDED


class WageQuerySet(models.QuerySet["Wage"]):
    def visible_to(self, user: User) -> WageQuerySet:
        return self.filter(site_filter(user, WAGE_READERS, "employee__person__site_id"))


class Wage(models.Model):
    """What somebody earns in a month from a day on: basic wage and fixed allowances (PP 35/2021 art. 16), in rupiah."""

    employee = models.ForeignKey(Employee, models.PROTECT, related_name="wages")
    starts_on = models.DateField(_("from"))
    amount = EncryptedTextField(_("wage of a month"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by"))

    objects = WageQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["amount"])

    class Meta:
        verbose_name = _("wage")
        constraints = [models.UniqueConstraint(fields=["employee", "starts_on"], name="wage_one_a_day")]

    def __str__(self) -> str:
        return f"{self.employee_id} {self.starts_on}"

    @property
    def rupiah(self) -> Decimal:
        return Decimal(self.amount)


class CompensationQuerySet(models.QuerySet["Compensation"]):
    def visible_to(self, user: User) -> CompensationQuerySet:
        here = site_filter(user, COMPENSATION_READERS)
        return self.filter(here | Q(pk__in=still_owed(Compensation, here))) if here else self.all()


class Compensation(models.Model):
    """Of one term. Until it is paid its amount follows the wage; then `wage` and `amount` are what was paid."""

    employment = models.OneToOneField(
        Employment, models.PROTECT, related_name="compensation", verbose_name=_("contract")
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=10, choices=CompensationStatus, default=CompensationStatus.DUE)
    opened_at = models.DateTimeField(_("opened"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    months = models.DecimalField(_("months"), max_digits=8, decimal_places=4)
    full_months = models.PositiveSmallIntegerField()
    paid_on = models.DateField(_("paid on"), null=True, blank=True)
    wage = EncryptedTextField(_("wage of a month"), blank=True, default="")
    amount = EncryptedTextField(_("amount"), blank=True, default="")

    objects = CompensationQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["wage", "amount"])

    class Meta:
        verbose_name = _("compensation")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=CompensationStatus.values), name="compensation_status_known"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="compensation_order"),
            models.CheckConstraint(
                condition=(Q(status="paid", paid_on__isnull=False) & ~Q(amount="") & ~Q(wage=""))
                | (~Q(status="paid") & Q(paid_on=None, amount="", wage="")),
                name="compensation_paid_has_amount",
            ),
        ]
        indexes = [models.Index(fields=["ends_on", "id"], name="compensation_ends")]

    def __str__(self) -> str:
        return f"{self.person.name} ({self.person.number})"

    def get_absolute_url(self) -> str:
        return reverse("sdm:compensation", args=[self.pk])

    @property
    def person(self) -> Person:
        return self.employment.employee.person

    @property
    def person_id(self) -> int:
        return self.employment.employee_id

    @property
    def reference(self) -> str:
        """The same whenever it is exported: payroll takes it up once."""
        return f"KOMP-{self.employment_id:07}"

    def wage_on(self, day: date) -> Decimal | None:
        """The wage in force then; of prefetched wages without a query."""
        held = [one for one in self.employment.employee.wages.all() if one.starts_on <= day]
        return max(held, key=lambda one: one.starts_on).rupiah if held else None


class CorrectionQuerySet(models.QuerySet["CompensationCorrection"]):
    def visible_to(self, user: User) -> CorrectionQuerySet:
        here = site_filter(user, COMPENSATION_READERS)
        return self.filter(here | Q(pk__in=still_owed(CompensationCorrection, here))) if here else self.all()

    def open(self) -> CorrectionQuerySet:
        return self.filter(status__in=OPEN_CORRECTION)


class CompensationCorrection(models.Model):
    """What end, wage or service, put right later, make of a compensation that was paid; its row is never rewritten.

    `amount` is `owed` less `before`, in rupiah: a supplement, or claimed back where negative. None of them changes.
    """

    compensation = models.ForeignKey(
        Compensation, models.PROTECT, related_name="corrections", verbose_name=_("compensation")
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=20, choices=CorrectionStatus, default=CorrectionStatus.PROPOSED)
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    months = models.DecimalField(_("months"), max_digits=8, decimal_places=4)
    wage = EncryptedTextField(_("wage of a month"))
    owed = EncryptedTextField(_("owed"))
    before = EncryptedTextField(_("paid before"))
    amount = EncryptedTextField(_("difference"))
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    settled_on = models.DateField(_("settled on"), null=True, blank=True)

    objects = CorrectionQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["wage", "owed", "before", "amount"])

    class Meta:
        ordering = ["pk"]
        verbose_name = _("difference to a compensation")
        constraints = [
            models.UniqueConstraint(
                fields=["compensation"], name="correction_one_open", condition=Q(status__in=OPEN_CORRECTION)
            ),
            models.CheckConstraint(condition=Q(status__in=CorrectionStatus.values), name="correction_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["agreed", "settled"], approved_by__isnull=False)
                | ~Q(status__in=["agreed", "settled"]),
                name="correction_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="settled", settled_on__isnull=False) | ~Q(status="settled") & Q(settled_on=None),
                name="correction_settled_has_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person.name} ({self.person.number})"

    def get_absolute_url(self) -> str:
        return reverse("sdm:compensation_correction", args=[self.pk])

    @property
    def reference(self) -> str:
        """The compensation's with its own number: the same whenever it is exported."""
        return f"{self.compensation.reference}-{self.pk}"

    @property
    def person(self) -> Person:
        return self.compensation.person

    @property
    def person_id(self) -> int:
        return self.compensation.person_id

    @property
    def rupiah(self) -> Decimal:
        return Decimal(self.amount)
