"""A spreadsheet roster looked at (RTM-1): agents down, dates across, codes in the cells. Writes nothing.

The first column that names employees is found by its heading; headings that are days of the month are the days, others
are left out. Each problem names its cell as the spreadsheet program does: "E7".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

from django.core.files.base import File
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy
from openpyxl.utils import get_column_letter

from occ.errors import Invalid, NotAllowed
from occ.import_jobs import SEEN
from occ.people.actors import Actor
from occ.people.models import Person, Site
from occ.sheets.dates import MONTHS, parse_date
from occ.sheets.importing import Preview, Problem, Row, validate
from occ.sheets.reading import Column, Limits, SheetRefused, Table, Unseen, read_table
from occ.texts import told as _
from occ.texts import worded
from occ.times import next_month
from realtime.choices import RosterStatus
from realtime.models import Roster
from realtime.rostering.codes import Cell, Codes, codes_of
from realtime.rostering.versions import Change, cells_of, differences
from realtime.services.rosters import may_make

COLUMNS = [
    Column(
        "number", gettext_lazy("Employee number"), required=True,
        aliases=("Employee number", "NIK", "NIP", "Nomor Karyawan", "No Karyawan", "No. Karyawan", "Employee ID",
                 "Nomor Induk Karyawan", "ID Karyawan", "Agent ID"),
    ),
    Column("name", gettext_lazy("Name"), aliases=("Nama", "Nama Agent", "Nama Karyawan", "Nama Lengkap", "Agent")),
]  # fmt: skip
SAID = 8  # wrong headings that a refusal names
LIMITS = Limits(bytes=10 * 2**20, unpacked=100 * 2**20, rows=5_000, seconds=30)
# "1", "01", "Sen 1", "1/11", "01-Nov", "Senin, 2 November": a day of the month, with a month where one is written.
_DAY = re.compile(r"(?:[^\W\d_]{2,9}[.,]?\s+)?([0-9]{1,2})(?:[-/ .]+([0-9]{1,2}|[^\W\d_]{3,9}))?", re.I)
Upload = BinaryIO | File


@dataclass
class Reading:
    """A file looked at: the preview, what its cells mean, and what differs from the roster that it would change."""

    preview: Preview
    days: dict[int, date]  # by the column's place
    cells: dict[tuple[int, date], Cell | None]
    changes: list[Change]
    codes: Codes
    target: Roster | None  # the version that would be changed, or that a new one would be based on
    others: int  # people of the roster whom the file does not name: they stay as they are
    sha256: str
    people: dict[int, Person]

    @property
    def seen(self) -> str:
        """A hash of what it would do, and to which version: by it an import knows what its preview showed."""
        shown = self.codes.shown
        changes = [[one.person_id, one.day.isoformat(), shown(one.was), shown(one.now)] for one in self.changes]
        said = [self.target.pk if self.target else None, changes]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def digest(file: Upload) -> str:
    found = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        found.update(block)
    file.seek(0)
    return found.hexdigest()


def address(place: int, row: int) -> str:
    return f"{get_column_letter(place + 1)}{row}"


def heading_day(text: str, month: date) -> date | None:
    """The day that a heading means; None where it is none. Raises Invalid for a day of another month."""
    text = " ".join(text.split())
    if not text or not any(c.isdigit() for c in text):
        return None
    try:
        day = parse_date(datetime.fromisoformat(text) if "T" in text else text)
    except (Invalid, ValueError):
        match = _DAY.fullmatch(text.removesuffix(".0"))
        if match is None:
            return None
        number, named = int(match[1]), (match[2] or "").casefold()
        of = int(named) if named.isdigit() else MONTHS.get(named, 0) if named else month.month
        if not of:
            return None
        last = (next_month(month) - month).days
        if of != month.month or not 1 <= number <= last:
            raise Invalid(
                _("“%(day)s” is no day of %(month)s.") % {"day": text[:20], "month": date_format(month, "F Y")}
            ) from None
        return month.replace(day=number)
    if not month <= day < next_month(month):
        raise Invalid(_("“%(day)s” is no day of %(month)s.") % {"day": text[:20], "month": date_format(month, "F Y")})
    return day


def days_of(table: Table, month: date) -> dict[int, date]:
    """Which column is which day. Raises SheetRefused: no day, a day of another month, a day twice."""
    found: dict[int, date] = {}
    wrong: list[tuple[str, str]] = []
    names = {key for column in COLUMNS for key in column.keys}
    for place, heading in enumerate(table.headings):
        if "".join(heading.casefold().split()) in names:
            continue
        at = address(place, table.header_row)
        try:
            day = heading_day(heading, month)
        except Invalid as invalid:
            wrong.append(("other_month", f"{at}: {invalid}"))
            continue
        if day is None:
            continue
        if day in found.values():
            words = _("%(cell)s: the day %(day)s stands there twice.")
            wrong.append(("day_twice", words % {"cell": at, "day": date_format(day, "j F Y")}))
            continue
        found[place] = day
    if wrong:
        more = _(" (and %(n)s more)") % {"n": len(wrong) - SAID} if len(wrong) > SAID else ""
        raise SheetRefused(" ".join(words for _code, words in wrong[:SAID]) + more, code=wrong[0][0])
    if not found:
        words = _("No heading is a day of %(month)s: the days stand across, beside the employee number.")
        raise SheetRefused(words % {"month": date_format(month, "F Y")}, code="no_days")
    return found


def roster_read(*, file: Upload, site: Site, month: date, actor: Actor, now: datetime) -> Reading:
    """Read and judge the file. Raises SheetRefused, NotAllowed."""
    if not may_make(actor, site):
        raise NotAllowed
    sha256 = digest(file)
    table = read_table(file, columns=COLUMNS, limits=LIMITS)
    days, codes = days_of(table, month), codes_of(site)
    numbers = {str(row.values["number"]).strip() for row in table.rows if row.values.get("number")}
    people = {one.number: one for one in Person.objects.filter(number__in=numbers, site=site)}
    elsewhere = set(Person.objects.filter(number__in=numbers).values_list("number", flat=True)) - people.keys()
    twice = {number for number, n in Counter(
        str(row.values["number"]).strip() for row in table.rows if row.values.get("number")
    ).items() if n > 1}  # fmt: skip
    cells: dict[tuple[int, date], Cell | None] = {}  # of the rows that are good

    def judge(row: Row) -> list[Problem]:
        number = str(row.values.get("number") or "").strip()
        if not number:
            return []
        person, problems = people.get(number), list[Problem]()
        mine: dict[tuple[int, date], Cell | None] = {}
        if person is None:
            words = (
                _("%(number)s works at another site.") if number in elsewhere
                else _("Nobody has the employee number %(number)s.")
            )  # fmt: skip
            problems.append(
                Problem(row.number, _place(table, row, "number"), "nobody", words % {"number": number[:20]})
            )
        elif number in twice:
            words = _("%(number)s stands in the file more than once.")
            problems.append(Problem(row.number, _place(table, row, "number"), "duplicate", words % {"number": number}))
        for place, day in days.items():
            cell = row.original[place] if place < len(row.original) else None
            try:
                meant = codes.read(_text(cell))
            except Invalid as invalid:
                problems.append(Problem(row.number, address(place, row.number), invalid.code, worded(invalid.message)))
                continue
            if person is not None:
                mine[person.pk, day] = meant
        if not problems and not row.problems:
            cells.update(mine)
        return problems

    preview = validate(table, judge)
    versions = list(Roster.objects.filter(site=site, month=month).select_related("site").order_by("-version"))
    target = next((one for one in versions if one.in_work and not one.amends), None) or next(
        (one for one in versions if one.status == RosterStatus.PUBLISHED), None
    )
    there = cells_of(target)
    was = {key: there[key] for key in cells if key in there}
    changes = differences(was, {key: cell for key, cell in cells.items() if cell is not None})
    known = {one.pk: one for one in people.values()}
    others = len({person_id for person_id, _day in there} - known.keys())
    return Reading(preview, days, cells, changes, codes, target, others, sha256, known)


def _place(table: Table, row: Row, name: str) -> str:
    keys = next(one for one in COLUMNS if one.name == name).keys
    place = next(i for i, one in enumerate(table.headings) if "".join(c for c in one.casefold() if c.isalnum()) in keys)
    return address(place, row.number)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Unseen):
        raise Invalid(_("The cell holds characters that nobody can see. Type it anew."), code="hidden")
    if isinstance(cell, float) and cell == int(cell):
        return str(int(cell))
    return str(cell)[:100]


# For people -----------------------------------------------------------------------------------------------------------


def summary(reading: Reading, *, most: int = 5_000) -> dict[str, Any]:
    """The preview as JSON: counts, problems by row with the cell of each, what would change."""
    preview, codes = reading.preview, reading.codes
    labels = {one.name: worded(one.label) for one in COLUMNS}
    faulty = [row for row in preview.rows if row.problems]
    headings = preview.headings
    ends = [date_format(day, "j F Y") for day in (min(reading.days.values()), max(reading.days.values()))]
    sample = [
        [reading.people[one.person_id].name, date_format(one.day, "j F Y"), codes.shown(one.was), codes.shown(one.now)]
        for one in reading.changes[:10]
    ]  # fmt: skip
    return {
        "counts": preview.counts | {"changes": len(reading.changes), "people": len(reading.people),
                                    "days": len(reading.days), "others": reading.others},
        "sheet": preview.sheet,
        "header_row": preview.header_row,
        "columns": [{"label": _("Days"), "heading": " … ".join(ends)}],
        "unknown": [
            one for place, one in enumerate(headings)
            if one and place not in reading.days and one in preview.unknown_columns
        ],
        "version": str(reading.target) if reading.target else "",
        "revises": bool(reading.target and reading.target.status == RosterStatus.PUBLISHED),
        "rows": [
            {
                "row": row.number,
                "subject": " ".join(str(row.values.get(name) or "") for name in ("number", "name"))[:60].strip(),
                "problems": [
                    {"column": labels.get(one.column, one.column), "code": one.code, "message": one.message}
                    for one in row.problems
                ],
            }
            for row in faulty[:most]
        ],
        "cut": max(0, len(faulty) - most),
        "sample": sample, "emptied": sum(one.now is None for one in reading.changes), SEEN: reading.seen,
    }  # fmt: skip
