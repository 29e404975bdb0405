"""The board of a process: every row encoded once, and what changes of it (RTM-5). One thread works on it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from realtime.choices import AgentState
from realtime.floorwatch.audience import Audience, Place
from realtime.floorwatch.feeds import state_of
from realtime.floorwatch.reading import Floor, rosters, sources
from realtime.floorwatch.rows import House, Row, stamp
from realtime.models import Source

RELOAD = timedelta(minutes=5)
ENCODED = json.JSONEncoder(separators=(",", ":")).encode
ROSTER_LOOK = timedelta(seconds=5)


@dataclass(frozen=True)
class Shown:
    """A row as it goes out: who may see it, and its bytes."""

    place: Place
    raw: bytes


@dataclass(frozen=True)
class Changes:
    """`rows`: what each became, None where it left the board. `feeds`: said when a source lives or dies."""

    rows: dict[str, Shown | None]
    feeds: bytes | None = None


class Board:
    """Call in one thread only: `refresh` once a second, `heard` when AgentNow rows changed."""

    def __init__(self, now: datetime) -> None:
        self.shown: dict[str, Shown] = {}
        self.rows: dict[str, Row] = {}
        self.feeds: bytes = b"[]"
        self.load(now)

    # What changes it ---------------------------------------------------------------------------------------------

    def load(self, now: datetime) -> Changes:
        self.floor = Floor(now)
        self.rosters, self.looked_at = rosters(now), now
        was = self.feeds
        self.feeds = feeds_said(self.floor.house.sources, now)
        gone = set(self.shown) - set(self.floor.who)
        self.rows = {}
        for key in gone:
            self.shown.pop(key)
        rows = self.make(self.floor.who, now) | dict.fromkeys(gone)
        return Changes(rows, self.feeds if self.feeds != was else None)

    def heard(self, ids: Collection[int], now: datetime) -> Changes:
        """What follows from these AgentNow rows; read by one query."""
        rows = self.make(self.floor.heard(ids, now), now)
        return Changes(rows | self.leave())

    def refresh(self, now: datetime) -> Changes:
        """What follows from the passing of time: parts of the roster, allowances, feeds that fell silent."""
        if now - self.looked_at > ROSTER_LOOK:
            self.looked_at = now
            if rosters(now) != self.rosters:
                return self.load(now)
        if now - self.floor.read_at > RELOAD:
            return self.load(now)
        found = sources()
        feeds = feeds_said(found, now)
        told = judged_by(found) != judged_by(self.floor.house.sources)
        self.floor.house = House(found, self.floor.house.policy)
        due = [key for key, row in self.rows.items() if row.until is not None and row.until <= now]
        keys: Iterable[str] = self.floor.who if told or feeds != self.feeds else due
        changed, self.feeds = feeds != self.feeds, feeds
        moved = [key for key in due if self.floor.shift(key, now) is not self.rows[key].shift]
        ids = [pk for key in moved for pk in self.floor.known.get(key, ())]
        if ids:
            self.floor.heard(ids, now)
        rows = self.make([key for key in keys if key in self.floor.who], now)
        return Changes(rows | self.leave(), feeds if changed else None)

    def leave(self) -> dict[str, Shown | None]:
        """Rows of names whose holder is known by now: the person has a row of their own."""
        gone, self.floor.strangers = self.floor.strangers, set()
        for key in gone:
            self.rows.pop(key, None)
        return {key: None for key in gone if self.shown.pop(key, None)}

    def make(self, keys: Iterable[str], now: datetime) -> dict[str, Shown | None]:
        """Compute these rows anew; those that say something else than before."""
        changed: dict[str, Shown | None] = {}
        for key in list(keys):
            row = Row(self.floor.who[key], self.floor.shift(key, now), self.floor.latest(key), self.floor.house, now)
            self.rows[key] = row
            if row.shift is None and (row.known is None or row.state == AgentState.OFFLINE):
                if self.shown.pop(key, None):
                    changed[key] = None  # off the floor
                continue
            raw = ENCODED(row.said()).encode()
            was = self.shown.get(key)
            if was is None or was.raw != raw:
                who = row.who
                self.shown[key] = changed[key] = Shown(Place(who.site_id, who.team_id, who.person_id), raw)
        return changed


def feeds_said(found: Mapping[int, Source], now: datetime) -> bytes:
    """How each source in use lives, for the head of the board."""
    said: list[dict[str, Any]] = [
        {"code": one.code, "name": one.name, "state": state_of(one, now), "since": stamp(one.down_since)}
        for one in sorted(found.values(), key=lambda one: one.code)
        if one.active and not one.from_files
    ]
    return ENCODED(said).encode()


def judged_by(found: Mapping[int, Source]) -> list[tuple[Any, ...]]:
    """What of the sources a row depends on, but for their signs of life, which pass as time does."""
    return [
        (one.pk, one.site_id, one.active, one.from_files, one.down_since, one.heartbeat_seconds, one.each_agent)
        for one in found.values()
    ]


def rows_body(shown: Iterable[Shown], audience: Audience) -> bytes:
    """The rows that an audience sees, as the inside of a JSON list."""
    return b",".join(one.raw for one in shown if audience.sees(one.place))


def snapshot_body(rows: bytes, feeds: bytes, now: datetime) -> bytes:
    """The whole board of an audience as JSON, as of now."""
    return b'{"at":"%s","sources":%s,"rows":[%s]}' % (str(stamp(now)).encode(), feeds, rows)


def snapshot_now(audience: Audience) -> bytes:
    """The same, read from the database this moment."""
    now = timezone.now()
    board = Board(now)
    return snapshot_body(rows_body(board.shown.values(), audience), board.feeds, now)
