"""The catalogue's lists as files: the same rows as the pages, customers never among them."""

from typing import Any

from django.utils.translation import gettext as _

from occ.sheets.writing import OutColumn
from retention.marks import id_of, path_of
from retention.models import Record, Source, Store


def record_columns() -> list[OutColumn]:
    return [
        OutColumn(_("ID at the source"), width=30), OutColumn(_("Kind"), width=16), OutColumn(_("Channel"), width=14),
        OutColumn(_("Site"), width=8), OutColumn(_("Agent"), width=28), OutColumn(_("Employee number"), width=16),
        OutColumn(_("Began"), width=18), OutColumn(_("Ended"), width=18), OutColumn(_("Size in bytes"), width=14),
        OutColumn(_("State"), width=16), OutColumn(_("Batch"), width=22), OutColumn(_("Source"), width=14),
        OutColumn(_("File"), width=60), OutColumn("SHA-256", width=66), OutColumn(_("Catalogued"), width=18),
    ]  # fmt: skip


def record_line(one: Record) -> list[Any]:
    return [
        id_of(one), one.get_kind_display(), one.get_channel_display(), one.site.code,
        one.agent.name if one.agent else one.agent_label, one.agent.number if one.agent else "", one.started_at,
        one.ended_at, one.size, one.get_state_display(), one.batch.identifier if one.batch else "", one.source.code,
        path_of(one), one.sha256, one.catalogued_at,
    ]  # fmt: skip


def source_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Code"), width=14), OutColumn(_("Name"), width=30), OutColumn(_("Holds"), width=16),
        OutColumn(_("Site"), width=8), OutColumn(_("Kept in"), width=14), OutColumn(_("Address"), width=50),
        OutColumn(_("In use"), width=10), OutColumn(_("OCC may delete here"), width=18),
        OutColumn(_("Scanned every … hours"), width=18), OutColumn(_("Last scanned"), width=18),
    ]  # fmt: skip


def source_line(one: Source) -> list[Any]:
    return [
        one.code, one.name, one.get_record_kind_display(), one.site.code, one.get_kind_display(), one.url, one.active,
        one.may_delete, one.scan_every_hours, one.scanned_at,
    ]  # fmt: skip


def store_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Code"), width=14), OutColumn(_("Name"), width=30), OutColumn(_("Kept in"), width=14),
        OutColumn(_("Address"), width=50), OutColumn(_("In use"), width=10),
        OutColumn(_("Object Lock, days"), width=16),
    ]  # fmt: skip


def store_line(one: Store) -> list[Any]:
    return [one.code, one.name, one.get_kind_display(), one.url, one.active, one.lock_days]
