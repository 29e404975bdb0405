"""What stands in a cell of a roster: a shift's code, or a word for a day off, leave, sickness or permission."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.models import Site
from realtime.choices import DayKind
from realtime.models import Roster, RosterLine, Shift

# As operations write them; the first of each is what is shown. A shift's own code goes before these words.
WORDS: dict[str, tuple[str, ...]] = {
    DayKind.OFF: ("OFF", "L", "LIBUR", "O", "X", "-", "–"),
    DayKind.LEAVE: ("CT", "C", "CUTI", "LEAVE", "AL"),
    DayKind.SICK: ("SK", "SAKIT", "SKT", "SICK"),
    DayKind.PERMISSION: ("IZ", "I", "IZIN", "IJIN", "PERMISSION"),
}
KINDS = {word: str(kind) for kind, words in WORDS.items() for word in words}
SHOWN = {str(kind): words[0] for kind, words in WORDS.items()}


@dataclass(frozen=True)
class Cell:
    """One person's day: a kind, and with "shift" the shift's key."""

    kind: str
    shift_id: int | None = None


@dataclass(frozen=True)
class Codes:
    """The codes of one site. `shifts`: those in use; `known`: all that there ever were, by key."""

    shifts: dict[str, Shift]
    known: dict[int, Shift]

    def read(self, text: str) -> Cell | None:
        """What somebody wrote; None for nothing. Raises Invalid for what no code is."""
        word = " ".join(text.split()).upper()
        if not word:
            return None
        if shift := self.shifts.get(word):
            return Cell(DayKind.SHIFT, shift.pk)
        if kind := KINDS.get(word):
            return Cell(kind)
        known = ", ".join([*(one.code for one in self.shifts.values()), *SHOWN.values()])
        words = _("“%(code)s” is no code of this site. Known are: %(codes)s.")
        raise Invalid(words % {"code": word[:20], "codes": known[:300]}, field="code", code="code_unknown")

    def shown(self, cell: Cell | None) -> str:
        if cell is None:
            return ""
        return self.known[cell.shift_id].code if cell.shift_id is not None else SHOWN[cell.kind]


def codes_of(site: Site) -> Codes:
    found = list(Shift.objects.filter(site=site))
    return Codes({one.code.upper(): one for one in found if one.active}, {one.pk: one for one in found})


def times_of(day: date, shift: Shift, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when the shift of that day is; its minutes are elapsed ones, also where clocks are changed."""
    start = datetime.combine(day, shift.starts, tzinfo=zone).astimezone(UTC)
    return start, start + timedelta(minutes=shift.minutes)


def lines_of(
    roster: Roster, cells: Iterable[tuple[int, date, Cell]], codes: Codes, channels: dict[tuple[int, date], str]
) -> list[RosterLine]:
    """Not saved yet. `channels`: for which people are planned, where that is said."""
    zone, made = roster.site.zone, []
    for person_id, day, cell in cells:
        line = RosterLine(roster=roster, person_id=person_id, day=day, kind=cell.kind)
        if cell.shift_id is not None:
            line.shift = codes.known[cell.shift_id]
            line.starts_at, line.ends_at = times_of(day, line.shift, zone)
            line.channel = channels.get((person_id, day), "")
        made.append(line)
    return made
