"""The forecasts that were made, each with where it stands and how far off it was (RTM-3)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from occ.people.models import Site, User
from occ.times import local_day
from realtime.models import Forecast, ForecastDay


class Standing(models.TextChoices):
    IN_FORCE = "in_force", _("In force")
    SUPERSEDED = "superseded", _("Superseded")
    OVER = "over", _("Its days are over")


# As `Compared.pairs` and `accuracy` reckon it, by half hours of the days that are over; of this one forecast, whether
# it was in force or not.
WAPE = """(SELECT 100 * sum(abs(h.meant - h.came)) / nullif(sum(h.came), 0) FROM (
    SELECT sum(q.meant) AS meant, sum(q.came) AS came, bool_and(q.meant IS NOT NULL) AS known,
           sum(sum(q.came)) OVER (PARTITION BY q.day) AS of_day
      FROM (SELECT d.day, (u.n - 1) / 2 AS half, u.meant, coalesce(i.offered + i.cases, 0) AS came
              FROM realtime_forecastday d
              JOIN people_site s ON s.id = realtime_forecast.site_id
             CROSS JOIN LATERAL unnest(d.volume) WITH ORDINALITY AS u(meant, n)
              LEFT JOIN realtime_interval i
                ON i.site_id = realtime_forecast.site_id AND i.channel = realtime_forecast.channel
               AND i.starts_at = (d.day + (u.n - 1) * interval '15 minutes') AT TIME ZONE s.timezone
             WHERE d.forecast_id = realtime_forecast.id
               AND d.day < (%s::timestamptz AT TIME ZONE s.timezone)::date) q
     GROUP BY q.day, q.half) h
 WHERE h.known AND h.of_day > 0 AND (h.meant > 0 OR h.came > 0))"""


def forecasts_made(user: User, now: datetime) -> QuerySet[Forecast]:
    """With `standing`, `methods` (of its days) and `wape` (percent; None: no day of it is over, or nothing came)."""
    methods = ForecastDay.objects.filter(forecast=OuterRef("pk")).exclude(method="").order_by("method")
    over = Q()
    for site in Site.objects.all():
        over |= Q(site=site, last_day__lt=local_day(now, site.zone))
    return (
        Forecast.objects.visible_to(user)
        .select_related("site", "made_by")
        .annotate(
            standing=Case(
                When(over, then=Value(Standing.OVER.value)) if over else When(pk=None, then=Value("")),
                When(pk__in=in_force(now), then=Value(Standing.IN_FORCE.value)),
                default=Value(Standing.SUPERSEDED.value),
            ),
            methods=ArraySubquery(methods.values("method").distinct()),
            wape=RawSQL(WAPE, [now], output_field=models.FloatField(null=True)),  # noqa: S611 - a text of our own
        )
    )


def in_force(now: datetime) -> set[int]:
    """Forecasts of which something holds for a day to come: by the rule of `selectors.days_in_force`, in two queries
    for all sites and channels."""
    sites = list(Site.objects.all())
    to_come = Q(pk__in=())
    for site in sites:
        to_come |= Q(forecast__site=site, day__gte=local_day(now, site.zone))
    rows = ForecastDay.objects.filter(to_come)
    order = ("forecast__site_id", "forecast__channel", "day", "-forecast__made_at", "-forecast_id")
    by_beat = rows.filter(forecast__made_by=None).order_by(*order)
    newest = by_beat.distinct("forecast__site_id", "forecast__channel", "day").values("pk")
    by_hand = rows.exclude(forecast__made_by=None).order_by(*order)
    said: dict[tuple[int, str, object], tuple[list[bool], list[bool]]] = {}
    found: set[int] = set()
    for some in (by_hand, ForecastDay.objects.filter(pk__in=newest)):
        columns = some.values_list(
            F("forecast__site"), F("forecast__channel"), "day", "forecast_id", "volume", "aht"
        )  # fmt: skip
        for site_id, channel, day, forecast_id, volume, aht in columns:
            volumes, ahts = said.setdefault((site_id, channel, day), ([False] * len(volume), [False] * len(aht)))
            if _says_more(volumes, volume) | _says_more(ahts, aht):
                found.add(forecast_id)
    return found


def _says_more(said: list[bool], values: list[float | None]) -> bool:
    """Whether these quarters say anything that was not said by one that goes before; from now on it is."""
    more = False
    for n, value in enumerate(values):
        if value is not None and not said[n]:
            said[n] = more = True
    return more
