"""A spreadsheet of which each row is one call of a service (SDM-11): looked at first, then all of it or nothing.

A row is judged by what it would do: the services run inside a transaction that is undone, so that rights, limits and
what is known already are those of every other door. The same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, TypeAlias

from django.core.files.base import File
from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from occ.errors import Invalid, Refused, WrongState
from occ.ledger.services import record
from occ.people.models import Person, User
from occ.sheets.importing import Preview, Problem, Row, as_read, validate
from occ.sheets.reading import Column, read_table
from occ.texts import told as _
from occ.texts import worded

ADDED, UNCHANGED = "added", "unchanged"
NUMBER = Column(
    "number", gettext_lazy("Employee number"), required=True,
    aliases=("NIP", "Nomor Karyawan", "No Karyawan", "No. Karyawan", "Employee ID", "Nomor Induk Karyawan"),
)  # fmt: skip
Upload: TypeAlias = "BinaryIO | File[bytes]"
Report: TypeAlias = Callable[[float], None]


@dataclass
class Reading:
    """A file looked at: how many rows are new, and how many are recorded like that already."""

    preview: Preview
    done: dict[str, int]


class Undo(Exception):
    """Takes back what a preview tried."""


@dataclass(frozen=True)
class RowImport:
    """`bring(values, actor, now)` does a row and says whether it added something. `once`: the columns of which a file
    has each combination once; `first`: by which rows are done in order; `sample`: what a preview shows, with `subject`
    naming a row; `lock`: the number of the import's advisory lock."""

    columns: Sequence[Column]
    bring: Callable[[dict[str, Any], User, datetime], bool]
    action: str
    lock: int
    once: tuple[str, ...]
    first: str
    sample: tuple[str, ...]
    subject: str = "number"

    def read(self, *, file: Upload, actor: User, now: datetime, report: Report = lambda share: None) -> Reading:
        """Read and judge the file; writes nothing. Raises SheetRefused."""
        found: list[Reading] = []
        try:
            with transaction.atomic():
                found.append(self._try(file, actor, now, report))
                raise Undo
        except Undo:
            return found[0]

    @transaction.atomic
    def bring_in(
        self, *, file: Upload, name: str, actor: User, now: datetime, report: Report = lambda share: None
    ) -> dict[str, int]:
        """Bring in the whole file, or nothing. Raises WrongState while a row has a problem, SheetRefused, Invalid."""
        with connection.cursor() as cursor:  # two imports at once: the second judges what the first has written
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [self.lock])
        reading = self._try(file, actor, now, report)
        if faulty := reading.preview.counts["faulty"]:
            words = _("Nothing was imported. Rows that have problems: %(n)s. Look at the preview again.")
            raise WrongState(words % {"n": faulty})
        if not reading.preview.rows:
            raise Invalid(_("The file holds no row to import."))
        data = reading.done | {"file": name}
        record(actor=actor, action=self.action, subject=None, data=data, now=now, site=None)
        return reading.done

    def _try(self, file: Upload, actor: User, now: datetime, report: Report) -> Reading:
        table = read_table(file, columns=self.columns)
        report(0.2)
        preview = validate(table, lambda row: (), duplicates_on=[self.once])
        done = {ADDED: 0, UNCHANGED: 0}
        rows = sorted(table.rows, key=lambda row: str(row.values.get(self.first) or ""))
        for at, row in enumerate(rows):
            if not row.problems and (added := self._row(row, actor, now)) is not None:
                done[ADDED if added else UNCHANGED] += 1
            if at % 50 == 0:
                report(0.2 + 0.8 * at / max(1, len(rows)))
        faulty = sum(1 for row in preview.rows if row.problems)
        preview.counts = {"total": len(preview.rows), "good": len(preview.rows) - faulty, "faulty": faulty}
        return Reading(preview, done)

    def _row(self, row: Row, actor: User, now: datetime) -> bool | None:
        try:
            with transaction.atomic():
                return self.bring(row.values, actor, now)
        except Refused as refusal:
            names = {one.name for one in self.columns}
            for one in (refusal, *refusal.more):
                field = str(one.field) if one.field in names else ""
                row.problems.append(Problem(row.number, field, one.code, worded(one.message)))
            return None

    def summary(self, reading: Reading) -> dict[str, Any]:
        """The preview as JSON, with what the rows would do."""
        good = [row for row in reading.preview.rows if not row.problems][:10]
        sample = [[str(row.values.get(name) or "") for name in self.sample] for row in good]
        heads = [str(one.label) for name in self.sample for one in self.columns if one.name == name]
        said = as_read(reading.preview, self.columns, self.subject)
        return said | {"done": reading.done, "sample": sample, "heads": heads}


def person_of(value: dict[str, Any], actor: User) -> Person:
    """Of others than the actor sees a file tells nothing. Raises Invalid."""
    number = str(value["number"]).strip()
    found = Person.objects.visible_to(actor).filter(number=number).select_related("site").first()
    if found is None:
        words = _("There is no employee with the number “%(number)s”.")
        raise Invalid(words % {"number": number[:20]}, field="number", code="unknown")
    return found
