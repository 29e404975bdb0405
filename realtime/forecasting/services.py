"""Forecasts made: by beat every night, by hand, out of a spreadsheet, or entered by WFM for a reason (RTM-3)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from math import isfinite

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import local_day, month_of, next_month
from realtime.choices import ForecastOrigin, Period
from realtime.forecasting.calendar import calendar_for
from realtime.forecasting.history import QUARTERS, Table
from realtime.forecasting.model import AHEAD, VERSION, DayForecast, NoHistory, forecast
from realtime.forecasting.policies import DAYS_AHEAD, PAYDAY
from realtime.forecasting.selectors import compared, days_in_force, history_at, total
from realtime.models import Forecast, ForecastDay, ForecastEvaluation, Interval

logger = logging.getLogger(__name__)
FORECASTERS = frozenset({Role.WFM})
NIGHT = time(0, 20)  # from then on, the last quarters of yesterday are worked in
LATELY = timedelta(days=28)
MOST = 100_000  # customers in a quarter of an hour: more is a slip of the finger
Values = list[float | None]
NOTHING: Values = [None] * QUARTERS


def forecasts_due(*, now: datetime) -> list[tuple[Site, str]]:
    """What beat has not forecast yet since midnight, of what was served lately."""
    found = []
    for site in Site.objects.order_by("code"):
        if now.astimezone(site.zone).time() < NIGHT:
            continue
        yesterday = local_day(now, site.zone) - timedelta(days=1)
        served = Interval.objects.filter(site=site, starts_at__gte=now - LATELY, starts_at__lt=now)
        made = Forecast.objects.filter(site=site, made_by=None, knows_until=yesterday).values_list("channel", flat=True)
        channels = set(served.order_by().values_list("channel", flat=True).distinct()) - set(made)
        found += [(site, channel) for channel in sorted(channels)]
    return found


def forecasts_make(*, now: datetime) -> tuple[int, int]:
    """What is due; (how many were made, how many could not be). One that fails does not stop the others."""
    made = failed = 0
    for site, channel in forecasts_due(now=now):
        ahead = int(policy_value(DAYS_AHEAD, at=now, site=site))
        try:
            made += forecast_nightly(site, channel, ahead, now) is not None
        except Exception:
            logger.exception("forecast failed", extra={"data": {"site": site.code, "channel": channel}})
            failed += 1
    return made, failed


def forecast_nightly(site: Site, channel: str, ahead: int, now: datetime) -> Forecast | None:
    """Beat's forecast of today and the days after it, `ahead` in all. None: it was made before, or nothing is known."""
    today = local_day(now, site.zone)
    days = [today + timedelta(days=n) for n in range(ahead)]
    computed, known, until = _computed(site, channel, days, now)
    if not computed:
        return None
    with transaction.atomic():
        # Another worker may have been quicker: its forecast is the same.
        kept = Forecast.objects.filter(site=site, channel=channel, made_by=None, knows_until=until)
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        if kept.exists():
            return None
        return _keep(site, channel, computed, known, until, None, "", now)


def _computed(
    site: Site, channel: str, days: Sequence[date], now: datetime
) -> tuple[list[DayForecast], int, date]:  # fmt: skip
    """The days, how many days are known, and the last day of the history. Nothing where nothing is known."""
    history = history_at(site, channel, now)
    until = local_day(now, site.zone) - timedelta(days=1)
    payday = int(policy_value(PAYDAY, at=now, site=site))
    calendar = calendar_for(history.first, days[-1], payday=payday)
    try:
        return forecast(history, days, calendar), int(history.known.sum()), until
    except NoHistory:
        return [], 0, until


def _keep(
    site: Site, channel: str, computed: list[DayForecast], known: int, until: date, actor: User | None, reason: str,
    now: datetime,
) -> Forecast:  # fmt: skip
    made = Forecast.objects.create(
        site=site, channel=channel, origin=ForecastOrigin.MODEL, first_day=computed[0].day, last_day=computed[-1].day,
        made_at=now, made_by=actor, knows_until=until, days_known=known, version=VERSION, reason=reason,
    )  # fmt: skip
    ForecastDay.objects.bulk_create(
        ForecastDay(
            forecast=made, day=one.day, method=one.method, volume=_told(one.volume, 3), low=_told(one.low, 3),
            high=_told(one.high, 3), aht=_told(one.aht, 1),
        )
        for one in computed
    )  # fmt: skip
    data = {"channel": channel, "days": [str(made.first_day), str(made.last_day)], "version": VERSION}
    record(actor=actor or BEAT, action="forecast.made", subject=made, data=data, now=now, site=site)
    return made


def _told(values: Table, digits: int) -> Values:
    return [round(float(one), digits) if isfinite(one) else None for one in values]


def forecast_make(
    *, site: Site, channel: str, first: date, last: date, reason: str = "", actor: User, now: datetime
) -> Forecast:
    """Compute these days anew by hand: it goes before what was entered for them. Raises NotAllowed, Invalid."""
    _must(actor, site)
    today = local_day(now, site.zone)
    if not today <= first <= last <= today + timedelta(days=AHEAD[-1] - 1):
        words = _("From today or later to a later day, at most %(days)s days ahead.")
        raise Invalid(words % {"days": AHEAD[-1]}, field="last")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    computed, known, until = _computed(site, channel, days, now)
    if not computed:
        raise WrongState(_("Nothing ever came in on this channel: there is no history to forecast from."))
    with transaction.atomic():
        return _keep(site, channel, computed, known, until, actor, reason[:300], now)


@transaction.atomic
def forecast_enter(
    *, site: Site, channel: str, day: date, start: time, end: time | None, percent: float | None = None,
    volume: float | None = None, aht: float | None = None, reason: str, actor: User, now: datetime,
) -> Forecast:  # fmt: skip
    """Say what is to be expected from `start` to `end` (None: midnight) of a day, in place of what is in force.

    `percent`: so much more or fewer customers. `volume`: so many in all, spread as the forecast in force has them.
    Raises NotAllowed, Invalid.
    """
    _must(actor, site)
    first, after = _quarter_of(start), QUARTERS if end is None else _quarter_of(end)
    if not first < after:
        raise Invalid(_("The end lies after the beginning."), field="end")
    if day < local_day(now, site.zone):
        raise Invalid(_("The day is over: what was expected of it stays."), field="day")
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    if (percent is None) == (volume is None) and (percent is not None or aht is None):
        raise Invalid(_("Say either how many more percent or how many customers, or the handling time."))
    if volume is not None and not 0 <= volume <= MOST * (after - first):
        raise Invalid(_("So many customers cannot be."), field="volume")
    if percent is not None and not -100 <= percent <= 1_000:
        raise Invalid(_("From 100 percent fewer to 1 000 percent more."), field="percent")
    if aht is not None and not 1 <= aht <= 36_000:
        raise Invalid(_("From 1 to 36 000 seconds."), field="aht")
    known = days_in_force(site, channel, [day], at=now)[day].spots[first:after]
    volumes, low, high = list(NOTHING), list(NOTHING), list(NOTHING)
    if percent is not None or volume is not None:
        usual = [one.volume or 0.0 for one in known]
        if percent is not None:
            if not any(usual):
                raise Invalid(_("Nothing is forecast for that time: say how many customers."), field="percent")
            more = 1 + percent / 100
            volumes[first:after] = [one * more for one in usual]
            low[first:after] = [None if one.low is None else one.low * more for one in known]
            high[first:after] = [None if one.high is None else one.high * more for one in known]
        else:
            assert volume is not None
            share = [one / sum(usual) for one in usual] if sum(usual) else [1 / len(usual)] * len(usual)
            volumes[first:after] = [volume * one for one in share]
    seconds = list(NOTHING)
    if aht is not None:
        seconds[first:after] = [aht] * (after - first)
    rows = {day: (volumes, seconds)}
    why = reason.strip()[:300]
    return _by_hand(site, channel, ForecastOrigin.ENTERED, rows, actor, now, reason=why, borders=(low, high))


def forecast_import(
    *, site: Site, channel: str, rows: dict[date, tuple[Values, Values]], file: str, actor: User, now: datetime
) -> Forecast:
    """Keep what a spreadsheet says: customers and seconds by quarter. Raises NotAllowed, Invalid (no row)."""
    _must(actor, site)
    if not rows:
        raise Invalid(_("The file holds no row to import."))
    return _by_hand(site, channel, ForecastOrigin.IMPORTED, rows, actor, now, file=file[-200:])


@transaction.atomic
def _by_hand(
    site: Site, channel: str, origin: ForecastOrigin, rows: dict[date, tuple[Values, Values]], actor: User,
    now: datetime, *, reason: str = "", file: str = "", borders: tuple[Values, Values] = (NOTHING, NOTHING),
) -> Forecast:  # fmt: skip
    made = Forecast.objects.create(
        site=site, channel=channel, origin=origin, first_day=min(rows), last_day=max(rows), made_at=now, made_by=actor,
        reason=reason, file=file,
    )  # fmt: skip
    ForecastDay.objects.bulk_create(
        ForecastDay(forecast=made, day=day, volume=volumes, low=borders[0], high=borders[1], aht=seconds)
        for day, (volumes, seconds) in sorted(rows.items())
    )
    data = {"channel": channel, "days": [str(made.first_day), str(made.last_day)], "reason": reason, "file": file}
    record(actor=actor, action=f"forecast.{origin}", subject=made, data=data, now=now, site=site)
    return made


@transaction.atomic
def evaluation_make(
    *, site: Site, channel: str, period: str, day: date, remark: str, proposal: str, actor: User, now: datetime
) -> ForecastEvaluation:
    """WFM's words on a day or month, with its figures as they are now. Raises NotAllowed, Invalid."""
    _must(actor, site)
    if not remark.strip():
        raise Invalid(_("Say what the comparison shows."), field="remark")
    first, last = (month_of(day), next_month(day) - timedelta(days=1)) if period == Period.MONTH else (day, day)
    if first > local_day(now, site.zone):
        raise Invalid(_("What has not begun cannot be evaluated."), field="day")
    found = total(compared(site, channel, first, last, now))
    if found is None:
        raise Invalid(_("There is nothing to evaluate: no day is over that had a forecast and customers."))
    made = ForecastEvaluation.objects.create(
        site=site, channel=channel, period=period, day=first, wape=found.wape, bias=found.bias,
        expected=found.expected, real=found.real, remark=remark.strip(), proposal=proposal.strip(), made_at=now,
        made_by=actor,
    )  # fmt: skip
    data = {"channel": channel, "period": period, "day": str(first)}
    record(actor=actor, action="forecast.evaluated", subject=made, data=data, now=now, site=site)
    return made


def _must(actor: User, site: Site) -> None:
    if not has_role(actor, FORECASTERS, site=site):
        raise NotAllowed


def _quarter_of(at: time) -> int:
    if at.minute % 15 or at.second or at.microsecond:
        raise Invalid(_("Times are quarters of an hour: 08:00, 08:15, 08:30, 08:45."), field="start")
    return at.hour * 4 + at.minute // 15
