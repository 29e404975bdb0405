"""Twelve weeks of counts from before the demo's events, what the nights made of them, and what WFM said to it."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta

from occ.demo.floor_engine import PROFILE, TALK, WRAPUP
from occ.demo.people import Staff
from occ.people.models import Site
from occ.times import JAKARTA, local_day, start_of_day
from realtime.choices import Period
from realtime.forecasting.services import (
    NIGHT,
    evaluation_make,
    forecast_enter,
    forecast_nightly,
    forecasts_make,
)
from realtime.models import Interval
from realtime.services.intervals import quarter_of

DAYS, NIGHTS, MINUTE = 84, 3, timedelta(minutes=1)
WEEKDAYS = (1.12, 1.04, 1.0, 0.99, 1.03, 0.7, 0.7)
PATIENT, LOST = 9, 60  # seconds that those waited who were answered, and who were not


def counts(rates: dict[tuple[str, str], float], *, start: datetime, now: datetime) -> None:
    """Quarters before `start`, of which the demo has no events: as they come over from the application before."""
    rng = random.Random(11)  # noqa: S311
    sites = {one.code: one for one in Site.objects.all()}
    rows = []
    for (code, channel), busiest in rates.items():
        zone, end = sites[code].zone, quarter_of(start)
        last = local_day(start, zone)
        for ago in range(DAYS, -1, -1):
            day = last - timedelta(days=ago)
            level = WEEKDAYS[day.weekday()] * rng.gauss(1, 0.04) * _payday(day)
            for n in range(96):
                at = datetime.combine(day, time(n // 4, n % 4 * 15), tzinfo=zone)
                if at >= end:
                    break
                hour, into = n // 4, n % 4 / 4
                share = PROFILE[hour] * (1 - into) + PROFILE[(hour + 1) % 24] * into
                mean = busiest * share * level / 4 * (0.94 if channel == "voice" else 1.0)  # some end in the menu
                if came := max(0, round(rng.gauss(mean, mean**0.5))):
                    rows.append(_row(sites[code], channel, at, came, now))
    Interval.objects.bulk_create(rows, batch_size=5_000)


def _payday(day: date) -> float:
    return 1.15 if 25 <= day.day <= 27 else 1.0


def _row(site: Site, channel: str, at: datetime, came: int, now: datetime) -> Interval:
    row = Interval(site=site, channel=channel, starts_at=at, computed_at=now)
    if channel == "voice":
        answered = round(came * 0.94)
        row.offered, row.answered, row.abandoned, row.handled = came, answered, came - answered, answered
        row.within, row.wait_ms = round(answered * 0.86), answered * PATIENT * 1000
        row.lost_wait_ms = (came - answered) * LOST * 1000
        longer = 1.15 if at.hour >= 17 else 1.0
        row.talk_ms, row.wrapup_ms = round(answered * TALK * longer * 1000), round(answered * WRAPUP * 1000)
    else:
        row.cases, row.submitted, row.on_target, row.within_limit = came, came, round(came * 0.8), came
        row.response_ms = came * 300_000
    return row


def forecasts(staff: Staff, now: datetime) -> None:
    """The last nights' forecasts of calls, the latest night's of everything, and WFM's words."""
    latest = now if now.astimezone(JAKARTA).time() >= NIGHT else start_of_day(local_day(now, JAKARTA), JAKARTA) - MINUTE
    for site in Site.objects.order_by("code"):
        for ago in range(NIGHTS, 0, -1):
            night = datetime.combine(local_day(latest, site.zone) - timedelta(days=ago), time(0, 30), tzinfo=site.zone)
            forecast_nightly(site, "voice", 2, night)
    forecasts_make(now=latest)
    wfm = staff.users["wfm"]
    for site in Site.objects.order_by("code"):
        today = local_day(now, site.zone)
        evaluation_make(
            site=site, channel="voice", period=Period.DAY, day=today - timedelta(days=2), actor=wfm, now=now,
            remark="Trafik pagi sesuai prakiraan; lonjakan promo tanpa pemberitahuan membuat selisih di siang hari.",
            proposal="Minta jadwal promo H-1; tambah dua agent voice pada shift siang.",
        )  # fmt: skip
        forecast_enter(
            site=site, channel="voice", day=today + timedelta(days=1), start=time(10), end=time(13), percent=15,
            reason="Promo cicilan emas diumumkan pukul 10.00", actor=wfm, now=now,
        )  # fmt: skip
