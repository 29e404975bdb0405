"""The access matrix of forecasts (KER-9)."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import File
from django.test import Client
from django.utils import timezone

from occ.jobs.services import job_start
from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site, User
from occ.times import local_day
from realtime.choices import ForecastOrigin
from realtime.forecasting.services import FORECASTERS
from realtime.models import FLOOR_READERS, Forecast, ForecastDay
from tests.access.matrix import Row, World, what_a_stranger_gets, who_is_let_in

pytestmark = [pytest.mark.req("KER-9", "RTM-3"), pytest.mark.timeout(400), pytest.mark.django_db]
FLOOR, MAKERS = set(FLOOR_READERS), set(FORECASTERS)
ROWS: dict[str, Row] = {
    "realtime:forecasts": Row(get=FLOOR),
    "realtime:forecasts_made": Row(get=FLOOR),
    "realtime:forecast": Row(get=FLOOR, of="forecast", sees=FLOOR),
    "realtime:forecast_make": Row(get=MAKERS, post=MAKERS),
    "realtime:forecast_enter": Row(get=MAKERS, post=MAKERS),
    "realtime:forecast_evaluate": Row(post=MAKERS),
    "realtime:forecasts:import": Row(get=MAKERS, post=MAKERS),
    # A job is its owner's alone.
    "realtime:forecasts:import_preview": Row(get=set(), of="forecast_import", sees=set()),
    "realtime:forecasts:import_apply": Row(post=set(), of="forecast_import", sees=set()),
    "realtime:forecasts:import_faulty": Row(get=set(), of="forecast_import", sees=set()),
    "api:realtime-forecasts": Row(get=FLOOR, query="?site=JKT&from=2026-11-20&to=2026-11-20"),
}


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    today = local_day(now, where.zone)
    made = Forecast.objects.create(
        site=where, channel="voice", origin=ForecastOrigin.MODEL, first_day=today, last_day=today, made_at=now,
        knows_until=today - timedelta(days=1),
    )  # fmt: skip
    nothing: list[float | None] = [None] * 96
    ForecastDay.objects.create(
        forecast=made, day=today, volume=[1.0] * 96, low=nothing, high=nothing, aht=nothing, method="model"
    )
    owner = User.objects.create_user(f"forecaster.{where.code}")
    RoleAssignment.objects.create(user=owner, role=Role.WFM, site=where, starts_on="2020-01-01")
    job = job_start(
        kind="realtime.forecast_import", params={"site": where.pk, "channel": "voice", "minutes": 30}, owner=owner,
        now=now, file=File(BytesIO(b"day,time,customers\n"), "f.csv"),
    )  # fmt: skip
    return {"forecast": made.pk, "forecast_import": job.pk}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
