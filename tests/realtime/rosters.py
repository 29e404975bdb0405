"""A site with shift codes and people, and rosters made through the services."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from openpyxl import Workbook

from occ.people.choices import Role
from occ.people.models import Person, User
from realtime.models import Roster, Shift
from realtime.services import rosters as services
from realtime.services.shift_codes import Terms, shift_make
from tests.factories import NOW, Floor, account, person, user
from tests.realtime.floors import MORNING

MONTH = date(2026, 12, 1)
DAYS = [MONTH + timedelta(days=n) for n in range(31)]


@dataclass
class Plan:
    """December at Jakarta: P 07-16, S 13-22, M 22-07, TP for who leads by day; nine people with IDs."""

    floor: Floor
    wfm: User
    people: list[Person]
    leader: Person
    shifts: dict[str, Shift]

    def begin(self, **fields: Any) -> Roster:
        given = {"site": self.floor.jkt, "month": MONTH, "actor": self.wfm, "now": NOW} | fields
        return services.roster_begin(**given)

    def write(self, roster: Roster, *edits: tuple[Person, date, str], actor: User | None = None) -> Any:
        return services.cells_write(
            roster_id=roster.pk, edits=[(one.pk, day, code) for one, day, code in edits], actor=actor or self.wfm,
            now=NOW,
        )  # fmt: skip

    def publish(self, roster: Roster, now: Any = NOW) -> Roster:
        services.roster_validate(roster_id=roster.pk, actor=self.floor.leader, now=now)
        return services.roster_publish(roster_id=roster.pk, actor=self.wfm, now=now)

    def published(self, *edits: tuple[Person, date, str]) -> Roster:
        roster = self.begin()
        self.write(roster, *(edits or [(self.people[0], DAYS[0], "P")]))
        return self.publish(roster)


def plan_of(floor: Floor, people: int = 3) -> Plan:
    wfm = user(Role.WFM)
    shifts = {
        code: shift_make(
            site=floor.jkt, code=code, terms=Terms(code, time(hour), 540, 480, MORNING, leads), actor=wfm, now=NOW
        )
        for code, hour, leads in (("P", 7, False), ("S", 13, False), ("M", 22, False), ("TP", 7, True))
    }
    made = [person(floor.jkt, team=floor.team) for _n in range(people)]
    for one in made:
        account(one)
        one.employee.channels = ["voice"]
        one.employee.save(update_fields=["channels"])
    leader = person(floor.jkt, name="Tuan Leader")
    Person.objects.filter(pk=leader.pk).update(position="Team Leader")
    return Plan(floor, wfm, made, leader, shifts)


def log_in_of(one: Person) -> User:
    made = user(Role.AGENT, one.site, name=f"agent.{one.number.lower()}")
    made.person = one
    made.save(update_fields=["person"])
    return made


def workbook(headings: Iterable[Any], *rows: Iterable[Any], before: int = 0) -> io.BytesIO:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for _n in range(before):
        sheet.append(["ROSTER DESEMBER"])
    sheet.append(list(headings))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out
