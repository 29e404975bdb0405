"""A row of a report by its mapping: the events that it tells, none, or what is wrong with it. Pure functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping as Map
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from occ.texts import told as _
from realtime.choices import Category
from realtime.reports.mapping import Mapping

CLOCK = re.compile(r"(\d{1,3}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?")
SPAN = re.compile(r"\d+(?:[.,]\d+)?")
# A time that is so much earlier than the arrival is the next day's.
OVERNIGHT = timedelta(hours=12)
LONGEST_KEY = 110  # of one that gets a suffix
Event = dict[str, Any]


class Faulty(Exception):
    """What is wrong with a row, and in which column; `of_mapping`: the mapping is at fault rather than the row."""

    def __init__(self, column: str, message: str, *, of_mapping: bool = False) -> None:
        super().__init__(message)
        self.column, self.message, self.code = column, message, "unmapped" if of_mapping else "faulty"


def _no_rule(mapping: Mapping, cells: Map[str, str]) -> str:
    """It is the mapping that lacks a rule, and seldom the file: said is what the rule would have to speak of."""
    asked = dict.fromkeys(heading for rule in mapping.outcomes for heading in rule.when)
    found = ", ".join(f"{heading}: “{cells.get(heading, '')[:40]}”" for heading in asked)
    words = _("No rule of the mapping says what became of it (%(found)s). Put a rule for it into the mapping.")
    return words % {"found": found}


def events_of(mapping: Mapping, row: Map[str, str], *, site: str, zone: ZoneInfo) -> list[Event]:
    """The events of a row, by heading; none where the mapping says that it is to be ignored. Raises Faulty."""
    cells = {heading: text.strip() for heading, text in row.items()}
    key = _key(mapping, cells)
    if mapping.kind == "logins":
        return _logins(mapping, cells, key, site, zone)
    outcome = "answered"
    if mapping.kind == "calls":
        rule = next((one for one in mapping.outcomes if one.fits(cells, mapping.never)), None)
        if rule is None:
            raise Faulty("", _no_rule(mapping, cells), of_mapping=True)
        outcome = rule.outcome
        if outcome == "ignore":
            return []
    arrived = _instant(mapping, cells, "arrived", zone, None)
    if arrived is None:
        raise Faulty(mapping.columns["arrived"][0], _("When it arrived is not said."))
    event: Event = {
        "source": mapping.source, "source_event_id": key, "type": "interaction.record", "interaction_id": key,
        "occurred_at": arrived.isoformat(), "arrived_at": arrived.isoformat(), "site": site,
        "channel": mapping.channel, "outcome": outcome,
    }  # fmt: skip
    for role in ("queued", "answered", "submitted", "ended"):
        at = _instant(mapping, cells, role, zone, arrived) if role in mapping.columns else None
        if at is not None and not (role == "answered" and outcome != "answered"):
            event[f"{role}_at"] = at.isoformat()
    for role in ("wait", "talk", "hold", "wrapup"):
        seconds = _seconds(mapping, cells, role) if role in mapping.columns else None
        if seconds is not None:
            event[f"{role}_s"] = seconds
    event["agent"] = _agent(mapping, cells)
    if mapping.kind == "cases":
        event |= {"is_case": True, "outcome": "answered" if "submitted_at" in event else "open"}
        event["source_event_id"] = _telling(key, event)
    category = _said(mapping, cells, "category").casefold()
    if category in Category.values:
        event["category"] = category
    elif category and mapping.kind == "cases":
        raise Faulty(mapping.columns["category"][0], _("There is no category “%(name)s”.") % {"name": category[:40]})
    return [{name: value for name, value in event.items() if value not in ("", None)}]


def _key(mapping: Mapping, cells: Map[str, str]) -> str:
    parts = [cells.get(heading, "") for heading in mapping.key]
    if not any(parts):
        raise Faulty(mapping.key[0], _("The columns by which it is known again are empty."))
    text = "|".join(parts)
    if mapping.fixed is not None:
        text = f"{mapping.fixed:%Y%m%d}|{text}"
    return text if len(text) <= 120 else hashlib.sha256(text.encode()).hexdigest()


def _telling(key: str, event: Event) -> str:
    """A case is told while it is open, and again once it is done: what tells of its end is an event of its own, or the
    first report of it would be the last."""
    if "submitted_at" in event:
        return _suffixed(key, "done")
    return _suffixed(key, "ended") if "ended_at" in event else key


def _suffixed(key: str, suffix: str) -> str:
    """Never longer than a number of an event may be, and another for each key."""
    return f"{key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()}|{suffix}"


def _said(mapping: Mapping, cells: Map[str, str], role: str) -> str:
    """The first of the role's columns that says something."""
    found = (cells.get(heading, "") for heading in mapping.columns.get(role, ()))
    return next((text for text in found if text not in mapping.never), "")


def _agent(mapping: Mapping, cells: Map[str, str]) -> str:
    text = _said(mapping, cells, "agent")
    return "" if text in mapping.nobody else text[:80]


def _instant(
    mapping: Mapping, cells: Map[str, str], role: str, zone: ZoneInfo, after: datetime | None
) -> datetime | None:
    """`after`: the arrival. What is much earlier on the clock is the next day's."""
    headings = mapping.columns[role]
    if role == "arrived":  # an arrival at midnight is one, whatever `never` says
        text = next((cells.get(heading, "") for heading in headings if cells.get(heading, "")), "")
    else:
        text = _said(mapping, cells, role)
    if not text:
        return None
    try:
        local = _local(mapping, cells, text)
        at = (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        words = _("“%(value)s” is no time as the mapping has it.") % {"value": text[:40]}
        raise Faulty(headings[0], words) from None
    dated = re.search("%[dj]", mapping.times) if mapping.times else re.match(r"(?!190[04]|1899)\d{4}-\d\d-\d\dT", text)
    if after is not None and not dated and at < after - OVERNIGHT:
        at += timedelta(days=1)
    return at


def _local(mapping: Mapping, cells: Map[str, str], text: str) -> datetime:
    if mapping.times:
        found = datetime.strptime(text, mapping.times)  # noqa: DTZ007 - its zone is the site's
        return found if re.search("%[dj]", mapping.times) else datetime.combine(_day(mapping, cells), found.time())
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.+", text):  # a cell that is a time in the file itself
        found = datetime.fromisoformat(text)
        return found if found.year > 1904 else datetime.combine(_day(mapping, cells), found.time())
    clock = CLOCK.fullmatch(text)
    if clock is None or int(clock[2]) > 59 or int(clock[3] or 0) > 59 or int(clock[1]) > 47:
        raise ValueError(text)
    part = timedelta(microseconds=int((clock[4] or "").ljust(6, "0") or 0))
    span = timedelta(hours=int(clock[1]), minutes=int(clock[2]), seconds=int(clock[3] or 0)) + part
    return datetime.combine(_day(mapping, cells), time.min) + span


def _day(mapping: Mapping, cells: Map[str, str]) -> date:
    if "date" in mapping.columns:
        text = _said(mapping, cells, "date")
        if re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00", text):
            return date.fromisoformat(text[:10])
        return datetime.strptime(text, mapping.dates).date()  # noqa: DTZ007 - a day
    if mapping.fixed is None:
        raise ValueError("no day")
    return mapping.fixed


def _seconds(mapping: Mapping, cells: Map[str, str], role: str) -> float | None:
    """Seconds as a number, or h:mm:ss."""
    headings = mapping.columns[role]
    text = next((cells.get(heading, "") for heading in headings if cells.get(heading, "")), "")
    if not text:
        return None
    if SPAN.fullmatch(text):
        return float(text.replace(",", "."))
    clock = CLOCK.fullmatch(text)
    if clock is None or clock[3] is None:
        words = _("“%(value)s” is no duration: seconds, or h:mm:ss.") % {"value": text[:40]}
        raise Faulty(headings[0], words)
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])


def _logins(mapping: Mapping, cells: Map[str, str], key: str, site: str, zone: ZoneInfo) -> list[Event]:
    agent = _agent(mapping, cells)
    if not agent:
        raise Faulty(mapping.columns["agent"][0], _("Who it was is not said."))
    login = _instant(mapping, cells, "login", zone, None)
    if login is None:
        raise Faulty(mapping.columns["login"][0], _("When the log-in was is not said."))
    common = {"source": mapping.source, "site": site, "channel": mapping.channel, "agent": agent}
    found = [
        common | {"source_event_id": _suffixed(key, "in"), "type": "agent.login", "occurred_at": login.isoformat()}
    ]
    logout = _instant(mapping, cells, "logout", zone, login) if "logout" in mapping.columns else None
    if logout is not None:
        if logout < login:
            raise Faulty(mapping.columns["logout"][0], _("The log-out lies before the log-in."))
        out = {"source_event_id": _suffixed(key, "out"), "type": "agent.logout", "occurred_at": logout.isoformat()}
        found.append(common | out)
    return found
