"""Recruitment (SDM-3; MO 4.1.1): requests, salary schemes checked, candidates and how each criterion was judged.

Invariants: a request keeps the version of the specification that held when it was made; a scheme that was checked is
not changed, another check is another row; a waived criterion says why; nobody is a candidate of one request twice (by
national ID number). What identifies a candidate is encrypted and neither in the history nor in the ledger, which only
grow: who is not taken on can be forgotten. Sex and looks have no column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.encryption import EncryptedTextField
from occ.people.models import Person, Site, User
from occ.people.scope import site_filter
from sdm.choices import EmploymentKind
from sdm.models.positions import Position, PositionVersion
from sdm.positions.choices import Education
from sdm.recruiting.choices import CandidateStatus, CriterionKind, Judgement, RequestStatus, Why
from sdm.recruiting.personal import CANDIDATE_READERS, REQUEST_READERS

if TYPE_CHECKING:
    from datetime import datetime

    from django_stubs_ext.db.models.manager import RelatedManager

OVER = (RequestStatus.RECEIVED, RequestStatus.CANCELLED)
NOT_TAKEN = (CandidateStatus.REJECTED, CandidateStatus.WITHDRAWN)


class RecruitmentQuerySet(models.QuerySet["Recruitment"]):
    def visible_to(self, user: User) -> RecruitmentQuerySet:
        return self.filter(site_filter(user, REQUEST_READERS))

    def open(self) -> RecruitmentQuerySet:
        return self.exclude(status__in=OVER)


class Recruitment(models.Model):
    """A request for people ("permintaan pemenuhan SDM"), with its Form JO."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    position = models.ForeignKey(Position, models.PROTECT, related_name="recruitments", verbose_name=_("position"))
    version = models.ForeignKey(PositionVersion, models.PROTECT, related_name="+", verbose_name=_("specification"))
    status = models.CharField(_("status"), max_length=20, choices=RequestStatus, default=RequestStatus.REQUESTED)
    people = models.PositiveSmallIntegerField(_("people needed"))
    needed_by = models.DateField(_("needed by"))
    kind = models.CharField(_("contract"), max_length=10, choices=EmploymentKind, default=EmploymentKind.PKWT)
    why = models.CharField(_("why"), max_length=20, choices=Why)
    explanation = models.CharField(_("explanation"), max_length=1000)
    requested_at = models.DateTimeField(_("requested"))
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("requested by"))
    # Since when it stands where it stands; the whole of it is the process's history.
    since = models.DateTimeField(_("since"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = RecruitmentQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        candidates: RelatedManager[Candidate]
        schemes: RelatedManager[SchemeCheck]

    class Meta:
        verbose_name = _("request for people")
        verbose_name_plural = _("requests for people")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=RequestStatus.values), name="recruitment_status_known"),
            models.CheckConstraint(condition=Q(people__gte=1, people__lte=500), name="recruitment_people"),
            models.CheckConstraint(
                condition=Q(status__in=OVER, ended_at__isnull=False) | (~Q(status__in=OVER) & Q(ended_at=None)),
                name="recruitment_ended_has_time",
            ),
            models.CheckConstraint(condition=~Q(explanation=""), name="recruitment_explained"),
        ]
        indexes = [
            models.Index(fields=["requested_at", "id"], name="recruitment_order"),
            models.Index(fields=["status", "due_at"], name="recruitment_due"),
        ]

    def __str__(self) -> str:
        return f"{self.people} × {self.position} {self.site.code}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:recruitment", args=[self.pk])

    @property
    def numbered(self) -> str:
        """By its number, which is no count of anything."""
        return gettext("no. %(n)s") % {"n": self.pk}

    @property
    def is_open(self) -> bool:
        return self.status not in OVER


class SchemeCheck(models.Model):
    """Payroll's check of the salary scheme: BPJS Kes, BPJS TK, PPh 21, against the assessment scheme and the PKS."""

    recruitment = models.ForeignKey(Recruitment, models.PROTECT, related_name="schemes")
    bpjs_health = models.BooleanField(_("BPJS Kesehatan"))
    bpjs_labour = models.BooleanField(_("BPJS Ketenagakerjaan"))
    pph21 = models.BooleanField(_("PPh 21"))
    fits_pks = models.BooleanField(_("fits the assessment scheme and the PKS of the project"))
    approved = models.BooleanField(_("approved"))
    note = models.CharField(_("note"), max_length=500, blank=True)
    checked_at = models.DateTimeField(_("checked"))
    checked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("checked by"))

    class Meta:
        ordering = ["pk"]
        verbose_name = _("check of a salary scheme")
        constraints = [
            models.CheckConstraint(
                condition=Q(approved=False) | Q(bpjs_health=True, bpjs_labour=True, pph21=True, fits_pks=True),
                name="scheme_approved_is_whole",
            ),
            models.CheckConstraint(condition=Q(approved=True) | ~Q(note=""), name="scheme_refused_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.recruitment} {self.checked_at:%Y-%m-%d}"

    @property
    def items(self) -> list[tuple[str, bool]]:
        names = ("bpjs_health", "bpjs_labour", "pph21", "fits_pks")
        return [(str(self._meta.get_field(one).verbose_name), getattr(self, one)) for one in names]  # type: ignore[union-attr]


class CandidateQuerySet(models.QuerySet["Candidate"]):
    def visible_to(self, user: User) -> CandidateQuerySet:
        return self.filter(site_filter(user, CANDIDATE_READERS))

    def to_forget(self, before: datetime) -> CandidateQuerySet:
        """Who is not taken on, ended before that instant, and is not forgotten yet."""
        return self.filter(forgotten_at=None, status__in=NOT_TAKEN, ended_at__lt=before)


class Candidate(models.Model):
    """Somebody who wants to work here. Who reads which of it: sdm/recruiting/personal.py."""

    recruitment = models.ForeignKey(Recruitment, models.PROTECT, related_name="candidates", verbose_name=_("request"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=20, choices=CandidateStatus, default=CandidateStatus.APPLIED)
    name = models.CharField(_("name"), max_length=120, blank=True)
    nik = EncryptedTextField(_("national ID number (NIK)"), blank=True, default="")
    nik_mark = models.CharField(max_length=64, null=True, blank=True, editable=False, db_index=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_mark = models.CharField(max_length=64, null=True, blank=True, editable=False, db_index=True)
    email = EncryptedTextField(_("e-mail"), blank=True, default="")
    # Asked for only where a policy names the law by which an age limit is applied.
    birth_date = EncryptedTextField(_("born on"), blank=True, default="")
    education = models.CharField(_("education"), max_length=4, choices=Education, blank=True)
    study = models.CharField(_("course of study"), max_length=80, blank=True)
    experience_months = models.PositiveSmallIntegerField(_("experience (months)"), default=0)
    skills = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("skills"))
    source = models.CharField(_("where from"), max_length=80, blank=True)
    training_score = models.PositiveSmallIntegerField(_("score of the training"), null=True, blank=True)
    id_card = models.CharField(_("number of the ID card"), max_length=40, blank=True)
    contract_number = models.CharField(_("contract number"), max_length=60, blank=True)
    contract_from = models.DateField(_("contract from"), null=True, blank=True)
    contract_until = models.DateField(_("contract until"), null=True, blank=True)
    signed_on = models.DateField(_("signed on"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by"))
    since = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    forgotten_at = models.DateTimeField(_("anonymised"), null=True, blank=True)
    employee = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("employee")
    )

    objects = CandidateQuerySet.as_manager()
    # Nothing that tells who it is: history only grows, and who is not taken on must be forgotten.
    history = HistoricalRecords(
        excluded_fields=["name", "nik", "nik_mark", "phone", "phone_mark", "email", "birth_date", "study", "source"]
    )
    if TYPE_CHECKING:
        criteria: RelatedManager[Criterion]

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        constraints = [
            models.UniqueConstraint(
                fields=["recruitment", "nik_mark"], name="candidate_once_a_request", condition=Q(nik_mark__isnull=False)
            ),
            models.CheckConstraint(condition=Q(status__in=CandidateStatus.values), name="candidate_status_known"),
            models.CheckConstraint(condition=Q(education__in=["", *Education.values]), name="candidate_education"),
            models.CheckConstraint(
                condition=Q(forgotten_at=None)
                | Q(
                    name="",
                    nik="",
                    phone="",
                    email="",
                    birth_date="",
                    nik_mark=None,
                    phone_mark=None,
                    study="",
                    source="",
                ),
                name="candidate_forgotten_wholly",
            ),
            models.CheckConstraint(condition=Q(forgotten_at__isnull=False) | ~Q(name=""), name="candidate_has_name"),
            models.CheckConstraint(
                condition=Q(status="hired", employee__isnull=False) | (~Q(status="hired") & Q(employee=None)),
                name="candidate_hired_is_employee",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["rejected", "withdrawn", "hired"], ended_at__isnull=False)
                | (~Q(status__in=["rejected", "withdrawn", "hired"]) & Q(ended_at=None)),
                name="candidate_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["recorded_at", "id"], name="candidate_order"),
            models.Index(fields=["recruitment", "status"], name="candidate_stage"),
            models.Index(
                fields=["ended_at"], name="candidate_to_forget",
                condition=Q(forgotten_at=None, status__in=["rejected", "withdrawn"]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        """Never the name: it goes into ledger, history and obligations, which only grow."""
        return gettext("Candidate %(n)s") % {"n": self.pk}

    def get_absolute_url(self) -> str:
        return reverse("sdm:candidate", args=[self.pk])

    @property
    def shown_name(self) -> str:
        return self.name or str(self)

    @property
    def unmet(self) -> list[Criterion]:
        """Criteria neither met nor waived; of prefetched rows without a query."""
        return [one for one in self.criteria.all() if one.outcome == Judgement.NOT_MET]


class Criterion(models.Model):
    """How a candidate stands against one thing that the specification asks for."""

    candidate = models.ForeignKey(Candidate, models.PROTECT, related_name="criteria")
    kind = models.CharField(_("criterion"), max_length=12, choices=CriterionKind)
    key = models.CharField(max_length=80)
    asked = models.CharField(_("asked for"), max_length=80)
    brought = models.CharField(_("brought along"), max_length=80, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Judgement)
    reason = models.CharField(_("why waived"), max_length=300, blank=True)
    judged_at = models.DateTimeField(_("judged"))
    waived_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("criterion")
        constraints = [
            models.UniqueConstraint(fields=["candidate", "key"], name="criterion_once"),
            models.CheckConstraint(condition=Q(kind__in=CriterionKind.values), name="criterion_kind_known"),
            models.CheckConstraint(condition=Q(outcome__in=Judgement.values), name="criterion_outcome_known"),
            models.CheckConstraint(
                condition=(Q(outcome="waived") & ~Q(reason="")) | (~Q(outcome="waived") & Q(reason="")),
                name="criterion_waived_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.asked}"

    def worded(self, value: str) -> str:
        """`asked` or `brought` in the reader's words."""
        if not value:
            return "–"
        if self.kind == CriterionKind.EDUCATION:
            return str(Education(value).label)
        if self.kind == CriterionKind.EXPERIENCE:
            return ngettext("%(n)s month", "%(n)s months", int(value)) % {"n": value}
        return value

    @property
    def asked_words(self) -> str:
        return self.worded(self.asked)

    @property
    def brought_words(self) -> str:
        return self.worded(self.brought)
