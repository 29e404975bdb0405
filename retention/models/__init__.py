"""The tables: places, the catalogue and its batches, bags, checks, holds, the register, destruction."""

from retention.models.bags import Bag, Copy, Pack, Packed
from retention.models.checks import Check, Finding
from retention.models.compliance import MonthFigures
from retention.models.disposal import OPEN_PROPOSAL, Condition, Item, Probe, Proposal, Tombstone, Trail, Unsaid
from retention.models.holds import Hold, HoldRecord
from retention.models.journal import Journal, JournalProof
from retention.models.losses import Loss, LostPacked
from retention.models.papers import DocumentProof, DocumentTombstone, Shredding
from retention.models.places import Credential, Scan, Schedule, Source, Store
from retention.models.records import Batch, Problem, Record, RecordQuerySet
from retention.models.register import Entry, RegisterLine
from retention.models.transcripts import Transcript

__all__ = [
    "OPEN_PROPOSAL",
    "Bag",
    "Batch",
    "Check",
    "Condition",
    "Copy",
    "Credential",
    "DocumentProof",
    "DocumentTombstone",
    "Entry",
    "Finding",
    "Hold",
    "HoldRecord",
    "Item",
    "Journal",
    "JournalProof",
    "Loss",
    "LostPacked",
    "MonthFigures",
    "Pack",
    "Packed",
    "Probe",
    "Problem",
    "Proposal",
    "Record",
    "RecordQuerySet",
    "RegisterLine",
    "Scan",
    "Schedule",
    "Shredding",
    "Source",
    "Store",
    "Tombstone",
    "Trail",
    "Transcript",
    "Unsaid",
]  # fmt: skip
