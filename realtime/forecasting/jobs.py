"""What of the forecast runs in the background: computing it by hand, and imports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.files.storage import storages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.sheets.importing import faulty_rows_workbook
from realtime.forecasting.importing import forecast_file_import, forecast_read, summary
from realtime.forecasting.services import FORECASTERS, forecast_make


def forecasts(user: User) -> bool:
    return has_role(user, FORECASTERS)


def _place(job: Job) -> tuple[Site, int]:
    return Site.objects.get(pk=job.params["site"]), int(job.params["minutes"])


def preview(job: Job, progress: Progress, now: datetime) -> Outcome:
    site, minutes = _place(job)
    with storages["default"].open(job.input_file) as file:
        reading = forecast_read(file=file, site=site, minutes=minutes, now=now)
    content, name = None, ""
    if reading.preview.counts["faulty"]:
        content = faulty_rows_workbook(reading.preview, zone=site.zone)
        name = _("faulty-rows") + ".xlsx"
    url = reverse("realtime:forecasts:import_preview", args=[job.pk])
    return Outcome(content=content, name=name, url=url, result=summary(reading))


def apply(job: Job, progress: Progress, now: datetime) -> Outcome:
    site, minutes = _place(job)
    with storages["default"].open(job.input_file) as file:
        made = forecast_file_import(
            file=file, name=job.input_name, site=site, channel=job.params["channel"], minutes=minutes, actor=job.owner,
            now=now,
        )  # fmt: skip
    result: dict[str, Any] = {"forecast": made.pk, "days": made.days.count(), "url": made.get_absolute_url()}
    return Outcome(url=reverse("realtime:forecasts:import_preview", args=[job.pk]), result=result)


def make(job: Job, progress: Progress, now: datetime) -> Outcome:
    given = job.params
    made = forecast_make(
        site=Site.objects.get(pk=given["site"]), channel=given["channel"], first=date.fromisoformat(given["first"]),
        last=date.fromisoformat(given["last"]), reason=given["reason"], actor=job.owner, now=now,
    )  # fmt: skip
    return Outcome(url=made.get_absolute_url(), result={"forecast": made.pk})


PREVIEW = register(Kind("realtime.forecast_import", gettext_lazy("Import of a forecast: preview"), preview, forecasts))
APPLY = register(Kind("realtime.forecast_import_apply", gettext_lazy("Import of a forecast"), apply, forecasts))
MAKE = register(Kind("realtime.forecast_make", gettext_lazy("Forecast computed"), make, forecasts))
