"""Backups (RET-5): a bag holds a batch's records in packages, each package lies in every store, each record has a key.

Invariants: a package counts (`Pack` exists) only once it was read back from every store and compared; a record is in
exactly one package; its key lies here, wrapped by its bag's, and nowhere near the stores. A key that is destroyed
leaves its row: size and hashes of the original stay as evidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.encryption import EncryptedTextField
from retention.choices import BagStatus, Result
from retention.models.places import Store
from retention.models.records import Batch, Record

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class BagManager(models.Manager["Bag"]):
    """Keys are asked for where one is needed (services.bags.bag_key): one that cannot be read breaks nothing else."""

    def get_queryset(self) -> models.QuerySet[Bag]:
        return super().get_queryset().defer("key")


class Bag(models.Model):
    """A BagIt 1.0 bag (RFC 8493), at most 50 000 files and 50 GB; `identifier` is its External-Identifier."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="bags")
    number = models.PositiveSmallIntegerField(_("number"))
    identifier = models.CharField(_("identifier"), max_length=60, unique=True)
    # Wraps the keys of its records: 32 bytes in base64. Destroyed with the last of them.
    key = EncryptedTextField(blank=True)
    status = models.CharField(_("status"), max_length=10, choices=BagStatus, default=BagStatus.BUILDING)
    opened_at = models.DateTimeField()
    completed_at = models.DateTimeField(_("completed"), null=True)
    files = models.PositiveIntegerField(_("files"), default=0)
    bytes = models.PositiveBigIntegerField(_("bytes"), default=0)
    # Of manifest-sha256.txt, which lies in the bag's tag package: what the stores hold is what is known here.
    manifest_sha256 = models.CharField(max_length=64, blank=True)
    gone_at = models.DateTimeField(_("destroyed"), null=True)

    objects = BagManager()
    if TYPE_CHECKING:
        packs: RelatedManager[Pack]

    class Meta:
        base_manager_name = "objects"
        ordering = ["batch_id", "number"]
        verbose_name = _("bag")
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="bag_once"),
            models.CheckConstraint(condition=Q(status__in=BagStatus.values), name="bag_status_known"),
            models.CheckConstraint(condition=Q(files__lte=50_000, bytes__lte=50_000_000_000), name="bag_not_too_large"),
            models.CheckConstraint(
                condition=~Q(status=BagStatus.COMPLETE) | Q(completed_at__isnull=False), name="bag_completed_at"
            ),
        ]

    def __str__(self) -> str:
        return self.identifier


class Pack(models.Model):
    """An object in the stores: encrypted records one after another. Number 0 is the bag's tag files."""

    bag = models.ForeignKey(Bag, models.PROTECT, related_name="packs")
    number = models.PositiveIntegerField()
    # Below the store's address; a name is never used for other bytes.
    name = models.CharField(max_length=120, unique=True)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField("SHA-256", max_length=64)
    written_at = models.DateTimeField(_("written"))

    if TYPE_CHECKING:
        copies: RelatedManager[Copy]
        packed: RelatedManager[Packed]

    class Meta:
        verbose_name = _("package")
        constraints = [models.UniqueConstraint(fields=["bag", "number"], name="pack_once")]

    def __str__(self) -> str:
        return self.name


class Copy(models.Model):
    """A package in one store, and when it was last read whole."""

    pack = models.ForeignKey(Pack, models.PROTECT, related_name="copies")
    store = models.ForeignKey(Store, models.PROTECT, related_name="copies")
    version = models.CharField(max_length=200, blank=True)  # the object's, where the bucket keeps versions
    checked_at = models.DateTimeField(_("verified"))
    result = models.CharField(_("result"), max_length=8, choices=Result, default=Result.OK)
    gone_at = models.DateTimeField(_("destroyed"), null=True)

    class Meta:
        verbose_name = _("copy")
        constraints = [
            models.UniqueConstraint(fields=["pack", "store"], name="copy_once"),
            models.CheckConstraint(condition=Q(result__in=Result.values), name="copy_result_known"),
        ]
        indexes = [
            models.Index(fields=["store", "checked_at"], name="copy_oldest_check", condition=Q(gone_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.pack}: {self.store}"


class Packed(models.Model):
    """A record in its package. `key` None: destroyed, and with it every copy, wherever it lies."""

    record = models.OneToOneField(Record, models.PROTECT, primary_key=True, related_name="packed")
    pack = models.ForeignKey(Pack, models.PROTECT, related_name="packed")
    # Path inside the bag: data/… in safe ASCII.
    name = models.CharField(max_length=120)
    offset = models.PositiveBigIntegerField()
    length = models.PositiveBigIntegerField()
    # Of the original bytes, as the bag's manifests have them.
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField("SHA-256", max_length=64)
    sha512 = models.CharField("SHA-512", max_length=128)
    key = models.BinaryField(null=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("backed-up record")
        constraints = [
            models.UniqueConstraint(fields=["pack", "offset"], name="packed_place_once"),
            models.CheckConstraint(
                condition=Q(key=None, destroyed_at__isnull=False) | Q(key__isnull=False, destroyed_at=None),
                name="packed_key_or_destroyed",
            ),
        ]

    def __str__(self) -> str:
        return self.name
