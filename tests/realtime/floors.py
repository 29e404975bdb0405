"""A floor that is at work: people with a shift, sources that live, and what they told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from occ.people.models import Person, Site
from realtime.models import AgentNow, Roster, RosterLine, Shift, Source
from tests.factories import NOW

MORNING = [{"activity": "break", "after": 120, "minutes": 15}, {"activity": "meal", "after": 240, "minutes": 60}]


@contextmanager
def past_triggers() -> Iterator[None]:
    """For a test that makes what is published out of nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def shift(where: Site, code: str = "P", starts: time = time(8, 0), minutes: int = 540) -> Shift:
    made, _new = Shift.objects.get_or_create(
        site=where, code=code, defaults={"label": code, "starts": starts, "minutes": minutes, "breaks": MORNING,
                                         "paid_minutes": minutes - 60},
    )  # fmt: skip
    return made


def roster(where: Site, day: date) -> Roster:
    made, _new = Roster.objects.get_or_create(
        site=where, month=day.replace(day=1), status="published",
        defaults={"version": 1, "made_at": NOW, "published_at": NOW},
    )  # fmt: skip
    return made


def rostered(one: Person, starts_at: datetime, *, code: str = "P", hours: float = 9) -> RosterLine:
    """A published line from that instant on."""
    day = starts_at.astimezone(one.site.zone).date()
    with past_triggers():
        return RosterLine.objects.create(
            roster=roster(one.site, day), person=one, day=day, kind="shift", shift=shift(one.site, code),
            starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours),
        )  # fmt: skip


def source(code: str = "omni", *, at: datetime = NOW, **fields: Any) -> Source:
    made, _new = Source.objects.get_or_create(code=code, defaults={"name": code.upper(), "received_at": at} | fields)
    return made


def known(one: Person, state: str, since: datetime, *, of: Source, **fields: Any) -> AgentNow:
    given = {"person": one, "site": one.site, "channel": "voice", "heard_at": NOW} | fields
    return AgentNow.objects.create(source=of, agent=one.number, state=state, since=since, **given)


def wib(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=7)
