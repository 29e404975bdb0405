"""Documents entered by hand (RET-11, SOP-RET 5.6): hardcopy and softcopy that this system did not issue."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from occ.documents.models import IssuedDocument
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import site_filter
from retention.choices import EntryStatus, Medium, RegisterKind, RegisterStatus
from retention.personal import CATALOGUE_READERS


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: User) -> EntryQuerySet:
        return self.filter(site_filter(user, CATALOGUE_READERS))


class Entry(models.Model):
    """A line of the register of documents (daftar catatan dokumen)."""

    number = models.CharField(_("document number"), max_length=60)
    title = models.CharField(_("title"), max_length=200)
    classification = models.CharField(_("classification code"), max_length=30, blank=True)
    medium = models.CharField(_("medium"), max_length=10, choices=Medium)
    copies = models.CharField(_("level (original, copy)"), max_length=40, blank=True)
    quantity = models.CharField(_("quantity"), max_length=40, blank=True)
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    owner_role = models.CharField(_("owner"), max_length=20, choices=Role)
    place = models.CharField(_("kept at"), max_length=120)
    issued_on = models.DateField(_("issued on"))
    expires_on = models.DateField(_("expires on"))
    destroyed_on = models.DateField(_("destroyed on"), null=True, blank=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=EntryStatus, default=EntryStatus.KEPT, editable=False)
    note = models.CharField(_("note"), max_length=300, blank=True)
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+", editable=False)
    entered_at = models.DateTimeField(editable=False)

    objects = EntryQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("registered document")
        constraints = [
            models.UniqueConstraint(fields=["site", "number"], name="entry_once"),
            models.CheckConstraint(condition=Q(expires_on__gte=F("issued_on")), name="entry_order"),
            models.CheckConstraint(condition=Q(medium__in=Medium.values), name="entry_medium_known"),
            models.CheckConstraint(
                condition=Q(status=EntryStatus.DESTROYED, destroyed_on__isnull=False)
                | Q(status=EntryStatus.KEPT, destroyed_on=None),
                name="entry_destroyed_on",
            ),
        ]
        indexes = [models.Index(fields=["expires_on"], name="entry_expires", condition=Q(status="kept"))]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("retention:entry", args=[self.pk])


class RegisterLineQuerySet(models.QuerySet["RegisterLine"]):
    def visible_to(self, user: User) -> RegisterLineQuerySet:
        """A document as its type is read, batches and entries as the catalogue is."""
        ours = site_filter(user, CATALOGUE_READERS)
        issued = Q(kind=RegisterKind.DOCUMENT, ref__in=IssuedDocument.objects.visible_to(user).values("pk"))
        return self.filter(issued | (~Q(kind=RegisterKind.DOCUMENT) & ours))

    def expired(self, day: date) -> RegisterLineQuerySet:
        """What may be disposed of: past its last day, and not destroyed yet."""
        return self.filter(expires_on__lt=day).exclude(status=RegisterStatus.DESTROYED)


class RegisterLine(models.Model):
    """The register (daftar catatan dokumen): issued documents, backed-up batches and entries as one list.

    A view of the database (migration 0005): nothing is kept twice. `key` is the kind's letter and the row's id.
    """

    key = models.CharField(primary_key=True, max_length=24)
    kind = models.CharField(_("kind"), max_length=10, choices=RegisterKind)
    ref = models.BigIntegerField()
    number = models.CharField(_("number"), max_length=80)
    title = models.CharField(_("title"), max_length=200)
    site = models.ForeignKey(Site, models.DO_NOTHING, null=True, related_name="+", verbose_name=_("site"))
    issued_on = models.DateField(_("issued on"))
    expires_on = models.DateField(_("expires on"))
    destroyed_on = models.DateField(_("destroyed on"), null=True)
    owner_role = models.CharField(_("owner"), max_length=20, choices=Role)
    place = models.CharField(_("kept at"), max_length=120)
    medium = models.CharField(_("medium"), max_length=10, choices=Medium)
    status = models.CharField(_("status"), max_length=12, choices=RegisterStatus)

    objects = RegisterLineQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "retention_registerline"
        verbose_name = _("register of documents")

    def __str__(self) -> str:
        return self.number
