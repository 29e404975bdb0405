"""Service figures by interval (RTM-10, RTM-11): counts and shares with what they were made of.

SCR = answered / offered, by the interval in which a call arrived; AHT = (talk + hold) / turns that agents had, without
those whose times cannot be true, which are counted as faults; ASA = wait of the answered / answered, likewise; service
level = answered within the seconds / offered; occupancy = (busy + after-call work) / (those + available), of the whole
site.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, Func, QuerySet, Sum
from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.models import Site
from occ.times import end_of_day, local_day, month_of, next_month, start_of_day
from realtime.models import FORMULA, Interval, Source, StaffInterval

INTERVALS = ("15", "30", "hour", "day", "month")
COUNTS = ("offered", "answered", "abandoned", "short_abandoned", "menu_only", "waiting", "within", "wait_ms",
          "lost_wait_ms", "handled", "talk_ms", "hold_ms", "wrapup_ms", "faults", "untimed", "cases", "submitted",
          "on_target", "within_limit", "response_ms", "unmeasured", "corrections")  # fmt: skip
STAFF = ("available_ms", "busy_ms", "wrapup_ms", "aux_ms", "unknown_ms")
LONGEST = timedelta(days=400)


class Unnest(Func):
    function = "unnest"
    output_field = BigIntegerField()
    set_returning = True


def interval_start(at: datetime, interval: str, site: Site) -> datetime:
    """The beginning of the interval that a quarter belongs to, by the site's clocks."""
    if interval == "15":
        return at
    local = at.astimezone(site.zone)
    if interval in ("30", "hour"):
        minute = local.minute // 30 * 30 if interval == "30" else 0
        return local.replace(minute=minute, second=0, microsecond=0)
    day = month_of(local.date()) if interval == "month" else local.date()
    return start_of_day(day, site.zone)


def interval_end(start: datetime, interval: str, site: Site) -> datetime:
    if interval == "day":
        return end_of_day(local_day(start, site.zone), site.zone)
    if interval == "month":
        return start_of_day(next_month(local_day(start, site.zone)), site.zone)
    return start + timedelta(minutes={"15": 15, "30": 30, "hour": 60}[interval])


def figures(*, site: Site, channel: str, first: date, last: date, interval: str = "15") -> list[dict[str, Any]]:
    """One row for each interval of these days (both included) in which anything arrived, in order. Raises Invalid."""
    if interval not in INTERVALS:
        raise Invalid(_("The interval is one of %(names)s.") % {"names": ", ".join(INTERVALS)}, field="interval")
    if not first <= last or last - first > LONGEST:
        raise Invalid(_("From a day to a later one, at most 400 days."), field="to")
    start, end = start_of_day(first, site.zone), end_of_day(last, site.zone)
    rows = Interval.objects.filter(site=site, channel=channel, starts_at__gte=start, starts_at__lt=end)
    staff = StaffInterval.objects.filter(site=site, starts_at__gte=start, starts_at__lt=end)
    summed = _summed(rows, COUNTS, interval, site)
    busy = _summed(staff, STAFF, interval, site)
    return [
        row_of(at, counts, busy.get(at)) | {"ends_at": interval_end(at, interval, site).isoformat()}
        for at, counts in summed.items()
        if counts["offered"] or counts["menu_only"] or counts["cases"]
    ]


def _summed(rows: QuerySet[Any], names: Iterable[str], interval: str, site: Site) -> dict[datetime, dict[str, int]]:
    names = list(names)
    found: dict[datetime, dict[str, int]] = {}
    for at, *values in rows.order_by("starts_at").values_list("starts_at", *names):
        counts = found.setdefault(interval_start(at, interval, site), dict.fromkeys(names, 0))
        for name, value in zip(names, values, strict=True):
            counts[name] += value
    return found


def row_of(at: datetime, c: dict[str, int], staff: dict[str, int] | None) -> dict[str, Any]:
    work = staff["busy_ms"] + staff["wrapup_ms"] if staff else 0
    measured = c["submitted"] - c["unmeasured"]
    return {
        "starts_at": at.isoformat(), "offered": c["offered"], "answered": c["answered"], "abandoned": c["abandoned"],
        "short_abandoned": c["short_abandoned"], "menu_only": c["menu_only"], "waiting": c["waiting"],
        "scr": share(c["answered"], c["offered"]),
        "aht": ratio(c["talk_ms"] + c["hold_ms"], 1000 * c["handled"]),
        "aht_with_wrapup": ratio(c["talk_ms"] + c["hold_ms"] + c["wrapup_ms"], 1000 * c["handled"]),
        "asa": ratio(c["wait_ms"], 1000 * (c["answered"] - c["untimed"])),
        "service_level": share(c["within"], c["offered"]), "within": c["within"],
        "abandon_rate": share(c["abandoned"], c["offered"]),
        "handled": c["handled"], "talk_seconds": c["talk_ms"] / 1000, "hold_seconds": c["hold_ms"] / 1000,
        "wrapup_seconds": c["wrapup_ms"] / 1000, "wait_seconds": c["wait_ms"] / 1000,
        "occupancy": share(work, work + staff["available_ms"]) if staff else None,
        "busy_seconds": staff["busy_ms"] / 1000 if staff else None,
        "acw_seconds": staff["wrapup_ms"] / 1000 if staff else None,
        "available_seconds": staff["available_ms"] / 1000 if staff else None,
        "cases": c["cases"], "submitted": c["submitted"], "untimed": c["untimed"], "unmeasured": c["unmeasured"],
        "on_target_count": c["on_target"], "within_limit_count": c["within_limit"],
        "response_seconds": c["response_ms"] / 1000, "on_target": share(c["on_target"], measured),
        "within_limit": share(c["within_limit"], measured),
        "response_time": ratio(c["response_ms"], 1000 * measured),
        "faults": c["faults"], "corrections": c["corrections"], "formula": FORMULA,
    }  # fmt: skip


def share(part: float, whole: float) -> float | None:
    """In percent; None where there is nothing to divide by."""
    return 100 * part / whole if whole else None


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def sources_of(site: Site, channel: str, start: datetime, end: datetime) -> list[Source]:
    """Who told of what was counted in that time."""
    rows = Interval.objects.filter(site=site, channel=channel, starts_at__gte=start, starts_at__lt=end)
    told = rows.annotate(one=Unnest("sources")).order_by().values("one").distinct()
    return list(Source.objects.filter(pk__in=told))


def total(site: Site, channel: str, start: datetime, end: datetime) -> dict[str, Any]:
    """The same of a whole time, which begins and ends at quarters."""
    rows = Interval.objects.filter(site=site, channel=channel, starts_at__gte=start, starts_at__lt=end)
    sums = {name: int(value or 0) for name, value in rows.aggregate(**{n: Sum(n) for n in COUNTS}).items()}
    times = StaffInterval.objects.filter(site=site, starts_at__gte=start, starts_at__lt=end)
    staff = {name: int(value or 0) for name, value in times.aggregate(**{n: Sum(n) for n in STAFF}).items()}
    return row_of(start, sums, staff if any(staff.values()) else None)
