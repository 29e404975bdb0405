"""A floor of agents on shift now, the applications that tell of them, and who may send and watch."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from _bench import ROOT

SOURCES = 4


def fill(agents: int) -> dict[str, Any]:
    """{site, leader, machine's token, names}: agents in teams of twenty, on a shift that began an hour ago."""
    from django.utils import timezone

    from occ.api.authentication import token_create
    from occ.people.models import Person, RoleAssignment, Site, Team, TeamMembership, User
    from occ.policies.services import install_defaults
    from realtime.models import Roster, RosterLine, Shift, Source

    install_defaults()
    now = timezone.now()
    jkt = Site.objects.create(code="JKT", name="Jakarta")
    teams = Team.objects.bulk_create(Team(site=jkt, code=f"T{i}", name=f"Tim {i}") for i in range(agents // 20 + 1))
    people = Person.objects.bulk_create(
        Person(number=f"A{i:05}", name=f"{'AA Probe' if i < 20 else 'Agent'} {i:05}", email="", position="Agent",
               site=jkt, joined_on=date(2024, 1, 1))
        for i in range(agents)
    )  # fmt: skip
    TeamMembership.objects.bulk_create(
        TeamMembership(person=one, team=teams[i // 20], starts_on=one.joined_on) for i, one in enumerate(people)
    )
    starts = now - timedelta(hours=1)
    breaks = [{"activity": "break", "after": 120, "minutes": 15}, {"activity": "meal", "after": 240, "minutes": 60}]
    shift = Shift.objects.create(site=jkt, code="P", label="Pagi", starts=starts.time(), minutes=540, paid_minutes=480,
                                 breaks=breaks)  # fmt: skip
    day = starts.astimezone(jkt.zone).date()
    roster = Roster.objects.create(site=jkt, month=day.replace(day=1), version=1, made_at=now)  # fmt: skip
    RosterLine.objects.bulk_create(
        RosterLine(roster=roster, person=one, day=day, kind="shift", shift=shift, starts_at=starts,
                   ends_at=starts + timedelta(hours=9))
        for one in people
    )  # fmt: skip
    Roster.objects.update(status="published", published_at=now)
    for i in range(SOURCES):
        Source.objects.create(code=f"omni{i}", name=f"Omni Channel {i}", heartbeat_seconds=3600)
    users = {}
    for role in ("team_leader", "rtfm", "coordinator"):
        users[role] = User.objects.create_user(username=f"{role}.floor", password="x" * 20)
        RoleAssignment.objects.create(user=users[role], role=role, site=jkt, starts_on=date(2020, 1, 1))
    token = "Token " + token_create(name="omni", user=users["rtfm"], now=now)
    return {"site": jkt, "users": users, "token": token, "names": [one.number for one in people], "people": people}


def event(source: int, number: int, at: float, type_: str, **fields: Any) -> dict[str, Any]:
    from datetime import UTC, datetime

    return {
        "source": f"omni{source}", "source_event_id": f"{source}-{number}", "seq": number, "type": type_,
        "occurred_at": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"), "site": "JKT",
        "channel": "voice",
    } | fields  # fmt: skip


@contextmanager
def floor_process(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "floor"], env=environment, cwd=ROOT)
    try:
        time.sleep(2)
        yield process
    finally:
        process.terminate()
        process.wait(20)
