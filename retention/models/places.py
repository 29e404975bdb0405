"""Where conversations lie: the sources that applications write to, and the stores that hold the backups (RET-2).

Invariant: nothing is deleted at a source that was not given the right to (`may_delete`). Credentials lie in a row of
their own, encrypted, so that no list, history or export ever loads them.
"""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.encryption import EncryptedTextField
from occ.people.models import Site, User
from occ.people.scope import has_role, site_filter
from retention.choices import Channel, PlaceKind, RecordKind
from retention.personal import PLACE_READERS

CODE = RegexValidator(r"^[A-Z][A-Z0-9-]{0,19}$", _("Capital letters, digits and hyphens; a letter first."))


class Place(models.Model):
    """A directory tree or a bucket. `url`: file:///path or s3://bucket/prefix."""

    code = models.CharField(_("code"), max_length=20, unique=True, validators=[CODE])
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kept in"), max_length=10, choices=PlaceKind)
    url = models.CharField(_("address"), max_length=300)
    endpoint = models.CharField(_("S3 endpoint"), max_length=300, blank=True)
    region = models.CharField(_("S3 region"), max_length=40, blank=True, default="us-east-1")
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class SourceQuerySet(models.QuerySet["Source"]):
    def visible_to(self, user: User) -> SourceQuerySet:
        return self.filter(site_filter(user, PLACE_READERS))

    def active(self) -> SourceQuerySet:
        return self.filter(active=True)


class Source(Place):
    """Where an application leaves its recordings or chats, and how a file's path tells what it is.

    `pattern`: a regular expression over the path below `url`, with the groups `id` and `start` and, where the path
    says so, `end`, `seconds`, `agent`, `channel`, `customer`. `time_format`: strptime's, in the site's zone. `sidecar`:
    a file beside it with `.json` appended says the same and goes before the path.
    """

    record_kind = models.CharField(_("holds"), max_length=10, choices=RecordKind)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    channel = models.CharField(_("channel"), max_length=20, choices=Channel, blank=True)
    client = models.CharField(_("client"), max_length=40, blank=True)
    pattern = models.CharField(_("pattern of paths"), max_length=500)
    time_format = models.CharField(_("format of times"), max_length=40, default="%Y%m%dT%H%M%S")
    sidecar = models.BooleanField(_("has a .json beside each file"), default=False)
    may_delete = models.BooleanField(_("OCC may delete here"), default=False)
    scan_every_hours = models.PositiveSmallIntegerField(_("scanned every … hours"), default=24)
    scanned_at = models.DateTimeField(_("last scanned"), null=True, editable=False)
    # Directories below it on which scans have found a disk of its own.
    mounts = models.JSONField(default=list, editable=False)

    objects = SourceQuerySet.as_manager()
    history = HistoricalRecords(excluded_fields=["scanned_at", "mounts"])

    class Meta:
        ordering = ["code"]
        verbose_name = _("source")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PlaceKind.values), name="source_kind_known"),
            models.CheckConstraint(condition=Q(record_kind__in=RecordKind.values), name="source_holds_known"),
            models.CheckConstraint(
                condition=Q(scan_every_hours__gte=1, scan_every_hours__lte=720), name="source_scan_every"
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("retention:source", args=[self.pk])


class StoreQuerySet(models.QuerySet["Store"]):
    def visible_to(self, user: User) -> StoreQuerySet:
        """A store serves all sites: who reads one site's catalogue reads its name and state."""
        return self if has_role(user, PLACE_READERS) else self.none()

    def active(self) -> StoreQuerySet:
        return self.filter(active=True)


class Store(Place):
    """Where backups are kept. `lock_days`: Object Lock (governance) for each package; 0 where the bucket has none."""

    lock_days = models.PositiveSmallIntegerField(_("Object Lock, days"), default=0)

    objects = StoreQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["code"]
        verbose_name = _("store")
        constraints = [models.CheckConstraint(condition=Q(kind__in=PlaceKind.values), name="store_kind_known")]

    def get_absolute_url(self) -> str:
        return reverse("retention:store", args=[self.pk])


class Credential(models.Model):
    """What opens a bucket."""

    source = models.OneToOneField(Source, models.CASCADE, null=True, blank=True, related_name="credential")
    store = models.OneToOneField(Store, models.CASCADE, null=True, blank=True, related_name="credential")
    access_key = models.CharField(_("access key"), max_length=128)
    secret_key = EncryptedTextField(_("secret key"))

    class Meta:
        verbose_name = _("credential")
        constraints = [
            models.CheckConstraint(
                condition=Q(source=None, store__isnull=False) | Q(source__isnull=False, store=None),
                name="credential_of_one_place",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source or self.store}: {self.access_key}"


class Scan(models.Model):
    """One reading of a source's list: what was found, and what of it could not be understood."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="scans")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    by = models.CharField(_("by"), max_length=150)
    files = models.PositiveBigIntegerField(_("files"), default=0)
    added = models.PositiveBigIntegerField(_("new"), default=0)
    known = models.PositiveBigIntegerField(_("known"), default=0)
    changed = models.PositiveBigIntegerField(_("changed"), default=0)
    gone = models.PositiveBigIntegerField(_("gone"), default=0)
    refused = models.PositiveBigIntegerField(_("not understood"), default=0)
    # The first of those, each {"path", "why"}; all of them are findings.
    refusals = models.JSONField(default=list)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("scan")

    def __str__(self) -> str:
        return f"{self.source}, {self.started_at:%Y-%m-%d %H:%M}"


class Schedule(models.Model):
    """How long what is kept, as dated rows (RET-3): the latest that has begun holds, a channel's own before the rest.

    Ages are whole years on the calendar from the conversation's end.
    """

    record_kind = models.CharField(_("kind"), max_length=10, choices=RecordKind)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel, blank=True)
    client = models.CharField(_("client"), max_length=40, blank=True)
    valid_from = models.DateField(_("valid from"))
    backup_after_years = models.PositiveSmallIntegerField(_("backed up after, years"))
    delete_after_years = models.PositiveSmallIntegerField(_("may be deleted after, years"))
    basis = models.CharField(_("basis"), max_length=200)
    reason = models.CharField(_("reason"), max_length=300)
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["record_kind", "channel", "client", "-valid_from"]
        verbose_name = _("retention period")
        constraints = [
            models.UniqueConstraint(
                fields=["record_kind", "channel", "client", "valid_from"], name="schedule_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(backup_after_years__gte=1, delete_after_years__gt=models.F("backup_after_years")),
                name="schedule_order",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(basis=""), name="schedule_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_record_kind_display()} {self.backup_after_years}/{self.delete_after_years}"
