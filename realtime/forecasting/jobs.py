"""What of the forecast runs in the background: computing it by hand, and imports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy

from occ.import_jobs import register_import
from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from realtime.forecasting.importing import forecast_file_import, forecast_read, summary
from realtime.forecasting.services import FORECASTERS, forecast_make


def forecasts(user: User) -> bool:
    return has_role(user, FORECASTERS)


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    site, minutes = Site.objects.get(pk=job.params["site"]), int(job.params["minutes"])
    reading = forecast_read(file=file, site=site, minutes=minutes, now=now)
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    given = job.params
    made = forecast_file_import(
        file=file, name=job.input_name, site=Site.objects.get(pk=given["site"]), channel=given["channel"],
        minutes=int(given["minutes"]), actor=job.owner, now=now,
    )  # fmt: skip
    return {"forecast": made.pk, "days": made.days.count(), "url": made.get_absolute_url()}


def make(job: Job, progress: Progress, now: datetime) -> Outcome:
    given = job.params
    made = forecast_make(
        site=Site.objects.get(pk=given["site"]), channel=given["channel"], first=date.fromisoformat(given["first"]),
        last=date.fromisoformat(given["last"]), reason=given["reason"], actor=job.owner, now=now,
    )  # fmt: skip
    return Outcome(url=made.get_absolute_url(), result={"forecast": made.pk})


IMPORT = register_import(
    "realtime.forecast_import", gettext_lazy("Import of a forecast: preview"), gettext_lazy("Import of a forecast"),
    space="realtime:forecasts", may=forecasts, read=read, bring=bring,
)  # fmt: skip
MAKE = register(Kind("realtime.forecast_make", gettext_lazy("Forecast computed"), make, forecasts))
