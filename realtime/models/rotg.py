"""Rules of the game, floor walks, violations, and what repeated ones propose (RTM-9; SOP-RTM 6.4, 7.5; MO 4.3.6).

Invariants: of a rule one version holds on a day; a walk has one row for each rule, and once it is finished nothing of
it changes; a violation names the version that held; what was upheld or dropped says why; a person has one open proposal
of a kind and basis. What was seen, the answer and the decision are each written once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import DayRange, Person, Site, User, in_force, whole_range
from occ.people.scope import has_role, people_filter, site_filter
from realtime.choices import Answer, Basis, FollowUp, ProposalStatus, Severity, ViolationStatus, WalkStatus

if TYPE_CHECKING:
    from datetime import date

    from django_stubs_ext.db.models.manager import RelatedManager

# Who reads of other people's violations. All who work here may read the rules.
ROTG_READERS = frozenset(
    {
        Role.TEAM_LEADER, Role.COORDINATOR, Role.RTFM, Role.QUALITY_CONTROL, Role.QUALITY_ASSURANCE, Role.MANAGER,
        Role.HEAD_MANAGER, Role.QMR, Role.HR_RELATIONS, Role.AUDITOR,
    }
)  # fmt: skip
RULE_READERS = frozenset(Role) - {Role.CLIENT}


SITE_READERS = ROTG_READERS - {Role.TEAM_LEADER}


def seen_by_role(user: User) -> Q | None:
    """Rows with `site` and `person` that the user sees by role; None: all of them."""
    by_site = site_filter(user, SITE_READERS)
    if not by_site:
        return None
    led = site_filter(user, {Role.TEAM_LEADER}, "person__site_id")
    return by_site | (led & Q(person__in=Person.objects.filter(people_filter(user))))


class RuleQuerySet(models.QuerySet["Rule"]):
    def visible_to(self, user: User) -> RuleQuerySet:
        """Those of all sites, and of the own ones."""
        return self.filter(Q(site=None) | site_filter(user, RULE_READERS)) if has_role(user, RULE_READERS) else (
            self.none()
        )  # fmt: skip


class Rule(models.Model):
    """A rule by its number; what it says are its versions. `site` null: it holds everywhere."""

    number = models.CharField(_("number"), max_length=12, unique=True)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site"))

    objects = RuleQuerySet.as_manager()
    if TYPE_CHECKING:
        versions: RelatedManager[RuleVersion]

    class Meta:
        ordering = ["number"]
        verbose_name = _("rule")

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("realtime:rule", args=[self.pk])


class RuleVersionQuerySet(models.QuerySet["RuleVersion"]):
    def visible_to(self, user: User) -> RuleVersionQuerySet:
        return self.filter(rule__in=Rule.objects.visible_to(user))

    def in_force(self, day: date, site: Site | None = None) -> RuleVersionQuerySet:
        """What holds on that day; at that site, if one is named."""
        rows = self.filter(in_force(day))
        return rows.filter(Q(rule__site=None) | Q(rule__site=site)) if site else rows


class RuleVersion(models.Model):
    """What a rule says from a day on. `reason`: why it was made so."""

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="versions")
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("rule"), max_length=1000)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    reason = models.TextField(_("reason"), max_length=500)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = RuleVersionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["rule__number", "version"]
        verbose_name = _("version of a rule")
        constraints = [
            models.UniqueConstraint(fields=["rule", "version"], name="rule_version_once"),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="rule_severity_known"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="rule_order"),
            models.CheckConstraint(condition=~Q(text="") & ~Q(reason=""), name="rule_says_something"),
            ExclusionConstraint(
                name="rule_one_version_at_a_time",
                expressions=[
                    (whole_range("rule_id"), RangeOperators.OVERLAPS),
                    (DayRange.inclusive(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule.number}: {self.text}"

    def get_absolute_url(self) -> str:
        return self.rule.get_absolute_url()


class WalkQuerySet(models.QuerySet["FloorWalk"]):
    def visible_to(self, user: User) -> WalkQuerySet:
        return self.filter(site_filter(user, ROTG_READERS))


class FloorWalk(models.Model):
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    status = models.CharField(_("status"), max_length=10, choices=WalkStatus, default=WalkStatus.OPEN)
    started_at = models.DateTimeField(_("begun"))
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("walked by"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    finished_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=500, blank=True)

    objects = WalkQuerySet.as_manager()
    if TYPE_CHECKING:
        lines: RelatedManager[WalkLine]

    class Meta:
        ordering = ["-started_at"]
        verbose_name = _("floor walk")
        constraints = [
            # Nobody walks twice at once: a second tap on "start" comes back to the walk that is open.
            models.UniqueConstraint(fields=["started_by", "site"], name="walk_one_open", condition=Q(status="open")),
            models.CheckConstraint(
                condition=Q(status="open", finished_at=None, finished_by=None)
                | Q(status="finished", finished_at__isnull=False, finished_by__isnull=False),
                name="walk_finished_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["started_at", "id"], name="walk_started")]

    def __str__(self) -> str:
        return f"{self.site.code} {self.started_at.astimezone(self.site.zone):%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:walk", args=[self.pk])


class WalkLine(models.Model):
    """A rule in a walk; `answer` is empty until it is given. `note`: what was seen where nobody is named."""

    walk = models.ForeignKey(FloorWalk, models.PROTECT, related_name="lines", db_index=False)
    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="+")
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    if TYPE_CHECKING:
        violations: RelatedManager[Violation]

    class Meta:
        ordering = ["version__rule__number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["walk", "version"], name="walk_line_once"),
            models.CheckConstraint(condition=Q(answer__in=["", *Answer.values]), name="walk_answer_known"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="walk_answer_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.walk_id} {self.version_id} {self.answer}"


class ViolationQuerySet(models.QuerySet["Violation"]):
    def visible_to(self, user: User) -> ViolationQuerySet:
        """The site's by role, wherever the person is by now; a leader's people's; the own; what one recorded."""
        own = Q(seen_by=user)
        if user.person_id is not None:
            own |= Q(person_id=user.person_id)
        by_role = seen_by_role(user)
        return self if by_role is None else self.filter(own | by_role)

    def upheld(self) -> ViolationQuerySet:
        return self.filter(status=ViolationStatus.UPHELD)


class Violation(models.Model):
    """`site`: of the person when it was recorded. what is due is due then, however the policy changes."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("agent"))
    version = models.ForeignKey(RuleVersion, models.PROTECT, related_name="+", verbose_name=_("rule"))
    line = models.ForeignKey(WalkLine, models.PROTECT, null=True, blank=True, related_name="violations")
    status = models.CharField(_("status"), max_length=10, choices=ViolationStatus, default=ViolationStatus.RECORDED)
    seen_at = models.DateTimeField(_("seen"))
    seen_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded"))
    what = models.TextField(_("what was seen"), max_length=1000)
    answer_due_at = models.DateTimeField(_("answer due"))
    reminded_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(_("the agent's answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    decision_due_at = models.DateTimeField(_("decision due"), null=True, blank=True)
    decision = models.TextField(_("reason for the decision"), max_length=2000, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ViolationQuerySet.as_manager()
    history = HistoricalRecords()
    if TYPE_CHECKING:
        proposals: Any

    class Meta:
        ordering = ["-seen_at"]
        verbose_name = _("violation")
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ViolationStatus.values), name="violation_status_known"),
            models.CheckConstraint(condition=~Q(what=""), name="violation_says_what"),
            models.CheckConstraint(condition=Q(seen_at__lte=F("recorded_at")), name="violation_seen_before_recorded"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="violation_answer_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["upheld", "dropped"], decided_at__isnull=False, decided_by__isnull=False)
                & ~Q(decision="")
                | ~Q(status__in=["upheld", "dropped"]) & Q(decided_at=None, decided_by=None, decision=""),
                name="violation_decided_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["seen_at", "id"], name="violation_seen"),
            models.Index(fields=["person", "seen_at"], name="violation_of_person"),
            models.Index(fields=["answer_due_at"], name="violation_awaited", condition=Q(status="recorded")),
        ]

    def __str__(self) -> str:
        return f"{self.version.rule.number} {self.person.name}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:violation", args=[self.pk])


class RotgProposalQuerySet(models.QuerySet["RotgProposal"]):
    def visible_to(self, user: User) -> RotgProposalQuerySet:
        """As violations, but nobody reads the own: it is told by who takes it up."""
        by_role = seen_by_role(user)
        rows = self if by_role is None else self.filter(by_role)
        return rows.exclude(person_id=user.person_id) if user.person_id else rows


class RotgProposal(models.Model):
    """A coaching or a pembinaan proposed by repeated violations. `count` and `days`: what the policy said then.

    `taken_up`: {label, url} of what a module above made of it (realtime.rotg.taking).
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name=_("agent"))
    kind = models.CharField(_("proposed"), max_length=10, choices=FollowUp)
    basis = models.CharField(max_length=10, choices=Basis)
    rule = models.ForeignKey(Rule, models.PROTECT, null=True, related_name="+", verbose_name=_("rule"))
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    count = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField()
    violations = models.ManyToManyField(Violation, related_name="proposals")
    status = models.CharField(_("status"), max_length=10, choices=ProposalStatus, default=ProposalStatus.OPEN)
    opened_at = models.DateTimeField(_("opened"))
    due_at = models.DateTimeField(_("due"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decision = models.TextField(_("reason"), max_length=2000, blank=True)
    taken_up = models.JSONField(default=dict, blank=True)

    objects = RotgProposalQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("proposal after repeated violations")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "basis", "severity", "rule"], name="rotg_proposal_one_open",
                condition=Q(status="open"), nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(status__in=ProposalStatus.values), name="rotg_proposal_status_known"),
            models.CheckConstraint(
                condition=Q(basis="rule", rule__isnull=False) | Q(basis="severity", rule=None),
                name="rotg_proposal_basis_named",
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at=None, decided_by=None)
                | (~Q(status="open") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="rotg_proposal_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="dismissed") | ~Q(decision=""), name="rotg_proposal_dismissed_with_reason"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["person", "kind"], name="rotg_proposal_of")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person.name}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:rotg_proposal", args=[self.pk])
