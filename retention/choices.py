from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Channel as Channel


class RecordKind(models.TextChoices):
    CHAT = "chat", _("Chat history")
    RECORDING = "recording", _("Recording")


class RecordState(models.TextChoices):
    """Where a record stands. Held and proposed are asked of holds and proposals, never stored here."""

    CATALOGUED = "catalogued", _("Catalogued")
    BACKED_UP = "backed_up", _("Backed up")
    WAIVED = "waived", _("Backup waived")
    DESTROYED = "destroyed", _("Destroyed")


class PlaceKind(models.TextChoices):
    DIRECTORY = "directory", _("Directory")
    S3 = "s3", _("S3 bucket")


class ProblemKind(models.TextChoices):
    """Why a record could not be backed up."""

    CHANGED = "changed", _("Changed since it was catalogued")
    MISSING = "missing", _("Missing at the source")
    UNREADABLE = "unreadable", _("Unreadable")
    TRUNCATED = "truncated", _("Shorter than it was catalogued")
    GREW = "grew", _("Grew while it was read")


class BatchStatus(models.TextChoices):
    GATHERING = "gathering", _("Gathering")
    ESCALATED = "escalated", _("Escalated to Team IT")
    RUNNING = "running", _("Being backed up")
    INCOMPLETE = "incomplete", _("Incomplete")
    COMPLETE = "complete", _("Backed up")


class BagStatus(models.TextChoices):
    BUILDING = "building", _("Being built")
    COMPLETE = "complete", _("Complete")
    GONE = "gone", _("Destroyed")


class CheckKind(models.TextChoices):
    FIXITY = "fixity", _("Fixity")
    LISTING = "listing", _("Listing")
    DRILL = "drill", _("Restore drill")
    COPYING = "copying", _("Copying")


class Result(models.TextChoices):
    OK = "ok", _("In order")
    FAILED = "failed", _("Failed")
    NOT_RUN = "not_run", _("Not run")


class FindingKind(models.TextChoices):
    """What a check of a source or a store finds to be wrong."""

    DAMAGED = "damaged", _("Damaged: another content")
    SIZE = "size", _("Damaged: another size")
    PACK_MISSING = "pack_missing", _("Package missing in the store")
    NOT_COPIED = "not_copied", _("Package that could not be copied into the store")
    KEY_MISSING = "key_missing", _("Key missing or wrong")
    FOREIGN_PACK = "foreign_pack", _("Package that the catalogue does not know")
    UNKNOWN_FILE = "unknown_file", _("File at the source that the catalogue does not know")
    FILE_GONE = "file_gone", _("File gone from the source")
    FILE_CHANGED = "file_changed", _("File changed at the source")
    NOT_RUN = "not_run", _("Check that was not run")
    REAPPEARED = "reappeared", _("Destroyed record that has come back")


class FindingStatus(models.TextChoices):
    OPEN = "open", _("Open")
    PROPOSED = "proposed", _("To be confirmed as resolved")
    RESOLVED = "resolved", _("Resolved")
    GONE = "gone", _("No longer found")


# Somebody's words settle none of these: another person confirms them.
GRAVE = frozenset(
    {
        FindingKind.DAMAGED, FindingKind.SIZE, FindingKind.PACK_MISSING, FindingKind.FOREIGN_PACK,
        FindingKind.KEY_MISSING,
    }
)  # fmt: skip
STANDING = (FindingStatus.OPEN, FindingStatus.PROPOSED)


class LossStatus(models.TextChoices):
    """Of a backup that nobody can read any more."""

    DECLARED = "declared", _("Declared")
    LOST = "lost", _("Lost")
    REFUSED = "refused", _("Refused")


class ProposalStatus(models.TextChoices):
    DRAFT = "draft", _("Being prepared")
    WITH_CLIENT = "with_client", _("With the client")
    APPROVED = "approved", _("Approved, cooling off")
    REFUSED = "refused", _("Refused")
    EXECUTING = "executing", _("Being destroyed")
    PARTIAL = "partial", _("Partly destroyed")
    DESTROYED = "destroyed", _("Destroyed")
    CLOSED = "closed", _("Berita acara issued")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    VOID = "void", _("Void: the list changed")


class ItemDecision(models.TextChoices):
    PENDING = "pending", _("Not decided")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


class ItemState(models.TextChoices):
    LISTED = "listed", _("Listed")
    STARTED = "started", _("Being deleted")
    DESTROYED = "destroyed", _("Destroyed")
    FAILED = "failed", _("Could not be deleted")
    PULLED = "pulled", _("Pulled out: held")
    RELEASED = "released", _("Not destroyed")


# `kind` of a proposal whose lines are documents and no conversations.
DOCUMENTS = ""


class Way(models.TextChoices):
    """How a document that lies outside OCC is destroyed, by hand."""

    SHREDDED = "shredded", _("Shredded")
    PULPED = "pulped", _("Pulped")
    BURNT = "burnt", _("Burnt")
    ERASED = "erased", _("Erased (files and carriers of data)")


class ConditionKey(models.TextChoices):
    """The five conditions under which a document may be destroyed."""

    PERIOD = "period", _("Its period of retention has passed")
    OPERATION = "operation", _("It is of no further use to the operation")
    CLIENT = "client", _("It is of no further use to the client")
    LAW = "law", _("No law or contract forbids it")
    CASE = "case", _("No case is pending")


class HoldReason(models.TextChoices):
    COMPLAINT = "complaint", _("Complaint")
    DISPUTE = "dispute", _("Dispute")
    AUDIT = "audit", _("Audit")
    POLICE = "police", _("Police or court")
    OTHER = "other", _("Another reason")


class Medium(models.TextChoices):
    HARDCOPY = "hardcopy", _("Hardcopy")
    SOFTCOPY = "softcopy", _("Softcopy")


class EntryStatus(models.TextChoices):
    KEPT = "kept", _("Kept")
    DESTROYED = "destroyed", _("Destroyed")


class RegisterKind(models.TextChoices):
    DOCUMENT = "document", _("Issued document")
    BATCH = "batch", _("Backup batch")
    ENTRY = "entry", _("Entered by hand")


class RegisterStatus(models.TextChoices):
    KEPT = "kept", _("Kept")
    SUPERSEDED = "superseded", _("Superseded")
    DESTROYED = "destroyed", _("Destroyed")


class Purpose(models.TextChoices):
    """Why somebody listens to or reads a conversation."""

    COMPLAINT = "complaint", _("Handling a complaint")
    QUALITY = "quality", _("Quality sample")
    COACHING = "coaching", _("Coaching")
    DISPUTE = "dispute", _("Dispute or investigation")
    AUDIT = "audit", _("Audit")
    TECHNICAL = "technical", _("Checking the file")


# A bag may hold 50 GB: no record is larger.
BAG_BYTES = 49_000_000_000
