"""Pembinaan SDM (MO 4.1.3; SDM-5): cases, what was said and done in each, and the warning letters asked for and given.

Invariants: an entry is written once; a letter says level, days, clause and document or nothing of them; its receipt is
signed or was refused before two witnesses; a case has one request that is not answered; a person has one letter of a
level for a day. Who sees a case: `DisciplineCaseQuerySet.visible_to`, and nobody else, not even by its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.documents.models import IssuedDocument
from occ.obligations.models import Obligation, owed_by, still_owed
from occ.people.choices import Role
from occ.people.models import Person, Site, User
from occ.people.scope import site_filter
from occ.times import JAKARTA, local_day
from sdm.discipline.choices import LAST_LEVEL, CaseStatus, EntryKind, Matter, Method, Receipt
from sdm.ranks import by_rank, led_by

if TYPE_CHECKING:
    from datetime import date

    from django_stubs_ext.db.models.manager import RelatedManager

# By site, whoever it is about: HR that issues letters. Superiors by rank. Not the auditor, not Document Control: what
# is to be audited of it (in time or not) the obligations say without a name.
SITE_SEES = frozenset({Role.HR_RELATIONS})


class DisciplineCaseQuerySet(models.QuerySet["DisciplineCase"]):
    def visible_to(self, user: User) -> DisciplineCaseQuerySet:
        """The own; by site HR Industrial Relations; of who ranks below coordinator, manager, Head Manager; a leader's
        people's; and what was late where the person came from, for the same there, until it is done."""
        by_site = site_filter(user, SITE_SEES)
        if not by_site:
            return self
        day = local_day(timezone.now(), JAKARTA)
        seen = by_site | by_rank(user, day, "person") | Q(person__in=Person.objects.filter(led_by(user, day)))
        by_leaders = owed_by(user) & Q(owner_role=Role.TEAM_LEADER, team__isnull=False)
        seen |= Q(pk__in=still_owed(DisciplineCase, by_leaders))
        left = Obligation.objects.open().filter(
            content_type=ContentType.objects.get_for_model(DisciplineCase), object_id=OuterRef("pk")
        )
        rows = self.alias(left_id=Subquery(left.exclude(site=OuterRef("site")).values("site_id")[:1]))
        seen |= site_filter(user, SITE_SEES, "left_id") | by_rank(user, day, "person", "left_id")
        return rows.filter(seen | Q(person_id=user.person_id) if user.person_id else seen)

    def open(self) -> DisciplineCaseQuerySet:
        return self.filter(closed_at=None)


class DisciplineCase(models.Model):
    """`site` is the person's, and follows a transfer while the case is open; `source`: what it came from."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="discipline_cases", verbose_name=_("person"))
    matter = models.CharField(_("about"), max_length=12, choices=Matter)
    about = models.TextField(_("what was seen"), max_length=2000)
    status = models.CharField(_("status"), max_length=20, choices=CaseStatus, default=CaseStatus.ASSESSED)
    source_label = models.CharField(_("came from"), max_length=120, blank=True)
    source_url = models.CharField(max_length=200, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("opened by"))
    target = models.TextField(_("what is to improve"), max_length=2000, blank=True)
    improve_until = models.DateField(_("time for it until"), null=True, blank=True)
    due_at = models.DateTimeField(_("next step due"), null=True, blank=True)
    leaving = models.ForeignKey(
        "sdm.Leaving", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("leaving")
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = DisciplineCaseQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        entries: RelatedManager[CaseEntry]
        warnings: RelatedManager[WarningLetter]

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("pembinaan")
        verbose_name_plural = _("pembinaan")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=CaseStatus.values), name="discipline_status_known"),
            models.CheckConstraint(condition=Q(matter__in=Matter.values), name="discipline_matter_known"),
            models.UniqueConstraint(
                fields=["person", "matter"], name="discipline_one_open", condition=Q(closed_at=None)
            ),
            models.CheckConstraint(condition=~Q(about=""), name="discipline_says_what"),
            models.CheckConstraint(
                condition=Q(status__in=["appreciated", "filed", "ended", "cancelled"], closed_at__isnull=False)
                | ~Q(status__in=["appreciated", "filed", "ended", "cancelled"]) & Q(closed_at=None),
                name="discipline_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["coached", "improving", "improved", "filed"])
                | Q(improve_until__isnull=False) & ~Q(target=""),
                name="discipline_coached_with_target",
            ),
            models.CheckConstraint(
                condition=~Q(status="exiting") | Q(leaving__isnull=False), name="discipline_exit_has_leaving"
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at", "id"], name="discipline_opened"),
            models.Index(fields=["site", "status"], name="discipline_site"),
            models.Index(fields=["person", "opened_at"], name="discipline_person"),
        ]

    def __str__(self) -> str:
        """By its number only: it stands where others read too."""
        return f"Pembinaan {self.pk:06}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:discipline_case", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class CaseEntry(models.Model):
    """What was said or done, in whose words; `method` of a pembinaan. Never changed."""

    case = models.ForeignKey(DisciplineCase, models.PROTECT, related_name="entries")
    kind = models.CharField(_("what"), max_length=12, choices=EntryKind)
    method = models.CharField(_("method"), max_length=12, choices=Method, blank=True)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    by_label = models.CharField(max_length=150)
    text = models.TextField(_("words"), max_length=4000, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("entry")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="discipline_entry_known"),
            models.CheckConstraint(condition=~Q(kind="coached") | ~Q(method=""), name="discipline_coached_by_method"),
        ]

    def __str__(self) -> str:
        return f"{self.case} {self.kind}"


class WarningQuerySet(models.QuerySet["WarningLetter"]):
    def visible_to(self, user: User) -> WarningQuerySet:
        return self.filter(case__in=DisciplineCase.objects.visible_to(user))

    def issued(self) -> WarningQuerySet:
        return self.filter(level__isnull=False)

    def standing(self) -> WarningQuerySet:
        """Issued and not withdrawn; the days say whether one is in force."""
        return self.issued().filter(withdrawn_at=None)

    def counting(self) -> WarningQuerySet:
        """Those that stand and were given in the present employment: who comes back begins without letters."""
        return self.standing().filter(issued_on__gte=F("person__joined_on"))

    def in_force_on(self, day: date) -> WarningQuerySet:
        return self.counting().filter(issued_on__lte=day, valid_until__gte=day)

    def unanswered(self) -> WarningQuerySet:
        return self.filter(level=None, returned_at=None)


class WarningLetter(models.Model):
    """A request for a warning letter and, once issued, the letter. Until then `level` and its days are empty.

    `paper_number`: of a letter that was given before OCC kept them, and has no document here.
    `returned_at`: HR sent the request back, or it led to the end of the employment instead of a letter.
    """

    case = models.ForeignKey(DisciplineCase, models.PROTECT, related_name="warnings")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    violated_on = models.DateField(_("day of the violation"))
    reason = models.TextField(_("reason"), max_length=2000)
    clause = models.CharField(_("clause of the company rules"), max_length=200)
    requested_at = models.DateTimeField(_("asked for"))
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    requested_name = models.CharField(max_length=150)
    requested_position = models.CharField(max_length=80)
    returned_at = models.DateTimeField(null=True, blank=True)
    level = models.PositiveSmallIntegerField(_("level"), null=True, blank=True)
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    issued_name = models.CharField(max_length=150, blank=True)
    issued_position = models.CharField(max_length=80, blank=True)
    document = models.ForeignKey(IssuedDocument, models.PROTECT, null=True, blank=True, related_name="+")
    paper_number = models.CharField(_("number of the letter"), max_length=60, blank=True)
    receipt = models.CharField(_("receipt"), max_length=10, choices=Receipt, blank=True)
    receipt_at = models.DateTimeField(_("receipt at"), null=True, blank=True)
    second_factor = models.BooleanField(default=False)
    witnesses: models.JSONField[list[dict[str, str]]] = models.JSONField(default=list, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_why = models.TextField(max_length=1000, blank=True)

    objects = WarningQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("warning letter")
        constraints = [
            models.UniqueConstraint(
                fields=["case"], name="warning_one_request", condition=Q(level=None, returned_at=None)
            ),
            models.UniqueConstraint(
                fields=["person", "level", "issued_on"], name="warning_level_once_a_day", condition=Q(withdrawn_at=None)
            ),
            models.CheckConstraint(
                condition=Q(level=None, issued_on=None, valid_until=None, issued_at=None, issued_by=None, document=None)
                | Q(
                    level__gte=1,
                    level__lte=LAST_LEVEL,
                    issued_on__isnull=False,
                    valid_until__gte=F("issued_on"),
                    issued_at__isnull=False,
                    issued_by__isnull=False,
                    returned_at=None,
                )
                & (Q(document__isnull=False, paper_number="") | Q(document=None) & ~Q(paper_number="")),
                name="warning_whole",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(clause=""), name="warning_says_why"),
            models.CheckConstraint(
                condition=Q(receipt="", receipt_at=None)
                | Q(receipt__in=Receipt.values, receipt_at__isnull=False, level__isnull=False),
                name="warning_receipt_of_a_letter",
            ),
            models.CheckConstraint(
                condition=~Q(receipt="refused") | Q(witnesses__1__isnull=False), name="warning_refused_before_two"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | ~Q(withdrawn_why=""), name="warning_withdrawn_with_reason"
            ),
        ]
        indexes = [models.Index(fields=["person", "valid_until"], name="warning_of_person")]

    def __str__(self) -> str:
        return f"SP {self.level}" if self.level else str(_("Request for a warning letter"))

    def in_force_on(self, day: date) -> bool:
        held: Any = self.valid_until
        return self.level is not None and self.withdrawn_at is None and self.issued_on <= day <= held  # type: ignore[operator]
