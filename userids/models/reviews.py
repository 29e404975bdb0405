"""What is looked at again: each breach (SOP-UID 8.3), and every quarter each ID of each team (UID-12).

Invariants: one review per late request; a closed one names who closed it and when; one campaign per site and
quarter; an ID is on a campaign's frozen list once.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.documents.models import IssuedDocument
from occ.people.choices import Role
from occ.people.models import Person, Site, Team, User
from occ.people.scope import roles_of, site_filter
from userids.choices import AccessDecision, AccessReviewStatus, BreachCause, BreachReviewStatus
from userids.models.logbook import LOGBOOK_READERS, Account, DeactivationRequest

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class BreachReviewQuerySet(models.QuerySet["BreachReview"]):
    def visible_to(self, user: User) -> BreachReviewQuerySet:
        return self.filter(site_filter(user, LOGBOOK_READERS))

    def open(self) -> BreachReviewQuerySet:
        return self.filter(status__in=OPEN_REVIEW)

    def overdue_actions(self, today: date) -> BreachReviewQuerySet:
        return self.filter(status=BreachReviewStatus.ACTION, action_due__lt=today)


OPEN_REVIEW = [BreachReviewStatus.OPEN, BreachReviewStatus.ACTION]


class BreachReview(models.Model):
    """Why an ID was shut too late, what was put right at once, and what keeps it from happening again."""

    request = models.OneToOneField(DeactivationRequest, models.PROTECT, related_name="review")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=10, choices=BreachReviewStatus, default="open")
    cause = models.CharField(_("cause"), max_length=20, choices=BreachCause, blank=True)
    cause_note = models.TextField(_("what happened"), blank=True)
    correction = models.TextField(_("correction"), blank=True)
    corrective_action = models.TextField(_("corrective action"), blank=True)
    action_due = models.DateField(_("corrective action due"), null=True, blank=True)
    missed_at = models.DateTimeField(_("deadline missed"), null=True)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("closed by"))

    objects = BreachReviewQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("breach review")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=BreachReviewStatus.values), name="breach_review_status_known"
            ),
            models.CheckConstraint(condition=Q(cause="") | Q(cause__in=BreachCause.values), name="breach_cause_known"),
            models.CheckConstraint(
                condition=~Q(status="closed") | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(cause="")),
                name="breach_review_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="action") | (Q(action_due__isnull=False) & ~Q(corrective_action="")),
                name="breach_review_action_has_date",
            ),
        ]
        indexes = [models.Index(fields=["site", "status"], name="breach_review_site")]

    def __str__(self) -> str:
        return str(self.request)

    def get_absolute_url(self) -> str:
        return reverse("userids:breach_review", args=[self.pk])


class AccessReviewQuerySet(models.QuerySet["AccessReview"]):
    def visible_to(self, user: User) -> AccessReviewQuerySet:
        return self.filter(site_filter(user, LOGBOOK_READERS))

    def answered(self) -> AccessReviewQuerySet:
        """Open ones of which every ID is decided: they wait for the coordinator who closes them."""
        pending = AccessReviewItem.objects.pending().filter(review=OuterRef("pk"))
        return self.filter(~Exists(pending), status=AccessReviewStatus.OPEN)


class AccessReview(models.Model):
    """A quarter's campaign at a site: every active ID is confirmed or revoked by the leader of its holder's team."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    quarter = models.DateField(_("quarter"))
    status = models.CharField(_("status"), max_length=10, choices=AccessReviewStatus, default="open")
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    document = models.ForeignKey(IssuedDocument, models.PROTECT, null=True, related_name="+")

    objects = AccessReviewQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        parts: RelatedManager[AccessReviewPart]
        items: RelatedManager[AccessReviewItem]

    class Meta:
        verbose_name = _("access review")
        constraints = [
            models.UniqueConstraint(fields=["site", "quarter"], name="access_review_once_a_quarter"),
            models.CheckConstraint(
                condition=Q(status__in=AccessReviewStatus.values), name="access_review_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status="open") | Q(closed_at__isnull=False, document__isnull=False),
                name="access_review_closed_with_document",
            ),
            models.CheckConstraint(condition=Q(quarter__day=1), name="access_review_quarter_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} {self.quarter_label}"

    def get_absolute_url(self) -> str:
        return reverse("userids:access_review", args=[self.pk])

    @property
    def quarter_label(self) -> str:
        return f"Q{(self.quarter.month + 2) // 3} {self.quarter.year}"

    @property
    def is_open(self) -> bool:
        return self.status == AccessReviewStatus.OPEN

    def pending(self) -> AccessReviewItemQuerySet:
        return AccessReviewItem.objects.filter(review=self).pending()


class AccessReviewPart(models.Model):
    """What one team's leader owes the campaign; `team` null: holders who are in no team."""

    review = models.ForeignKey(AccessReview, models.PROTECT, related_name="parts")
    site = models.ForeignKey(Site, models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "team"], name="access_review_part_once", nulls_distinct=False)
        ]

    def __str__(self) -> str:
        return f"{self.review} · {self.team or _('no team')}"

    def get_absolute_url(self) -> str:
        return f"{self.review.get_absolute_url()}?team={self.team_id or 0}"


class AccessReviewItemQuerySet(models.QuerySet["AccessReviewItem"]):
    def pending(self) -> AccessReviewItemQuerySet:
        return self.filter(decision=AccessDecision.PENDING)

    def decided_by(self, user: User, site: Site) -> AccessReviewItemQuerySet:
        """Those that the user may decide: the own team's as its leader, the site's as coordinator or manager.

        Never one's own.
        """
        mine = Q(pk__in=())
        for held in roles_of(user):
            if held.site_id not in (None, site.pk):
                continue
            if held.role in (Role.COORDINATOR, Role.MANAGER) or (
                held.role == Role.TEAM_LEADER and held.team_id is None
            ):
                mine = Q()
                break
            if held.role == Role.TEAM_LEADER:
                mine |= Q(part__team_id=held.team_id)
        rows = self.filter(mine)
        return rows.exclude(person_id=user.person_id) if user.person_id else rows


class AccessReviewItem(models.Model):
    """An ID and its holder as they were when the campaign began, and what was decided."""

    review = models.ForeignKey(AccessReview, models.PROTECT, related_name="items")
    part = models.ForeignKey(AccessReviewPart, models.PROTECT, related_name="items")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name=_("user ID"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("holder"))
    role = models.CharField(_("application role"), max_length=60, blank=True)
    decision = models.CharField(_("decision"), max_length=10, choices=AccessDecision, default="pending")
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    deactivation = models.ForeignKey(DeactivationRequest, models.PROTECT, null=True, related_name="+")

    objects = AccessReviewItemQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("reviewed user ID")
        constraints = [
            models.UniqueConstraint(fields=["review", "account"], name="access_review_item_once"),
            models.CheckConstraint(condition=Q(decision__in=AccessDecision.values), name="access_decision_known"),
            models.CheckConstraint(
                condition=Q(decision="pending", decided_at=None)
                | (~Q(decision="pending") & Q(decided_at__isnull=False)),
                name="access_decision_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["confirmed", "revoked"]) | Q(decided_by__isnull=False),
                name="access_decision_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} / {self.person}"
