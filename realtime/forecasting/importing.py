"""A forecast out of a spreadsheet (RTM-3): looked at first, then all of it or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.utils.translation import gettext_lazy

from occ.errors import WrongState
from occ.people.models import Site, User
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.times import local_day
from realtime.forecasting.history import QUARTERS
from realtime.forecasting.services import MOST, Values, forecast_import
from realtime.models import Forecast

LONGEST_AHEAD = 400  # days
COLUMNS = [
    Column("day", gettext_lazy("Day"), ("tanggal", "tgl", "date", "hari"), required=True, kind="date"),
    Column("time", gettext_lazy("Time"), ("jam", "waktu", "interval", "mulai", "start"), required=True),
    Column("volume", gettext_lazy("Customers"), ("volume", "calls", "panggilan", "cof", "jumlah"), required=True,
           kind="decimal"),
    Column("aht", gettext_lazy("Handling time (s)"), ("aht", "aht (s)", "aht detik"), kind="decimal"),
]  # fmt: skip
CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?:[:.]00)?(?: *(?:-|–|s/d|to) *[0-9:. ]+)?")


@dataclass
class Reading:
    preview: Preview
    rows: dict[date, tuple[Values, Values]] = field(default_factory=dict)
    customers: float = 0.0


def quarter_of(text: str, minutes: int) -> int | None:
    """The quarter in which an interval begins: 08:00, 8.30, 08:00-08:30, or a part of a day. None: no such interval."""
    found = CLOCK.fullmatch(text.strip())
    if found:
        at = int(found[1]) * 60 + int(found[2])
    else:
        try:
            share = float(text)
        except ValueError:
            return None
        if not 0 <= share < 1:
            return None
        at = round(share * 1440)
    return at // 15 if at % minutes == 0 and at < 1440 else None


def forecast_read(*, file: BinaryIO | File[bytes], site: Site, minutes: int, now: datetime) -> Reading:
    """Look at the file, whose rows are intervals of so many minutes; writes nothing. Raises SheetRefused."""
    table = read_table(file, columns=COLUMNS)
    found, today, seen = Reading(Preview([], 0, "", [], [], {})), local_day(now, site.zone), dict[Any, int]()

    def look(row: Row) -> list[Problem]:
        if row.problems:
            return []
        day, volume, aht = row.values["day"], float(row.values["volume"]), row.values.get("aht")
        at = quarter_of(row.values["time"], minutes)
        if at is None:
            words = _("“%(value)s” is no beginning of an interval of %(minutes)s minutes.")
            return [_fault(row, "time", "time", words % {"value": row.values["time"][:30], "minutes": minutes})]
        if not 0 <= (day - today).days <= LONGEST_AHEAD:
            return [_fault(row, "day", "day", _("The day is over, or more than 400 days ahead."))]
        if not 0 <= volume <= MOST:
            return [_fault(row, "volume", "volume", _("So many customers cannot be."))]
        if aht is not None and not 1 <= aht <= 36_000:
            return [_fault(row, "aht", "aht", _("From 1 to 36 000 seconds."))]
        if twin := seen.get((day, at)):
            return [_fault(row, "time", "duplicate", _("The same as row %(row)s.") % {"row": twin})]
        seen[day, at] = row.number
        volumes, seconds = found.rows.setdefault(day, ([None] * QUARTERS, [None] * QUARTERS))
        size = minutes // 15
        volumes[at : at + size] = [volume / size] * size
        if aht is not None:
            seconds[at : at + size] = [float(aht)] * size
        found.customers += volume
        return []

    found.preview = validate(table, look)
    return found


def _fault(row: Row, column: str, code: str, words: str) -> Problem:
    return Problem(row.number, column, code, words)


def summary(reading: Reading) -> dict[str, Any]:
    """As JSON, for the preview's page."""
    good = [row for row in reading.preview.rows if not row.problems][:10]
    days = sorted(reading.rows)
    return as_read(reading.preview, COLUMNS, "time") | {
        "days": len(days), "first": days[0].isoformat() if days else "", "last": days[-1].isoformat() if days else "",
        "customers": round(reading.customers),
        "sample": [[str(one.values[column.name] or "") for column in COLUMNS] for one in good],
    }  # fmt: skip


def forecast_file_import(
    *, file: BinaryIO | File[bytes], name: str, site: Site, channel: str, minutes: int, actor: User, now: datetime
) -> Forecast:
    """All of it or nothing. Raises NotAllowed, SheetRefused, Invalid, WrongState (a row has a problem)."""
    reading = forecast_read(file=file, site=site, minutes=minutes, now=now)
    if faulty := reading.preview.counts["faulty"]:
        words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
        raise WrongState(words % {"n": faulty})
    return forecast_import(site=site, channel=channel, rows=reading.rows, file=name, actor=actor, now=now)
