"""The forecast on pages, in the API and out of a spreadsheet (RTM-3)."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from occ.jobs.models import Job, State
from occ.jobs.services import job_run, job_start
from occ.people.choices import Role
from occ.times import local_day
from realtime.forecasting.importing import quarter_of
from realtime.forecasting.measures import accuracy
from realtime.forecasting.selectors import compared, days_in_force, forecast_for
from realtime.forecasting.services import forecasts_make
from realtime.models import Forecast, ForecastEvaluation
from tests.factories import site, user
from tests.realtime.forecasts import lived

pytestmark = [pytest.mark.req("RTM-3"), pytest.mark.django_db]


def today() -> date:
    return local_day(timezone.now(), site().zone)


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=site().zone)


@pytest.fixture
def wfm() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user(Role.WFM, site()))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def told(db: None) -> date:
    """Four weeks of calls, and forecasts of three days ago and of today; yesterday's day is over."""
    lived(days=28, until=today())
    for ago in (3, 0):
        forecasts_make(now=noon(today() - timedelta(days=ago)))
    return today() - timedelta(days=1)


def test_a_day_shows_forecast_against_realisation(wfm: Client, told: date) -> None:
    page = wfm.get(f"/realtime/forecasts/?site=JKT&channel=voice&period=day&day={told}")
    assert page.status_code == 200
    total, charts = page.context["total"], page.context["charts"]
    assert total.intervals == 24 and total.wape < 30
    series = {one["name"]: one["values"] for one in charts[0]["chart"]["series"]}
    assert len(series["Forecast"]) == 48 and series["Realisation"][20] > 0
    assert all(low <= meant for low, meant in zip(series["At least"], series["Forecast"], strict=True))
    assert [one["id"] for one in charts] == ["volume", "aht"] and "too short to learn from" in page.content.decode()
    quarters = wfm.get(f"/realtime/forecasts/?site=JKT&day={told}&step=15").context["charts"][0]["chart"]
    assert len(quarters["labels"]) == 96


def test_a_month_shows_its_days_with_a_target(wfm: Client, told: date) -> None:
    page = wfm.get(f"/realtime/forecasts/?site=JKT&channel=voice&period=month&day={told}")
    chart = {one["id"]: one["chart"] for one in page.context["charts"]}
    assert chart["wape"]["target"] == 20 and chart["wape"]["target_label"]
    row = next(one for one in page.context["rows"] if one["day"] == told)
    assert row["accuracy"].wape is not None and f"day={told}" in row["url"]


def test_nonsense_in_the_address_shows_what_is_usual(wfm: Client) -> None:
    for query in ("site=X&channel=x&period=x&day=x&step=x", "day=0001-01-01", "day=2100-12-31&period=month", "site=%00",
                  "day=1990-01-01&period=month"):  # fmt: skip
        page = wfm.get(f"/realtime/forecasts/?{query}")
        assert page.status_code == 200 and page.context["charts"] == [], query
    for wrong in ("day=0001-01-01", "day=2101-01-01", "day=x", "channel=x"):
        assert "shown instead" in wfm.get(f"/realtime/forecasts/?{wrong}").content.decode(), wrong
    for fine in ("day=2100-12-31", "day=", ""):
        assert "shown instead" not in wfm.get(f"/realtime/forecasts/?{fine}").content.decode(), fine


def test_queries_do_not_grow_with_days_or_entries(wfm: Client, told: date) -> None:
    def asked(query: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert wfm.get(f"/realtime/forecasts/?site=JKT&{query}").status_code == 200
        return len(seen)

    asked("period=day")
    day, month = asked(f"period=day&day={told}"), asked(f"period=month&day={told}")
    for percent in (10, 20, 30):
        enter(wfm, percent=percent)
    assert asked(f"period=day&day={today()}") <= day and asked(f"period=month&day={told}") == month <= 22


def enter(client: Client, **given: Any) -> Any:
    said = {"site": site().pk, "channel": "voice", "day": today(), "start": "10:00", "end": "12:00", "reason": "Promo"}
    return client.post("/realtime/forecasts/enter/", said | given)


def test_the_forecasts_made_say_where_they_stand_and_how_far_off_they_were(wfm: Client, told: date) -> None:
    day = today()
    enter(wfm, percent=50, start="08:00", end="")
    page = wfm.get("/realtime/forecasts/made/?sort=-made")
    rows = {one.pk: one for one in page.context["page"].rows}
    assert len(rows) == Forecast.objects.count() and page.status_code == 200
    beat = Forecast.objects.filter(made_by=None).order_by("made_at")
    stands = [rows[one.pk].standing for one in beat]
    to_come = days_in_force(site(), "voice", [day + timedelta(days=n) for n in range(20)])
    in_force = {spot.forecast_id for one in to_come.values() for spot in one.spots} - {None}
    assert {pk for pk, one in rows.items() if one.standing == "in_force"} == in_force
    assert stands == ["superseded", "in_force"]
    entered = Forecast.objects.get(origin="entered")
    assert rows[entered.pk].standing == "in_force" and rows[entered.pk].wape is None, "its day is not over"
    older = beat.order_by("-made_at")[1]
    pairs = []
    for one in compared(site(), "voice", older.first_day, day - timedelta(days=1), timezone.now()):
        mine = older.days.get(day=one.day.day)
        meant = [a + b for a, b in zip(mine.volume[::2], mine.volume[1::2], strict=True)]
        came = [a + b for a, b in zip(one.real[::2], one.real[1::2], strict=True)]
        pairs += [(f, r) for f, r in zip(meant, came, strict=True) if any(one.real) and (f or r)]
    assert rows[older.pk].wape == pytest.approx(accuracy(pairs).wape)
    assert f"/realtime/forecasts/{entered.pk}/" in page.content.decode() and "Promo" in page.content.decode()
    for query, found in (("standing=in_force", in_force), ("origin=entered", {entered.pk}), ("q=promo", {entered.pk})):
        some = wfm.get(f"/realtime/forecasts/made/?{query}")
        assert {one.pk for one in some.context["page"].rows} == found, query


def test_the_queries_of_the_list_do_not_grow_with_it(wfm: Client, told: date) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert wfm.get("/realtime/forecasts/made/?sort=-made").status_code == 200
        return len(seen)

    asked()
    first = asked()
    for percent in (10, 20, 30):
        enter(wfm, percent=percent)
    assert asked() == first <= 16


def test_the_list_is_exported_as_it_is_filtered(wfm: Client, told: date) -> None:
    enter(wfm, percent=10)
    wfm.post("/exports/new/", {"kind": "realtime.forecasts", "query": "origin=entered"})
    job = Job.objects.get(kind="realtime.forecasts")
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    with storages["default"].open(job.output_file) as file:
        values = [row for row in load_workbook(file).active.iter_rows(values_only=True) if "Promo" in row]
    assert len(values) == 1


def test_wfm_enters_and_it_is_in_force(wfm: Client, told: date) -> None:
    before = forecast_for(site(), "voice", today())
    answer = enter(wfm, percent="12.5")
    assert answer.status_code == 302
    after = forecast_for(site(), "voice", today())
    assert after[40][1] == pytest.approx(1.125 * before[40][1], abs=0.01)
    page = wfm.get(answer["Location"]).content.decode()
    assert "Promo" in page and "Entered" in page
    assert enter(wfm, percent="12.5", end="00:00").status_code == 302, "midnight is the day's end"
    assert enter(wfm, percent="12,5").status_code == 422 and enter(wfm, percent=10, reason="").status_code == 422
    assert enter(wfm, percent=10, start="10:05").status_code == 422
    assert enter(wfm, percent="nan").status_code == 422


def test_computing_by_hand_runs_in_the_background(wfm: Client, told: date) -> None:
    said = {"site": site().pk, "channel": "voice", "first": today(), "last": today() + timedelta(days=20)}
    assert wfm.post("/realtime/forecasts/make/", said).status_code == 302
    job = Job.objects.get(kind="realtime.forecast_make")
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == State.DONE
    made = Forecast.objects.exclude(made_by=None).get()
    assert made.last_day == today() + timedelta(days=20) and made.days.count() == 21
    page = wfm.get(job.url)
    assert page.status_code == 200 and len(page.context["days"]) == 21


def test_wfm_evaluates_what_the_page_shows(wfm: Client, told: date) -> None:
    url = f"/realtime/forecasts/evaluate/?site=JKT&channel=voice&period=day&day={told}"
    assert wfm.post(url, {"remark": "Lebih ramai", "proposal": "Tambah dua"}).status_code == 302
    kept = ForecastEvaluation.objects.get()
    page = wfm.get(url.replace("evaluate/", "")).content.decode()
    assert kept.day == told and "Lebih ramai" in page and "Tambah dua" in page
    after = wfm.get(url.replace("evaluate/", "").replace(str(told), str(told + timedelta(days=1))))
    assert after.context["proposed"]["row"] == kept and "Tambah dua" in after.content.decode(), "it is for the next day"
    assert f"day={told}" in after.context["proposed"]["url"] and "Lebih ramai" not in after.content.decode()
    assert wfm.post(url, {"remark": ""}).status_code == 422
    nothing = wfm.post(url.replace(str(told), str(today() + timedelta(days=2))), {"remark": "x"})
    assert nothing.status_code == 422 and "has not begun" in nothing.content.decode()


def test_the_api_tells_what_is_in_force(wfm: Client, told: date) -> None:
    enter(wfm, volume=500)
    url = f"/api/v1/realtime/forecasts/?site=JKT&from={told}&to={today()}"
    rows = wfm.get(url).json()
    assert len(rows) == 96 and {row["minutes"] for row in rows} == {30}
    by_start = {row["starts_at"][:16]: row for row in rows}
    mine = by_start[f"{today()}T10:00"]
    assert mine["low"] is None and mine["forecast"] == Forecast.objects.get(origin="entered").pk
    assert sum(by_start[f"{today()}T{at}"]["volume"] for at in ("10:00", "10:30", "11:00", "11:30")) == pytest.approx(
        500
    )
    assert len(wfm.get(url + "&interval=15").json()) == 192
    assert wfm.get(url.replace(f"to={today()}", f"to={today() + timedelta(days=40)}")).status_code == 400
    with CaptureQueriesContext(connection) as seen:
        wfm.get(url)
    assert len(seen) <= 10


# Spreadsheets --------------------------------------------------------------------------------------------------------


def workbook(*rows: list[Any]) -> ContentFile[bytes]:
    book, out = Workbook(), io.BytesIO()
    sheet: Any = book.active
    for row in (["Tanggal", "Jam", "Volume", "AHT (s)"], *rows):
        sheet.append(row)
    book.save(out)
    return ContentFile(out.getvalue(), "prakiraan.xlsx")


def preview(file: ContentFile[bytes], *, minutes: int = 30) -> Job:
    params = {"site": site().pk, "channel": "chat", "minutes": minutes}
    with override("en"):
        job = job_start(
            kind="realtime.forecast_import", params=params, owner=user(Role.WFM, site()), now=timezone.now(), file=file
        )
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    return job


def test_a_spreadsheet_is_looked_at_then_imported(wfm: Client) -> None:
    day = today() + timedelta(days=1)
    job = preview(
        workbook([day, time(8), 30, 240], [day, "08.30", 20, None], [f"{day:%d/%m/%Y}", "9:00-9:30", "1", 200])
    )
    assert job.result["counts"] == {"total": 3, "good": 3, "faulty": 0} and job.result["customers"] == 51
    assert not Forecast.objects.exists(), "a preview writes nothing"
    assert "Import all rows" in wfm.get(f"/realtime/forecasts/import/{job.pk}/").content.decode()
    wfm.post(f"/realtime/forecasts/import/{job.pk}/apply/")
    apply = Job.objects.get(kind="realtime.forecast_import_apply")
    job_run(job_id=apply.pk, now=timezone.now())
    told = {at.strftime("%H:%M"): (volume, aht) for at, volume, aht in forecast_for(site(), "chat", day)}
    assert told == {
        "08:00": (15, 240), "08:15": (15, 240), "08:30": (10, None), "08:45": (10, None), "09:00": (0.5, 200),
        "09:15": (0.5, 200),
    }  # fmt: skip
    assert "the forecast of 1 day" in wfm.get(f"/realtime/forecasts/import/{apply.pk}/").content.decode()


def test_every_faulty_row_is_named_and_nothing_is_written(wfm: Client) -> None:
    day = today()
    rows = [
        [day, "08:00", 30, 240], [day, "08:10", 30, 240], [day - timedelta(days=1), "08:00", 1, 1],
        [day, "8:00", 1, 1], [day, "09:00", -1, 1], [day, "09:30", 1, 0], [day, "24:00", 1, 1],
        ["besok", "10:00", 1, 1], [day, "10:00", None, 1],
    ]  # fmt: skip
    job = preview(workbook(*rows))
    assert [one["row"] for one in job.result["rows"]] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert job.output_name.endswith(".xlsx")
    wfm.post(f"/realtime/forecasts/import/{job.pk}/apply/")
    assert not Forecast.objects.exists() and not Job.objects.filter(kind="realtime.forecast_import_apply").exists()


@pytest.mark.parametrize(
    ("text", "minutes", "quarter"),
    [("08:00", 30, 32), ("08:15", 30, None), ("08:15", 15, 33), ("8.30 s/d 9.00", 30, 34), ("0.5", 30, 48),
     ("0", 60, 0), ("23:45", 15, 95), ("24:00", 15, None), ("1", 15, None), ("nan", 15, None),
     ("inf", 15, None), ("", 15, None),
     ("pagi", 15, None), ("0.99999999", 15, None)],
)  # fmt: skip
def test_times_as_people_write_them(text: str, minutes: int, quarter: int | None) -> None:
    assert quarter_of(text, minutes) == quarter
