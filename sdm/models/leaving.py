"""Somebody leaves (MO 4.1.3, 4.1.5; SOP-UID 8.1): one row per leaving, whoever recorded it, with what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ import texts
from occ.people.choices import LeavingReason
from occ.people.models import Person, Site, User
from occ.people.scope import led_at, people_filter
from sdm.choices import LeavingStatus, MainReason, Outcome

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

NOT_ASKED = gettext_noop("It was not asked for then.")  # why nobody was there, of the interviews of before
OPEN_LEAVING = [LeavingStatus.RECORDED, LeavingStatus.INTERVIEWED, LeavingStatus.CLEARED]


class LeavingQuerySet(models.QuerySet["Leaving"]):
    def visible_to(self, user: User) -> LeavingQuerySet:
        """Of the people whom the user sees, and of those who were in a team of the user's when they left it."""
        seen = Q(employee__person__in=Person.objects.filter(people_filter(user)))
        return self.filter(seen | led_at(user, person="employee_id", day="last_working_day"))

    def open(self) -> LeavingQuerySet:
        return self.filter(status__in=OPEN_LEAVING)


class Leaving(models.Model):
    """From the letter to the last thing handed back. Its deadlines are its obligations'."""

    employee = models.ForeignKey("sdm.Employee", models.PROTECT, related_name="leavings", verbose_name=_("employee"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    reason = models.CharField(_("reason"), max_length=20, choices=LeavingReason)
    last_working_day = models.DateField(_("last working day"))
    status = models.CharField(_("status"), max_length=20, choices=LeavingStatus, default=LeavingStatus.RECORDED)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = LeavingQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        items: RelatedManager[ClearanceItem]
        interview: ExitInterview

    class Meta:
        verbose_name = _("leaving")
        verbose_name_plural = _("leavings")
        constraints = [
            models.UniqueConstraint(fields=["employee"], name="leaving_one_open", condition=Q(status__in=OPEN_LEAVING)),
            models.CheckConstraint(condition=Q(status__in=LeavingStatus.values), name="leaving_status_known"),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True)),
                name="leaving_closed_has_time",
            ),
        ]
        indexes = [models.Index(fields=["last_working_day", "id"], name="leaving_day")]

    def __str__(self) -> str:
        return f"{self.employee} {self.last_working_day}"

    def get_absolute_url(self) -> str:
        return reverse("sdm:leaving", args=[self.pk])

    @property
    def person(self) -> Person:
        return self.employee.person

    @property
    def person_id(self) -> int:
        return self.employee_id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_LEAVING

    @property
    def still_open(self) -> list[ClearanceItem]:
        """Items that nobody has settled; of prefetched rows without a query."""
        return [one for one in self.items.all() if not one.outcome]


class ExitInterview(models.Model):
    """What the leaver said. Read by few: see sdm/personal.py."""

    leaving = models.OneToOneField(Leaving, models.PROTECT, related_name="interview")
    held_on = models.DateField(_("held on"))
    interviewer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("interviewer"))
    companion = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("superior who was there")
    )
    alone_because = models.CharField(_("why no superior was there"), max_length=300, blank=True)
    # As it was written before a person was chosen; only interviews from before have it.
    accompanied_by = models.CharField(_("superior who was there"), max_length=120, blank=True)
    main_reason = models.CharField(_("main reason"), max_length=20, choices=MainReason)
    explanation = models.TextField(_("in the leaver's words"), blank=True)
    went_well = models.TextField(_("what was good"), blank=True)
    to_improve = models.TextField(_("what should be better"), blank=True)
    handover = models.TextField(_("work that is handed over, and to whom"), blank=True)
    would_return = models.BooleanField(_("would work here again"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("exit interview")
        constraints = [
            models.CheckConstraint(
                condition=Q(companion__isnull=False) | ~Q(alone_because="") | ~Q(accompanied_by=""),
                name="interview_accompanied_or_why_not",
            )
        ]

    def __str__(self) -> str:
        return str(self.leaving)

    @property
    def superior(self) -> str:
        """The name of who was there; empty for nobody."""
        return self.companion.name if self.companion else self.accompanied_by

    def answers(self) -> list[tuple[str, str]]:
        """Label and answer, in the reader's language, for page and document."""
        said: dict[bool | None, Any] = {True: _("yes"), False: _("no"), None: "–"}
        names = ["companion", "main_reason", "explanation", "went_well", "to_improve", "handover"]
        rows = [(self._meta.get_field(one).verbose_name, getattr(self, one)) for one in names]  # type: ignore[union-attr]
        alone = gettext("nobody: %(why)s") % {"why": texts.said(self.alone_because)} if self.alone_because else ""
        rows[0] = (rows[0][0], self.superior or alone)
        rows[1] = (rows[1][0], self.get_main_reason_display())
        rows.append((self._meta.get_field("would_return").verbose_name, said[self.would_return]))  # type: ignore[union-attr]
        return [(str(label).capitalize(), str(value) or "–") for label, value in rows]


class ClearanceItemQuerySet(models.QuerySet["ClearanceItem"]):
    def visible_to(self, user: User) -> ClearanceItemQuerySet:
        return self.filter(leaving__in=Leaving.objects.visible_to(user))


class ClearanceItem(models.Model):
    """One thing to hand back or to finish; the list is the policy's of the day on which the leaving was recorded."""

    leaving = models.ForeignKey(Leaving, models.PROTECT, related_name="items")
    key = models.CharField(max_length=40)
    label = models.CharField(max_length=120)  # a message id where OCC knows it, else the policy's words
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ClearanceItemQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("item of the clearance list")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["leaving", "key"], name="clearance_item_once"),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at__isnull=True)
                | (Q(outcome__in=Outcome.values) & Q(settled_at__isnull=False)),
                name="clearance_item_settled",
            ),
            models.CheckConstraint(condition=~Q(outcome="missing") | ~Q(note=""), name="clearance_missing_explained"),
        ]

    def __str__(self) -> str:
        return gettext(self.label)
