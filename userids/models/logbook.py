"""The user-ID logbook (SOP-UID 5.3): every ID, who held it when, and the requests that shut or pass it on.

Invariants: two people never hold one ID at the same time (exclusion constraint); an ID is disabled, never deleted;
its key is its own, not an e-mail; one open deactivation, and one open replacement, per ID.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import (
    Case,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import LeavingReason, Role
from occ.people.models import Person, Site, Team, TeamMembership, User, in_force, whole_range, within_reach
from occ.people.scope import SITE_WIDE, people_filter, roles_of, site_filter
from occ.search import full_text
from userids.choices import (
    OTHER_REASONS,
    AccountStatus,
    Channel,
    DeactivationReason,
    DeactivationStatus,
    ReplacementStatus,
)
from userids.models.applications import Application

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

# A leaver's ID must be shut on whatever shift it falls due, so a team leader sees the IDs of the whole site.
LOGBOOK_READERS = frozenset({*SITE_WIDE, Role.TEAM_LEADER})


class InstantRange(Func):
    """starts_at (included) to ends_at (not included); an open end is for ever."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: User) -> AccountQuerySet:
        """The sites' IDs by role; an agent's own."""
        visible = site_filter(user, LOGBOOK_READERS)
        if visible and user.person_id:
            own = Assignment.objects.filter(person_id=user.person_id, ends_at=None)
            visible |= Q(pk__in=own.values("account_id"))
        return self.filter(visible)

    def search(self, text: str) -> AccountQuerySet:
        return cast(AccountQuerySet, full_text(self, text, column="search", order="user_id"))

    def as_of(self, at: datetime, *, active: bool | None = None) -> AccountQuerySet:
        """IDs that existed at that instant, each with `was_active` and its holder then in `held`.

        `active`: only those that were, or were not. An ID without any holder was active between its own dates.
        """
        mine = Assignment.objects.filter(account=OuterRef("pk"))
        own_dates = Q(activated_at__lte=at) & (Q(deactivated_at=None) | Q(deactivated_at__gt=at))
        rows: Any = self.filter(created_at__lte=at)
        if active is not None:
            was = Q(Exists(mine.covering(at))) | (Q(~Exists(mine)) & own_dates)
            rows = rows.filter(was if active else ~was)
        # As a value a single key, not Exists: for that the planner reads every assignment there is.
        rows = rows.annotate(
            holding=Subquery(mine.covering(at).values("pk")[:1]), ever_held=Subquery(mine.values("pk")[:1])
        )
        was_active = Q(holding__isnull=False) | (Q(ever_held__isnull=True) & own_dates)
        then = Assignment.objects.covering(at).select_related("person")
        found: AccountQuerySet = rows.annotate(was_active=ExpressionWrapper(was_active, models.BooleanField()))
        return found.prefetch_related(Prefetch("assignments", then, to_attr="held"))

    def with_holder(self) -> AccountQuerySet:
        """Each with its present holder in `held` (a list of none or one)."""
        present = Assignment.objects.filter(ends_at=None).select_related("person")
        return self.select_related("site", "application").prefetch_related(
            Prefetch("assignments", present, to_attr="held")
        )


class Account(models.Model):
    application = models.ForeignKey(Application, models.PROTECT, related_name="accounts", verbose_name=_("application"))
    user_id = models.CharField(_("user ID"), max_length=60)
    role = models.CharField(_("application role"), max_length=60, blank=True)
    channels = ArrayField(
        models.CharField(max_length=20, choices=Channel), default=list, blank=True, verbose_name=_("channels")
    )
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=10, choices=AccountStatus, default=AccountStatus.ACTIVE)
    created_at = models.DateTimeField(_("created"))
    activated_at = models.DateTimeField(_("activated"), null=True, blank=True)
    deactivated_at = models.DateTimeField(_("deactivated"), null=True, blank=True)
    remarks = models.TextField(_("remarks"), blank=True)
    # What the logbook's search looks in: the ID, and name, number and e-mail of its holders. Kept by the services.
    search_text = models.TextField(editable=False, default="")
    search = models.GeneratedField(
        expression=SearchVector("search_text", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = AccountQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["search_text", "search"])
    if TYPE_CHECKING:
        assignments: RelatedManager[Assignment]

    class Meta:
        verbose_name = _("user ID")
        verbose_name_plural = _("user IDs")
        constraints = [
            models.UniqueConstraint("application", Upper("user_id"), name="account_user_id_once"),
            models.CheckConstraint(condition=Q(status__in=AccountStatus.values), name="account_status_known"),
            models.CheckConstraint(
                condition=Q(status="active") | Q(deactivated_at__isnull=False),
                name="account_inactive_has_date",
            ),
            models.CheckConstraint(
                condition=within_reach("created_at") & within_reach("activated_at") & within_reach("deactivated_at"),
                name="account_dates_possible",
            ),
            models.CheckConstraint(condition=~Q(user_id=""), name="account_has_user_id"),
        ]
        indexes = [
            GinIndex(fields=["search"], name="account_search"),
            models.Index(fields=["site", "user_id"], name="account_site"),
            models.Index(fields=["user_id", "id"], name="account_order"),
            models.Index(fields=["created_at", "id"], name="account_newest"),
        ]

    def __str__(self) -> str:
        return self.user_id

    def get_absolute_url(self) -> str:
        return reverse("userids:account", args=[self.pk])

    @property
    def holder(self) -> Assignment | None:
        """The present assignment; of `with_holder` and `as_of` rows without a query."""
        if hasattr(self, "held"):
            held: list[Assignment] = self.held
            return held[0] if held else None
        return self.assignments.filter(ends_at=None).select_related("person").first()

    @property
    def channel_labels(self) -> list[str]:
        return [str(Channel(one).label) for one in self.channels]


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def visible_to(self, user: User) -> AssignmentQuerySet:
        """The sites' by role; an agent's own, present and past."""
        visible = site_filter(user, LOGBOOK_READERS, "account__site_id")
        return self.filter(visible | Q(person_id=user.person_id) if visible and user.person_id else visible)

    def covering(self, at: datetime) -> AssignmentQuerySet:
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=at), starts_at__lte=at)


class Assignment(models.Model):
    """Who held an ID from when to when (half-open), and why it began and ended."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="assignments")
    person = models.ForeignKey(Person, models.PROTECT, related_name="assignments", verbose_name=_("holder"))
    email = models.EmailField(_("e-mail"), blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"), null=True, blank=True)
    began = models.CharField(_("why it began"), max_length=200, blank=True)
    ended = models.CharField(_("why it ended"), max_length=200, blank=True)

    objects = AssignmentQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("holder")
        constraints = [
            models.CheckConstraint(
                condition=within_reach("starts_at") & within_reach("ends_at"), name="assignment_dates_possible"
            ),
            # An empty range overlaps nothing, so it must not exist.
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="assignment_not_empty"
            ),
            ExclusionConstraint(
                name="assignment_one_holder_at_a_time",
                expressions=[
                    (whole_range("account_id"), RangeOperators.OVERLAPS),
                    (InstantRange("starts_at", "ends_at"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [
            models.Index(fields=["person", "starts_at"], name="assignment_person"),
            models.Index(Upper("email"), name="assignment_email", condition=Q(ends_at=None)),
            models.Index(Upper("email"), name="assignment_email_ever"),
            models.Index(fields=["account"], name="assignment_present", condition=Q(ends_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.account} / {self.person}"


class ResignationQuerySet(models.QuerySet["Resignation"]):
    def visible_to(self, user: User) -> ResignationQuerySet:
        """Of the people whom the user sees, and of those who were in a team of the user's when they left it."""
        seen = Q(person__in=Person.objects.filter(people_filter(user)))
        if teams := [one.team_id for one in roles_of(user) if one.role == Role.TEAM_LEADER and one.team_id is not None]:
            members = TeamMembership.objects.filter(team__in=teams, person=OuterRef("person"))
            seen |= Exists(members.filter(in_force(cast(Any, OuterRef("last_working_day")))))
        return self.filter(seen)

    def standing(self) -> ResignationQuerySet:
        return self.filter(withdrawn_at=None, ended_at=None)


class Resignation(models.Model):
    """The letter that Support received (SOP-UID 8.1, step 1); the file is attached."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="resignations", verbose_name=_("employee"))
    last_working_day = models.DateField(_("last working day"))
    reason = models.CharField(_("reason"), max_length=20, choices=LeavingReason, default=LeavingReason.RESIGNATION)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(_("recorded"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    # When the person came back: it is history then, and they may resign another time.
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    objects = ResignationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("resignation")
        constraints = [
            models.UniqueConstraint(
                fields=["person"], name="resignation_one_standing", condition=Q(withdrawn_at=None, ended_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.last_working_day}"


def _queue() -> Case:
    """From long ago to the due time of an open one; from the due time of one that is done to what comes after all."""
    open_ = When(status__in=OPEN_DEACTIVATION, then=F("due_at") - Value(datetime(1900, 1, 1, tzinfo=UTC)))
    done = Value(datetime(2600, 1, 1, tzinfo=UTC)) - F("due_at")
    return Case(open_, default=done, output_field=models.DurationField())


class DeactivationQuerySet(models.QuerySet["DeactivationRequest"]):
    def visible_to(self, user: User) -> DeactivationQuerySet:
        return self.filter(site_filter(user, LOGBOOK_READERS))

    def open(self) -> DeactivationQuerySet:
        return self.filter(status__in=OPEN_DEACTIVATION)

    def queued(self) -> DeactivationQuerySet:
        """Each with `queue`, the order in which they are looked at: the open ones by their time, the most overdue
        first; then those that are done, the latest first."""
        return self.annotate(queue=_queue())

    def of_leavers(self) -> DeactivationQuerySet:
        """Those that a leaving opened, and its withdrawal ends; the others have reasons of their own (UID-8)."""
        return self.exclude(reason__in=OTHER_REASONS)

    def judged(self, now: datetime) -> DeactivationQuerySet:
        """Those of which is known whether they were in time: shut, or open past their time."""
        rows = self.exclude(status=DeactivationStatus.CANCELLED)
        return rows.filter(Q(inactive_since__isnull=False) | Q(due_at__lt=now))

    def late(self, now: datetime) -> DeactivationQuerySet:
        """Shut too late, or still open past its time (SOP-UID 8.3)."""
        return self.filter(Q(inactive_since__gt=F("due_at")) | Q(status__in=OPEN_DEACTIVATION, due_at__lt=now))


def time_left(now: datetime) -> dict[str, Q]:
    """Requests by how much time is left to them; each is in one of these."""
    soon, half_day = now + timedelta(hours=2), now + timedelta(hours=12)
    return {
        "overdue": Q(due_at__lte=now),
        "2h": Q(due_at__gt=now, due_at__lte=soon),
        "12h": Q(due_at__gt=soon, due_at__lte=half_day),
        "later": Q(due_at__gt=half_day),
    }


class ReplacementQuerySet(models.QuerySet["ReplacementRequest"]):
    def visible_to(self, user: User) -> ReplacementQuerySet:
        return self.filter(site_filter(user, LOGBOOK_READERS))

    def open(self) -> ReplacementQuerySet:
        return self.filter(status__in=OPEN_REPLACEMENT)


OPEN_DEACTIVATION = [
    DeactivationStatus.RECORDED,
    DeactivationStatus.REQUESTED,
    DeactivationStatus.IN_PROGRESS,
    DeactivationStatus.FAILED,
]
OPEN_REPLACEMENT = [ReplacementStatus.REQUESTED, ReplacementStatus.IN_PROGRESS, ReplacementStatus.FAILED]


class DeactivationRequest(models.Model):
    """One ID of one leaver to be shut (SOP-UID 8.1). Its deadline is its obligation's.

    What is asked for while it is open joins it: the gravest such reason and the nearest such deadline stand beside its
    own, so that they last whatever becomes of the leaving. `due_at` is the nearer of both.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="deactivations", verbose_name=_("user ID"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="deactivations", verbose_name=_("holder"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    reason = models.CharField(_("reason"), max_length=20, choices=DeactivationReason)
    asked_reason = models.CharField(
        _("reason asked for besides"), max_length=20, choices=DeactivationReason, blank=True, default=""
    )
    asked_starts_at = models.DateTimeField(_("clock starts by that reason"), null=True)
    asked_due_at = models.DateTimeField(_("due by that reason"), null=True)
    last_working_day = models.DateField(_("last working day"))
    status = models.CharField(_("status"), max_length=20, choices=DeactivationStatus, default="recorded")
    starts_at = models.DateTimeField(_("clock starts"))
    due_at = models.DateTimeField(_("due"))
    recorded_at = models.DateTimeField(_("recorded"))
    requested_at = models.DateTimeField(_("requested"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    inactive_since = models.DateTimeField(_("inactive since"), null=True)

    objects = DeactivationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("deactivation request")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="deactivation_one_open", condition=Q(status__in=OPEN_DEACTIVATION)
            ),
            models.CheckConstraint(condition=Q(status__in=DeactivationStatus.values), name="deactivation_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["shut", "deactivated", "documented"]) | Q(inactive_since__isnull=False),
                name="deactivation_has_evidence_time",
            ),
            models.CheckConstraint(
                condition=Q(asked_reason="", asked_starts_at=None, asked_due_at=None)
                | (~Q(asked_reason="") & Q(asked_starts_at__isnull=False, asked_due_at__isnull=False)),
                name="deactivation_asked_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="deactivation_due"),
            models.Index(_queue(), "id", name="deactivation_queue"),
            models.Index(fields=["site", "status"], name="deactivation_site"),
            # What falls due is found among the open ones, however many were shut before.
            models.Index(fields=["due_at"], name="deactivation_open_due", condition=Q(status__in=OPEN_DEACTIVATION)),
            # And what was late among those that were not, however few: as `late` asks.
            models.Index(
                fields=["due_at", "id"],
                name="deactivation_late",
                condition=Q(inactive_since__gt=F("due_at")) | Q(status__in=OPEN_DEACTIVATION),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} / {self.person}"

    def get_absolute_url(self) -> str:
        return reverse("userids:deactivation", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_DEACTIVATION

    @property
    def of_leaver(self) -> bool:
        return self.reason not in OTHER_REASONS

    @property
    def reasons(self) -> list[DeactivationReason]:
        return [DeactivationReason(one) for one in (self.reason, self.asked_reason) if one]

    @property
    def reasons_label(self) -> str:
        return ", ".join(str(one.label) for one in dict.fromkeys(self.reasons))

    @property
    def late(self) -> bool:
        return self.inactive_since is not None and self.inactive_since > self.due_at


class ReplacementRequest(models.Model):
    """An ID passed on to a new agent (SOP-UID 8.2)."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="replacements", verbose_name=_("user ID"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="replacements", verbose_name=_("new holder"))
    email = models.EmailField(_("new e-mail"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=20, choices=ReplacementStatus, default="requested")
    requested_at = models.DateTimeField(_("requested"))
    replaced_at = models.DateTimeField(_("replaced"), null=True)
    sessions_revoked = models.BooleanField(_("old holder's sessions and tokens revoked"), default=False)
    work_handed_over = models.BooleanField(_("open chats and queues handed over"), default=False)

    objects = ReplacementQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("replacement request")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], name="replacement_one_open", condition=Q(status__in=OPEN_REPLACEMENT)
            ),
            models.CheckConstraint(condition=Q(status__in=ReplacementStatus.values), name="replacement_status_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["replaced", "documented"])
                | Q(replaced_at__isnull=False, sessions_revoked=True, work_handed_over=True),
                name="replacement_checklist_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} -> {self.person}"

    def get_absolute_url(self) -> str:
        return reverse("userids:replacement", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_REPLACEMENT


# The findings' models stand in a file of their own; Django looks for them here.
