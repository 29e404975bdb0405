"""Training (MO 4.1.2; SDM-4): batches, who takes part, results by stage and attempt, recording samples, stages run.

Invariants: a person takes part in a batch once; a result or sample belongs to an attempt, and back to hardskill is a
new one; a batch has one open run of a stage; who passed has a join date, who is out a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.documents.models import IssuedDocument
from occ.people.choices import Role
from occ.people.models import Person, Site, User
from occ.people.scope import site_filter
from sdm.training.choices import SCORED, STAGES, TrainingStatus

if TYPE_CHECKING:
    from datetime import datetime

    from django_stubs_ext.db.models.manager import RelatedManager

CANDIDATE = "CAND-"  # before a candidate's number, where a participant is one
ERASED = "–"  # in the place of a name; the history lets a name become this and nothing else

TRAINING_READERS = frozenset(
    {
        Role.HR_TRAINING, Role.HR_RECRUITMENT, Role.HR_RELATIONS, Role.TEAM_LEADER, Role.COORDINATOR,
        Role.QUALITY_CONTROL, Role.QUALITY_ASSURANCE, Role.MANAGER, Role.HEAD_MANAGER, Role.QMR, Role.DOCUMENT_CONTROL,
        Role.AUDITOR,
    }
)  # fmt: skip


class TrainingBatchQuerySet(models.QuerySet["TrainingBatch"]):
    def visible_to(self, user: User) -> TrainingBatchQuerySet:
        return self.filter(site_filter(user, TRAINING_READERS))


class TrainingBatch(models.Model):
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    code = models.CharField(_("code"), max_length=30, unique=True)
    title = models.CharField(_("title"), max_length=120)
    starts_on = models.DateField(_("from"))
    created_at = models.DateTimeField(_("recorded"))
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = TrainingBatchQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        participants: RelatedManager[Participant]
        runs: RelatedManager[StageRun]

    class Meta:
        ordering = ["-starts_on", "-pk"]
        verbose_name = _("training batch")
        verbose_name_plural = _("training batches")
        constraints = [models.CheckConstraint(condition=~Q(code="") & ~Q(title=""), name="training_batch_named")]
        indexes = [models.Index(fields=["starts_on", "id"], name="training_batch_from")]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:training_batch", args=[self.pk])

    @property
    def told_apart(self) -> str:
        """By what it teaches, where, and from when: several have one title."""
        return f"{self.title}, {self.site.name}, {date_format(self.starts_on, 'j F Y')}"


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def visible_to(self, user: User) -> ParticipantQuerySet:
        seen = site_filter(user, TRAINING_READERS)
        return self.filter(seen | Q(person_id=user.person_id) if seen and user.person_id else seen)

    def going(self) -> ParticipantQuerySet:
        return self.filter(status__in=STAGES)

    def named(self) -> ParticipantQuerySet:
        """Who is no employee, and whose name is not erased yet."""
        return self.filter(person=None).exclude(name=ERASED)

    def to_forget(self, before: datetime) -> ParticipantQuerySet:
        """Whom nobody but this batch knows, by a typed name, and who was out before that instant."""
        return self.named().filter(status=TrainingStatus.OUT, ended_at__lt=before).exclude(number__startswith=CANDIDATE)


class Participant(models.Model):
    """Somebody in a batch: a candidate by name, an employee by `person`; a candidate is linked once hired."""

    batch = models.ForeignKey(TrainingBatch, models.PROTECT, related_name="participants", verbose_name=_("batch"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=120)
    number = models.CharField(_("candidate or employee number"), max_length=30, blank=True)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="trainings", verbose_name=_("employee")
    )
    status = models.CharField(_("status"), max_length=20, choices=TrainingStatus, default=TrainingStatus.REGISTERED)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    added_at = models.DateTimeField(_("registered"))
    join_on = models.DateField(_("join date"), null=True, blank=True)
    certificate = models.ForeignKey(IssuedDocument, models.PROTECT, null=True, blank=True, related_name="+")
    out_reason = models.TextField(_("why out"), max_length=2000, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = ParticipantQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        results: RelatedManager[TrainingResult]
        samples: RelatedManager[RecordingSample]

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "person"], name="training_person_once", condition=Q(person__isnull=False)
            ),
            models.UniqueConstraint(fields=["batch", "number"], name="training_number_once", condition=~Q(number="")),
            models.CheckConstraint(condition=Q(status__in=TrainingStatus.values), name="training_status_known"),
            models.CheckConstraint(condition=~Q(name="") & Q(attempt__gte=1), name="training_participant_named"),
            models.CheckConstraint(
                condition=Q(status="passed", join_on__isnull=False, ended_at__isnull=False)
                | Q(status="out", join_on=None, ended_at__isnull=False) & ~Q(out_reason="")
                | ~Q(status__in=["passed", "out"]) & Q(join_on=None, ended_at=None, out_reason=""),
                name="training_ended_how",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "status"], name="training_stage"),
            models.Index(fields=["person"], name="training_person", condition=Q(person__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sdm:training_participant", args=[self.pk])


class TrainingResult(models.Model):
    """What came out of a stage in an attempt. `pre_score`: of the pre test; `score`: the post test, or the stage's."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="results")
    attempt = models.PositiveSmallIntegerField(_("attempt"))
    stage = models.CharField(_("stage"), max_length=20, choices=TrainingStatus)
    pre_score = models.DecimalField(_("pre test"), max_digits=5, decimal_places=2, null=True, blank=True)
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))

    history = HistoricalRecords()

    class Meta:
        ordering = ["attempt", "pk"]
        verbose_name = _("training result")
        constraints = [
            models.UniqueConstraint(fields=["participant", "attempt", "stage"], name="training_result_once"),
            models.CheckConstraint(
                condition=Q(stage__in=[*SCORED, TrainingStatus.VALIDATING]), name="training_result_of_a_stage"
            ),
            models.CheckConstraint(
                condition=(Q(score=None) | Q(score__gte=0, score__lte=100))
                & (Q(pre_score=None) | Q(pre_score__gte=0, pre_score__lte=100)),
                name="training_score_possible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} {self.stage}"


class RecordingSampleQuerySet(models.QuerySet["RecordingSample"]):
    def visible_to(self, user: User) -> RecordingSampleQuerySet:
        return self.filter(participant__in=Participant.objects.visible_to(user))

    def current(self) -> RecordingSampleQuerySet:
        """Of the attempt that goes on."""
        return self.filter(attempt=F("participant__attempt"))


class RecordingSample(models.Model):
    """A recording of the active tandem by its id in the application; validated by QC with one total."""

    participant = models.ForeignKey(Participant, models.PROTECT, related_name="samples")
    attempt = models.PositiveSmallIntegerField(_("attempt"))
    reference = models.CharField(_("recording"), max_length=120)
    taken_on = models.DateField(_("day"))
    added_at = models.DateTimeField(_("recorded"))
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    remark = models.TextField(_("remark"), max_length=1000, blank=True)
    scored_at = models.DateTimeField(_("validated"), null=True, blank=True)
    scored_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = RecordingSampleQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("recording sample")
        constraints = [
            models.UniqueConstraint(fields=["participant", "attempt", "reference"], name="training_sample_once"),
            models.CheckConstraint(condition=~Q(reference=""), name="training_sample_named"),
            models.CheckConstraint(
                condition=Q(score=None, scored_at=None, scored_by=None)
                | Q(score__gte=0, score__lte=100, scored_at__isnull=False, scored_by__isnull=False),
                name="training_sample_scored_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class StageRun(models.Model):
    """A batch at a stage: from the first who comes to the last who leaves, with its report; a duty's subject."""

    batch = models.ForeignKey(TrainingBatch, models.PROTECT, related_name="runs")
    stage = models.CharField(_("stage"), max_length=20, choices=TrainingStatus)
    opened_at = models.DateTimeField(_("begun"))
    due_at = models.DateTimeField(_("due"))
    closed_at = models.DateTimeField(_("finished"), null=True, blank=True)
    document = models.ForeignKey(IssuedDocument, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["pk"]
        verbose_name = _("stage of a training")
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "stage"], name="training_run_one_open", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="training_run_of_a_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.batch.code}: {self.get_stage_display()}"

    def get_absolute_url(self) -> str:
        return self.batch.get_absolute_url()
