"""Issued documents, their signatures, and attachments.

Invariant: what was issued stays as it was issued. A number is used once per revision and leaves no gap; the file's
SHA-256, the data it was rendered from and who issued it never change (database triggers in `migrations/`). Only
three things can happen to an issued document later: a signature is added, a new revision supersedes it, or it is
destroyed after its masa simpan.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.documents import types
from occ.documents.choices import Method, Purpose, Status
from occ.people.actors import who
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import site_ids

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

SHA256 = r"^[0-9a-f]{64}$"


class Series(models.Model):
    """The last number used of a type, at a site (or for all), in a year. Locked while a number is taken."""

    type_code = models.CharField(max_length=20)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+")
    year = models.PositiveSmallIntegerField()
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["type_code", "site", "year"], name="document_series_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type_code} {self.year}: {self.last_number}"


class IssuedDocumentQuerySet(models.QuerySet["IssuedDocument"]):
    def visible_to(self, user: User) -> IssuedDocumentQuerySet:
        """Documents of the sites for which the user holds a reading role of their type, and those they are to sign.

        A document for all sites is seen only by who holds the role for all sites.
        """
        codes_by_sites: dict[frozenset[int] | None, list[str]] = {}
        for one in types.all_types():
            ids = site_ids(user, one.reading_roles)
            codes_by_sites.setdefault(None if ids is None else frozenset(ids), []).append(one.code)
        visible = Q(slots__contains=[{"user_id": user.pk}])
        for sites, codes in codes_by_sites.items():
            visible |= Q(type_code__in=codes) & (Q() if sites is None else Q(site_id__in=sites))
        return self.filter(visible)

    def kept_too_long(self, today: date) -> IssuedDocumentQuerySet:
        """Masa simpan is over and the file is still there: to be destroyed."""
        return self.filter(expires_on__lt=today).exclude(status=Status.DESTROYED)


class IssuedDocument(models.Model):
    type_code = models.CharField(_("type"), max_length=20)
    site = models.ForeignKey(Site, models.PROTECT, null=True, related_name="+", verbose_name=_("site"))
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(_("number"), max_length=60)
    revision = models.PositiveSmallIntegerField(_("revision"), default=0)
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="superseded_by", verbose_name=_("supersedes")
    )
    reason = models.CharField(_("reason for the revision"), max_length=300, blank=True)
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    title = models.CharField(_("title"), max_length=200)
    period_from = models.DateField(_("from"), null=True)
    period_to = models.DateField(_("to"), null=True)
    language = models.CharField(_("language"), max_length=2)
    data = models.JSONField(default=dict)
    code = models.CharField(_("verification code"), max_length=26, unique=True)
    file = models.CharField(max_length=100)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("size"))
    issued_at = models.DateTimeField(_("issued at"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    issued_by_label = models.CharField(_("issued by"), max_length=150)
    sealed_by = models.CharField(_("organisation's signature"), max_length=200, blank=True)
    owner_role = models.CharField(_("owner"), max_length=20, choices=Role)
    expires_on = models.DateField(_("kept until"))
    # Who is to sign it after its issue, as `Signer`s: each once, and nobody else for the same.
    slots = models.JSONField(default=list, db_default=[])
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.VALID)
    superseded_at = models.DateTimeField(_("superseded at"), null=True)
    destroyed_at = models.DateTimeField(_("destroyed at"), null=True)
    destroyed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    destruction_note = models.CharField(_("note"), max_length=300, blank=True)

    objects = IssuedDocumentQuerySet.as_manager()
    if TYPE_CHECKING:
        signatures: RelatedManager[Signature]
        superseded_by: IssuedDocument

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.UniqueConstraint(fields=["number", "revision"], name="document_number_once"),
            models.UniqueConstraint(
                fields=["type_code", "site", "year", "sequence", "revision"],
                name="document_sequence_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="document_status_known"),
            models.CheckConstraint(condition=Q(sha256__regex=SHA256), name="document_sha256"),
            models.CheckConstraint(condition=Q(size__gt=0), name="document_not_empty"),
            models.CheckConstraint(
                condition=Q(revision=0, supersedes=None) | Q(revision__gt=0, supersedes__isnull=False),
                name="document_revision_supersedes",
            ),
            models.CheckConstraint(
                condition=Q(period_from=None) | Q(period_to__gte=F("period_from")), name="document_period_order"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.DESTROYED, destroyed_at__isnull=False)
                | (~Q(status=Status.DESTROYED) & Q(destroyed_at=None)),
                name="document_destroyed_at",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.SUPERSEDED) | Q(superseded_at__isnull=False), name="document_superseded_at"
            ),
        ]
        indexes = [
            models.Index(fields=["type_code", "site", "-id"], name="document_register"),
            models.Index(fields=["subject_type", "subject_id"], name="document_subject"),
            models.Index(fields=["expires_on"], name="document_expires"),
            # Whom they name: who reads no kind at all is asked for in this alone, on each search.
            GinIndex(fields=["slots"], opclasses=["jsonb_path_ops"], name="document_slots"),
        ]

    def __str__(self) -> str:
        return self.full_number

    def get_absolute_url(self) -> str:
        return reverse("documents:detail", args=[self.pk])

    @property
    def full_number(self) -> str:
        return f"{self.number}/R{self.revision}" if self.revision else self.number

    @property
    def issuer(self) -> str:
        """Who issued it, for people to read."""
        return who(self.issued_by_label)

    @property
    def file_name(self) -> str:
        """The name it gets when downloaded."""
        return self.full_number.replace("/", "-") + ".pdf"

    @property
    def is_sheet(self) -> bool:
        """Whether it bears the signatures of another document (countersigning.py)."""
        return self.subject_type == self._meta.label_lower

    @property
    def type(self) -> types.DocumentType | None:
        return types.get(self.type_code)


class Signature(models.Model):
    """Somebody put their name to a document, by entering their password again. Never changed, never removed."""

    document = models.ForeignKey(IssuedDocument, models.PROTECT, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=150)
    position = models.CharField(_("position"), max_length=80)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    signed_at = models.DateTimeField(_("signed at"))
    method = models.CharField(_("method"), max_length=20, choices=Method, default=Method.PASSWORD)
    on_paper = models.BooleanField(_("printed in the document"), default=False)

    class Meta:
        ordering = ["signed_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["document", "user", "purpose"], name="signature_once"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="signature_purpose_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_purpose_display()}"


class Attachment(models.Model):
    """A file that somebody brought: a resignation letter, a screenshot as evidence. Its subject decides who sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject_type = models.CharField(max_length=80)
    subject_id = models.CharField(max_length=40)
    purpose = models.CharField(_("purpose"), max_length=40, blank=True)
    name = models.CharField(_("name"), max_length=120)
    content_type = models.CharField(_("type"), max_length=100)
    file = models.CharField(max_length=100)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField(_("size"))
    uploaded_at = models.DateTimeField(_("uploaded at"))
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    uploaded_by_label = models.CharField(_("uploaded by"), max_length=150)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["uploaded_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(sha256__regex=SHA256), name="attachment_sha256"),
            models.CheckConstraint(condition=Q(size__gt=0), name="attachment_not_empty"),
        ]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="attachment_subject")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("documents:attachment", args=[self.pk])
