"""People and leavings as spreadsheet rows. Nothing personal: a file goes further than a page."""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import IO, Any

from django.utils.translation import gettext as _

from occ.sheets.writing import OutColumn, write_workbook
from occ.times import JAKARTA
from sdm.models import Employee, EmployeeQuerySet, Leaving

CHUNK = 1_000
ORDER = ("person__name", "pk")


def people_columns(*, contracts: bool) -> list[OutColumn]:
    found = [
        OutColumn(_("Employee number"), width=16), OutColumn(_("Name"), width=30), OutColumn(_("E-mail"), width=34),
        OutColumn(_("Position"), width=24), OutColumn(_("Site"), width=8), OutColumn(_("Team"), width=14),
        OutColumn(_("Team leader"), width=16), OutColumn(_("Joined on"), width=14), OutColumn(_("Status"), width=18),
        OutColumn(_("Last working day"), width=16), OutColumn(_("Skills"), width=30),
        OutColumn(_("Channels"), width=24),
    ]  # fmt: skip
    if contracts:
        found += [
            OutColumn(_("Contract"), width=12), OutColumn(_("Contract number"), width=18),
            OutColumn(_("Contract from"), width=14), OutColumn(_("Contract until"), width=14),
        ]  # fmt: skip
    return found


def people_rows(rows: EmployeeQuerySet, day: date, *, contracts: "set[int] | None") -> Iterator[list[Any]]:
    found = rows.order_by(*ORDER).iterator(chunk_size=CHUNK)
    while some := list(islice(found, CHUNK)):
        for one in some:
            yield _line(one, day, contracts=contracts)


def _line(one: Employee, day: date, *, contracts: "set[int] | None") -> list[Any]:
    person, place, team = one.person, one.place, one.team
    line = [
        person.number, person.name, person.email, place.position if place else person.position,
        (place.site if place else person.site).code, team.code if team else "",
        place.leader.number if place and place.leader else "", person.joined_on, str(one.standing_on(day).label),
        person.last_working_day, ", ".join(one.skills), ", ".join(one.channels),
    ]  # fmt: skip
    if contracts is None or contracts:
        held = one.contract if contracts is None or person.site_id in contracts else None
        line += [held.kind.upper(), held.number, held.starts_on, held.agreed_until] if held else ["", "", None, None]
    return line


def people_workbook(out: IO[bytes], rows: EmployeeQuerySet, *, day: date, contracts: "set[int] | None") -> int:
    """Write the XLSX; its headings are those that the import understands. Returns how many rows.

    `contracts`: the sites whose contracts the reader may see; None is all of them.
    """
    return write_workbook(
        out, title=_("People"), columns=people_columns(contracts=contracts is None or bool(contracts)),
        rows=people_rows(rows, day, contracts=contracts), meta={_("As of"): day.isoformat()}, zone=JAKARTA,
    )  # fmt: skip


def leaving_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Employee"), width=30), OutColumn(_("Employee number"), width=16), OutColumn(_("Site"), width=8),
        OutColumn(_("Last working day"), width=16), OutColumn(_("Reason"), width=22), OutColumn(_("Status"), width=22),
        OutColumn(_("Recorded"), width=18), OutColumn(_("Closed"), width=18),
        OutColumn(_("Still to hand back"), width=30),
    ]  # fmt: skip


def leaving_line(one: Leaving) -> list[Any]:
    still = ", ".join(map(str, one.still_open))
    return [
        one.person.name, one.person.number, one.site.code, one.last_working_day, one.get_reason_display(),
        one.get_status_display(), one.recorded_at, one.closed_at, still if one.is_open else "",
    ]  # fmt: skip
