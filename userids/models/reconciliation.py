"""Reconciliation of the logbook with an application's own list of users (UID-11).

Invariants: a finding is one row for ever, by application, user ID, kind and person (unique constraint), however often
it is found, goes and comes back; what a run saw is never changed (append-only by trigger). `RemoteAccount` is what the
application showed last: a copy of its list, not of the logbook.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.people.choices import Role
from occ.people.models import Person, Site, Team, User, within_reach
from occ.people.scope import site_filter, site_ids
from userids.choices import GRAVE, STANDING, STAYING, FindingKind, FindingStatus, ListSource, Sight, Way
from userids.models.applications import Application
from userids.models.logbook import LOGBOOK_READERS, Account, DeactivationRequest

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class ReconciliationQuerySet(models.QuerySet["Reconciliation"]):
    def visible_to(self, user: User) -> ReconciliationQuerySet:
        """Runs that compared a site of the user's."""
        ids = site_ids(user, LOGBOOK_READERS)
        return self if ids is None else self.filter(sites__overlap=sorted(ids))


class Reconciliation(models.Model):
    """A run: which list was compared, when it was taken, what came of it. Written by the run and never after."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="+", verbose_name=_("application"))
    source = models.CharField(_("source"), max_length=10, choices=ListSource)
    file_name = models.CharField(_("file"), max_length=200, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    taken_at = models.DateTimeField(_("list of"))
    ran_at = models.DateTimeField(_("reconciled"))
    seconds = models.FloatField(_("seconds"), default=0)
    started_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("started by"))
    started_by_label = models.CharField(_("started by"), max_length=150)
    confirmed = models.BooleanField(_("a much shorter list was confirmed"), default=False)
    sites = ArrayField(models.BigIntegerField(), default=list)
    users = models.PositiveIntegerField(_("users in the list"), default=0)
    active_users = models.PositiveIntegerField(_("active in the list"), default=0)
    accounts = models.PositiveIntegerField(_("user IDs in the logbook"), default=0)
    active_accounts = models.PositiveIntegerField(_("active in the logbook"), default=0)
    # sight (and "standing": open after the run) -> kind -> how many
    counts: models.JSONField[dict[str, Any]] = models.JSONField(default=dict)

    objects = ReconciliationQuerySet.as_manager()
    if TYPE_CHECKING:
        sightings: RelatedManager[FindingSighting]

    class Meta:
        verbose_name = _("reconciliation")
        constraints = [
            models.CheckConstraint(condition=Q(source__in=ListSource.values), name="reconciliation_source_known"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="reconciliation_has_hash"),
            models.CheckConstraint(condition=within_reach("taken_at"), name="reconciliation_date_possible"),
        ]
        indexes = [models.Index(fields=["application", "-taken_at"], name="reconciliation_latest")]

    def __str__(self) -> str:
        return f"{self.application} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("userids:reconciliation", args=[self.pk])


class RemoteAccount(models.Model):
    """A user as the application showed it last. `present` false: not in its latest list any more."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="+")
    user_id = models.CharField(_("user ID"), max_length=254)
    active = models.BooleanField(_("active"))
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    role = models.CharField(_("role"), max_length=120, blank=True)
    last_login_at = models.DateTimeField(_("last log-in"), null=True)
    last_activity_at = models.DateTimeField(_("last activity"), null=True)
    # As the list says it; else (not `inactive_said`) when the first list was taken that showed it as inactive.
    inactive_since = models.DateTimeField(_("inactive since"), null=True)
    inactive_said = models.BooleanField(default=False)
    present = models.BooleanField(default=True)
    run = models.ForeignKey(Reconciliation, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("application", Upper("user_id"), name="remote_account_once"),
            models.CheckConstraint(condition=~Q(user_id=""), name="remote_account_has_user_id"),
            models.CheckConstraint(
                condition=Q(active=True, inactive_since=None) | Q(active=False), name="remote_account_active_or_since"
            ),
        ]

    def __str__(self) -> str:
        return self.user_id


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: User) -> FindingQuerySet:
        return self.filter(site_filter(user, LOGBOOK_READERS))

    def open(self) -> FindingQuerySet:
        """Still owed: what was said to be put right is, until a list shows it."""
        return self.filter(status__in=STANDING)

    def to_be_decided(self) -> FindingQuerySet:
        """Claimed, and no list will show it: somebody else has to look."""
        return self.filter(Q(kind__in=STAYING) | Q(way=Way.AS_IT_IS), status=FindingStatus.CLAIMED)

    def awaiting_list(self) -> FindingQuerySet:
        return self.filter(status=FindingStatus.CLAIMED).exclude(Q(kind__in=STAYING) | Q(way=Way.AS_IT_IS))

    def uncovered(self) -> FindingQuerySet:
        """Without the leavers' IDs whose open deactivation request is the same deed."""
        same = DeactivationRequest.objects.open().filter(account=OuterRef("account"), person=OuterRef("person"))
        return self.exclude(Exists(same), kind=FindingKind.ACTIVE_AFTER_LEAVING)


class Finding(models.Model):
    """Where logbook and application differ. `user_id` is empty where the finding is a person with several IDs."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="+", verbose_name=_("application"))
    kind = models.CharField(_("kind"), max_length=30, choices=FindingKind)
    user_id = models.CharField(_("user ID"), max_length=254, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="findings", verbose_name=_("user ID"))
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name=_("person"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+", verbose_name=_("team"))
    owner_role = models.CharField(_("owner"), max_length=20, choices=Role)
    status = models.CharField(_("status"), max_length=10, choices=FindingStatus, default=FindingStatus.OPEN)
    details: models.JSONField[dict[str, Any]] = models.JSONField(_("details"), default=dict)
    found_at = models.DateTimeField(_("found"))
    due_at = models.DateTimeField(_("due"))
    # Empty while nobody has said anything, and where it went by itself.
    way = models.CharField(_("way"), max_length=12, choices=Way, blank=True)
    said_at = models.DateTimeField(_("said"), null=True)
    said_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("said by"))
    settled_at = models.DateTimeField(_("settled"), null=True)
    # Who accepted or confirmed it; None where a list has shown it.
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("settled by"))
    # While it is claimed: until when its owner asks for it.
    accepted_until = models.DateField(_("accepted until"), null=True)
    # None where it was heard of from the application's events, and no list has shown it yet.
    first_run = models.ForeignKey(Reconciliation, models.PROTECT, null=True, related_name="+")
    last_run = models.ForeignKey(
        Reconciliation, models.PROTECT, null=True, related_name="+", verbose_name=_("last seen by")
    )

    # While a run works: an open deactivation request is the obligation for the same deed.
    covered = False

    objects = FindingQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["last_run"])
    if TYPE_CHECKING:
        sightings: RelatedManager[FindingSighting]

    class Meta:
        verbose_name = _("finding")
        constraints = [
            models.UniqueConstraint(
                "application", Upper("user_id"), "kind", "person", name="finding_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(kind__in=FindingKind.values), name="finding_kind_known"),
            models.CheckConstraint(condition=Q(status__in=FindingStatus.values), name="finding_status_known"),
            models.CheckConstraint(condition=Q(user_id="", kind="two_ids") | ~Q(user_id=""), name="finding_has_id"),
            models.CheckConstraint(condition=~Q(kind="two_ids") | Q(person__isnull=False), name="finding_has_person"),
            models.CheckConstraint(
                condition=Q(status__in=("open", "claimed"), settled_at=None)
                | (~Q(status__in=("open", "claimed")) & Q(settled_at__isnull=False)),
                name="finding_settled_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("open", "gone"), way="")
                | (Q(status__in=("claimed", "resolved", "accepted")) & Q(way__in=Way.values)),
                name="finding_way_named",
            ),
            models.CheckConstraint(
                condition=~Q(status="claimed") | Q(said_at__isnull=False, said_by__isnull=False),
                name="finding_claimed_by",
            ),
            models.CheckConstraint(
                condition=Q(settled_by=None) | Q(said_by=None) | ~Q(settled_by=F("said_by")), name="finding_by_two"
            ),
            models.CheckConstraint(
                condition=~Q(status="accepted") | Q(accepted_until__isnull=False), name="finding_accepted_has_end"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="finding_due"),
            models.Index(fields=["found_at", "id"], name="finding_found"),
            models.Index(fields=["user_id", "id"], name="finding_user_id"),
            models.Index(fields=["site", "status", "kind"], name="finding_site"),
            models.Index(fields=["accepted_until"], name="finding_accepted", condition=Q(status="accepted")),
        ]

    def __str__(self) -> str:
        return f"{self.ids}: {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("userids:finding", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in STANDING

    @property
    def is_claimed(self) -> bool:
        return self.status == FindingStatus.CLAIMED

    @property
    def awaits_list(self) -> bool:
        """Said to be put right: the next list shows whether it is."""
        return self.is_claimed and self.kind not in STAYING and self.way != Way.AS_IT_IS

    @property
    def ids(self) -> str:
        """The user ID, or those of the person who has several."""
        return self.user_id or ", ".join(self.details.get("ids", []))

    @property
    def critical(self) -> bool:
        return self.kind in GRAVE

    def moment(self, name: str) -> datetime | None:
        """An instant among the details."""
        said = self.details.get(name)
        return datetime.fromisoformat(said) if said else None


class FindingSighting(models.Model):
    """What a run saw of a finding."""

    run = models.ForeignKey(Reconciliation, models.PROTECT, related_name="sightings")
    finding = models.ForeignKey(Finding, models.PROTECT, related_name="sightings")
    sight = models.CharField(max_length=10, choices=Sight)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "finding"], name="finding_sighting_once"),
            models.CheckConstraint(condition=Q(sight__in=Sight.values), name="finding_sighting_known"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.sight} {self.finding_id}"


class Heard(models.Model):
    """Something done under a leaver's ID, heard as it happened; gone once a finding says it."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    left_at = models.DateTimeField()
    what = models.CharField(max_length=10)
    source = models.CharField(max_length=40)

    def __str__(self) -> str:
        return f"{self.account_id} {self.at:%Y-%m-%d %H:%M}"


class PullQuerySet(models.QuerySet["Pull"]):
    def due(self, now: datetime) -> PullQuerySet:
        return self.filter(next_at__lte=now)


class Pull(models.Model):
    """When an application is next asked for its list by its connector, and what came of it last time."""

    application = models.OneToOneField(Application, models.PROTECT, related_name="+")
    next_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)  # as words are kept
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    confirmed = models.BooleanField(default=False)  # who asked says that a much shorter list is right, this time
    run = models.ForeignKey(Reconciliation, models.PROTECT, null=True, related_name="+")

    objects = PullQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="reconciliation_pull_due")]

    def __str__(self) -> str:
        return f"{self.application} {self.next_at}"
