"""Forecasts of volume and handling time (RTM-3, MO 2.1.2 WFM), and WFM's evaluations of them.

Invariants: what was made is never changed or removed, a better one is made beside it; beat makes one for each site,
channel and known day. In force for a quarter is the newest that a person made (imported, entered, computed by hand),
else the newest that beat made. A day's quarters are those of the site's clocks, 96 of them; None: nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import site_filter
from realtime.choices import ForecastMethod, ForecastOrigin, Period
from realtime.models.recovery import FLOOR_READERS

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class ForecastQuerySet(models.QuerySet["Forecast"]):
    def visible_to(self, user: User) -> ForecastQuerySet:
        return self.filter(site_filter(user, FLOOR_READERS))


class Forecast(models.Model):
    """`made_by` None: beat did. `knows_until`: the last day of the history it was computed from."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    origin = models.CharField(_("origin"), max_length=10, choices=ForecastOrigin)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("made by")
    )
    knows_until = models.DateField(_("knows until"), null=True, blank=True)
    days_known = models.PositiveSmallIntegerField(_("days known"), default=0)
    version = models.CharField(_("version of the method"), max_length=60, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    file = models.CharField(_("file"), max_length=200, blank=True)

    objects = ForecastQuerySet.as_manager()
    if TYPE_CHECKING:
        days: RelatedManager[ForecastDay]

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = _("forecast")
        constraints = [
            models.CheckConstraint(condition=Q(origin__in=ForecastOrigin.values), name="forecast_origin_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="forecast_channel_known"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="forecast_days"),
            models.CheckConstraint(condition=Q(origin="model") | Q(made_by__isnull=False), name="forecast_by_somebody"),
            models.CheckConstraint(condition=~Q(origin="entered") | ~Q(reason=""), name="forecast_entered_why"),
            models.UniqueConstraint(
                fields=["site", "channel", "knows_until"], condition=Q(made_by=None), name="forecast_beat_once"
            ),
        ]
        indexes = [models.Index(fields=["made_at", "id"], name="forecast_made")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.first_day:%Y-%m-%d} – {self.last_day:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("realtime:forecast", args=[self.pk])


def quarters() -> ArrayField[list[float | None], list[float | None]]:
    return ArrayField(models.FloatField(null=True), size=96)


class ForecastDay(models.Model):
    """`volume`: customers; `low`, `high`: the interval in which four of five are expected; `aht`: seconds with
    after-call work. `method`: how it was computed, "" where it was not."""

    forecast = models.ForeignKey(Forecast, models.PROTECT, related_name="days", db_index=False)
    day = models.DateField(_("day"))
    method = models.CharField(_("method"), max_length=10, choices=ForecastMethod, blank=True)
    volume = quarters()
    low = quarters()
    high = quarters()
    aht = quarters()

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["forecast", "day"], name="forecast_day_once"),
            *(
                models.CheckConstraint(condition=Q(**{f"{name}__len": 96}), name=f"forecast_day_{name}")
                for name in ("volume", "low", "high", "aht")
            ),
        ]
        indexes = [models.Index(fields=["day"], name="forecast_day_day")]

    def __str__(self) -> str:
        return f"{self.forecast_id} {self.day}"


class EvaluationQuerySet(models.QuerySet["ForecastEvaluation"]):
    def visible_to(self, user: User) -> EvaluationQuerySet:
        return self.filter(site_filter(user, FLOOR_READERS))


class ForecastEvaluation(models.Model):
    """What WFM says of a day or month, with the figures as they were then (in percent; None: nothing came)."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="+", verbose_name=_("site"))
    channel = models.CharField(_("channel"), max_length=20, choices=Channel)
    period = models.CharField(_("period"), max_length=5, choices=Period)
    day = models.DateField(_("day"))  # the first of the month
    wape = models.FloatField(null=True)
    bias = models.FloatField(null=True)
    expected = models.FloatField(default=0)
    real = models.FloatField(default=0)
    remark = models.TextField(_("evaluation"))
    proposal = models.TextField(_("proposal"), blank=True)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]
        verbose_name = _("evaluation of a forecast")
        constraints = [
            models.CheckConstraint(condition=Q(period__in=Period.values), name="forecast_evaluation_period_known"),
            models.CheckConstraint(
                condition=~Q(period="month") | Q(day__day=1), name="forecast_evaluation_month_is_first"
            ),
        ]
        indexes = [models.Index(fields=["site", "channel", "day"], name="forecast_evaluation_day")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.day:%Y-%m-%d}"
