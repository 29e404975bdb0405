"""Mappings of reports (RTM-4): what a site's columns mean, by name, each change a version with its day; and what was
brought in by them. Append-only.

Invariant: versions of one name speak of one source by one key: another key would count the same rows twice.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import site_filter
from realtime.models.events import SOURCE_READERS, Source

# Also who may revise a month: only they take back what falls into a frozen one.
IMPORT_READERS = SOURCE_READERS | {Role.HEAD_MANAGER}


class ReportMappingQuerySet(models.QuerySet["ReportMapping"]):
    def visible_to(self, user: User) -> ReportMappingQuerySet:
        return self.filter(site_filter(user, SOURCE_READERS))

    def latest_versions(self) -> ReportMappingQuerySet:
        """Of each name the version that is used."""
        same = ReportMapping.objects.filter(site=OuterRef("site"), name=OuterRef("name")).order_by("-version")
        return self.filter(pk=Subquery(same.values("pk")[:1]))


class ReportMapping(models.Model):
    """`text`: the YAML of docs/call-reports.md."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    name = models.CharField(_("name"), max_length=60)
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("mapping"))
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("made by"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = ReportMappingQuerySet.as_manager()

    class Meta:
        ordering = ["name", "-version"]
        verbose_name = _("mapping of a report")
        constraints = [
            models.UniqueConstraint(fields=["site", "name", "version"], name="mapping_version"),
            models.CheckConstraint(condition=Q(version__gte=1) & ~Q(name=""), name="mapping_named"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:reports:mapping", args=[self.pk])


class ReportImportQuerySet(models.QuerySet["ReportImport"]):
    def visible_to(self, user: User) -> ReportImportQuerySet:
        """Without their events, which can be a million each."""
        return self.filter(site_filter(user, IMPORT_READERS)).defer("events")


class ReportImport(models.Model):
    """A report that was brought in, and which events it brought: what is taken back if it was wrong. Append-only."""

    source = models.ForeignKey(Source, models.PROTECT, related_name="imports", verbose_name=_("source"))
    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    mapping = models.ForeignKey(
        ReportMapping, models.PROTECT, null=True, related_name="+", verbose_name=_("mapping of a report")
    )
    file_name = models.CharField(_("file"), max_length=200)
    rows = models.PositiveIntegerField(_("rows"))
    known = models.PositiveIntegerField()  # told before, by another import
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    events = ArrayField(models.BigIntegerField())
    imported_at = models.DateTimeField(_("imported"))
    imported_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("imported by"))

    objects = ReportImportQuerySet.as_manager()

    class Meta:
        ordering = ["-imported_at", "-pk"]
        verbose_name = _("import of a report")
        indexes = [models.Index(fields=["site", "-imported_at"], name="report_import_site")]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("realtime:reports:imported", args=[self.pk])


class ReportWithdrawal(models.Model):
    """That an import was taken back, and why: once. Its events stay, with others that withdraw them. Append-only."""

    report = models.OneToOneField(ReportImport, models.PROTECT, related_name="withdrawal")
    reason = models.CharField(_("reason"), max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("import taken back")
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="report_withdrawal_reasoned")]

    def __str__(self) -> str:
        return str(self.report)
