"""What is bad on the floor, and what an alert becomes by it (RTM-13): pure functions, time passed in.

An alert comes up when something is bad; it is over once it has been better for some minutes, by more than a hair
(hysteresis); and for some minutes after that it does not come again (quiet time).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from realtime.choices import AlertKind

Figures = Mapping[str, float | int | str | None]


@dataclass(frozen=True)
class Reading:
    """What was seen of one thing; `bad` and `better` may both be false in between, and then an alert stays as it is."""

    kind: AlertKind
    about: str
    bad: bool
    better: bool
    figures: Figures


@dataclass(frozen=True)
class Quarter:
    """A quarter of an hour of one channel that is over."""

    offered: int
    answered: int
    handled: int
    handling_ms: int  # talk and hold

    @property
    def scr(self) -> float | None:
        return 100 * self.answered / self.offered if self.offered else None

    @property
    def aht(self) -> float | None:
        return self.handling_ms / 1000 / self.handled if self.handled else None


FEW = 4  # times as many calls as a quarter needs are judged together where its own are too few


def scr_reading(
    channel: str, last: Sequence[Quarter], *, target: float, least: int, longer: Sequence[Quarter] = ()
) -> Reading:
    """Bad: both of the last two quarters with enough calls lie below the target; better: the last reaches it.

    Where one of them has too few, those of a `longer` time are judged together: a night's calls come one by one.
    """
    if longer and sum(one.offered >= least for one in last) < 2:
        return few_reading(channel, longer, target=target, least=least)
    told = [one for one in last if one.offered >= least and one.scr is not None]
    shares = [one.scr or 0.0 for one in told]
    bad = len(last) >= 2 and len(told) == len(last) and all(one < target for one in shares)
    better = bool(shares) and shares[-1] >= target
    figures: Figures = {
        "scr": round(shares[-1], 2) if shares else None, "scr_before": round(shares[0], 2) if len(shares) > 1 else None,
        "target": target, "offered": last[-1].offered if last else 0, "answered": last[-1].answered if last else 0,
    }  # fmt: skip
    return Reading(AlertKind.SCR, channel, bad, better, figures)


def few_reading(channel: str, longer: Sequence[Quarter], *, target: float, least: int) -> Reading:
    """Of the last calls, as many as there need be at most. Those that lack of them count as answered: three lost calls
    may be chance in five, and are not in twenty."""
    need, offered, answered, taken = FEW * least, 0, 0, 0
    for one in reversed(longer):
        if offered >= need:
            break
        offered, answered, taken = offered + one.offered, answered + one.answered, taken + 1
    lacking = max(0, need - offered)
    share = 100 * answered / offered if offered else None
    bad = 100 * (answered + lacking) / (offered + lacking) < target
    figures: Figures = {
        "scr": None if share is None else round(share, 2), "target": target, "offered": offered, "answered": answered,
        "minutes": 15 * taken,
    }  # fmt: skip
    return Reading(AlertKind.SCR, channel, bad, share is not None and share >= target, figures)


def aht_reading(channel: str, last: Sequence[Quarter], *, target: float, least: int) -> Reading:
    told = [one for one in last if one.handled >= least and one.aht is not None]
    times = [one.aht or 0.0 for one in told]
    bad = len(last) >= 2 and len(told) == len(last) and all(one > target for one in times)
    figures: Figures = {
        "aht": round(times[-1], 1) if times else None, "target": target,
        "handled": last[-1].handled if last else 0,
    }  # fmt: skip
    return Reading(AlertKind.AHT, channel, bad, bool(times) and times[-1] <= target, figures)


def queue_reading(channel: str, waiting: int, oldest: float, *, most: int, longest: float) -> Reading:
    """`oldest`: seconds that the first in line has waited. Better: half of either at most."""
    bad = waiting >= most or oldest > longest
    better = waiting <= most / 2 and oldest <= longest / 2
    figures: Figures = {"waiting": waiting, "oldest_seconds": round(oldest), "most": most, "longest_seconds": longest}
    return Reading(AlertKind.QUEUE, channel, bad, better, figures)


def cover_reading(logged_in: int, rostered: int, unknown: int, *, share: float) -> Reading:
    """Whoever is unknown, since their source is silent, is not counted as absent."""
    known = rostered - unknown
    present = 100 * logged_in / known if known > 0 else 100.0
    figures: Figures = {"logged_in": logged_in, "rostered": rostered, "unknown": unknown, "percent": round(present, 1),
                        "target": share}  # fmt: skip
    bad = known >= 2 and present < share
    return Reading(AlertKind.COVER, "", bad, present >= min(100.0, share + 2), figures)


def aux_reading(in_aux: int, logged_in: int, *, share: float) -> Reading:
    part = 100 * in_aux / logged_in if logged_in else 0.0
    figures: Figures = {"aux": in_aux, "logged_in": logged_in, "percent": round(part, 1), "target": share}
    return Reading(AlertKind.AUX, "", logged_in >= 5 and part >= share, part <= share - 5, figures)


def overrun_reading(
    number: str, name: str, reason: str, used: float, allowed: float, *, beyond: float
) -> Reading:  # fmt: skip
    """Minutes of AUX for one reason in this shift. Somebody back at work is read no more, and the alert is over."""
    figures: Figures = {
        "name": name, "reason": reason, "used_minutes": round(used, 1), "allowed_minutes": round(allowed, 1),
    }  # fmt: skip
    return Reading(AlertKind.OVERRUN, number, used > allowed + beyond, False, figures)


def source_reading(code: str, state: str, silent_seconds: float | None) -> Reading:
    figures: Figures = {"state": state, "silent_seconds": None if silent_seconds is None else round(silent_seconds)}
    return Reading(AlertKind.SOURCE, code, state in {"silent", "down"}, state in {"live", "off", "files"}, figures)


@dataclass(frozen=True)
class Standing:
    """An alert as it stands: the open one, or when the last one of its kind was over."""

    open: bool
    better_since: datetime | None = None
    closed_at: datetime | None = None


OPEN, KEEP, CLOSE, BETTER, WORSE, NOTHING = "open", "keep", "close", "better", "worse", "nothing"


def become(reading: Reading, standing: Standing, *, now: datetime, better_for: timedelta, quiet: timedelta) -> str:
    """What is to be done: open one, close it, note that it is better or worse again, keep it, or nothing."""
    if not standing.open:
        resting = standing.closed_at is not None and now < standing.closed_at + quiet
        return OPEN if reading.bad and not resting else NOTHING
    if reading.bad:
        return WORSE if standing.better_since else KEEP
    if not reading.better:
        return KEEP
    since = standing.better_since or now
    if now - since >= better_for:
        return CLOSE
    return KEEP if standing.better_since else BETTER
