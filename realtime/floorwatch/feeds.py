"""Whether what a source told still holds (RTM-4, RTM-5). Pure functions of a source and an instant."""

from __future__ import annotations

from datetime import datetime, timedelta

from realtime.choices import AgentState
from realtime.models import Source

CHANGED = "occ_floor"  # NOTIFY: {"now": [keys of the AgentNow rows that changed]}; {} where they are too many to name
DEAF = frozenset({"down", "silent", "off"})


def patience(source: Source) -> timedelta:
    """One sign of life may be late: silent for twice as long, what is known is stale."""
    return timedelta(seconds=2 * source.heartbeat_seconds)


def state_of(source: Source, now: datetime) -> str:
    """live, silent (longer than its sign of life allows), down (it says so), files, off or never."""
    if not source.active:
        return "off"
    if source.from_files:
        return "files"
    if source.down_since is not None:
        return "down"
    if source.received_at is None:
        return "never"
    if not source.heartbeat_seconds:  # it tells changes only: that it says nothing says nothing
        return "live"
    return "silent" if now - source.received_at > patience(source) else "live"


def stale_at(source: Source, state: str, heard_at: datetime) -> datetime | None:
    """From when on what was heard of an agent is too old to be shown as live; None: not by its age alone.

    Who has logged out gives no sign of life, and a source may give none for each agent.
    """
    if state == AgentState.OFFLINE or not source.each_agent or not source.heartbeat_seconds:
        return None
    return heard_at + patience(source)
