"""Non-voice: response time by category against target and limit, and who waits now (RTM-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from occ.figures.registry import FIGURES, Scope
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.policies.models import Policy
from occ.times import end_of_day, local_day, start_of_day
from realtime.policies import response_target
from realtime.services.ingesting import Taken
from realtime.services.responses import Queue, queues, responses, spans_of, together
from tests.factories import NOW, Floor
from tests.realtime.conftest import event

pytestmark = pytest.mark.req("RTM-11")
Tell = Callable[..., Taken]


def case(number: str, at: datetime, seconds: float | None, category: str = "informasi", channel: str = "email",
         **also: Any) -> list[Any]:  # fmt: skip
    said = {"interaction_id": number, "channel": channel, "category": category} | also
    opened = event("case.opened", at, **said)
    if seconds is None:
        return [opened]
    return [opened, event("case.submitted", at + timedelta(seconds=seconds), agent="A1", **said)]


@pytest.fixture
def day(floor: Floor, tell: Tell) -> tuple[datetime, datetime]:
    """At, below and above target and limit; one that waits; one that cannot be true; another channel."""
    at = NOW - timedelta(hours=2)
    tell(*case("i1", at, 180), *case("i2", at, 180.001), *case("i3", at, 720), *case("i4", at, 720.001),
         *case("r1", at, 300, "permintaan", "whatsapp"), *case("k1", at, 1200, "keluhan"),
         *case("k2", at, -60, "keluhan"), *case("w1", NOW - timedelta(seconds=721), None),
         *case("w2", NOW - timedelta(seconds=719), None), *case("far", at, 1, site="YGY"))  # fmt: skip
    today = local_day(NOW, floor.jkt.zone)
    return start_of_day(today, floor.jkt.zone), end_of_day(today, floor.jkt.zone)


def test_by_category_at_the_edges_of_target_and_limit(floor: Floor, day: tuple[datetime, datetime]) -> None:
    found = responses(site=floor.jkt, start=day[0], end=day[1])
    info = found["email", "informasi"]
    assert (info.cases, info.submitted, info.on_target, info.within_limit) == (6, 4, 1, 3)
    assert info.seconds == pytest.approx((180 + 180.001 + 720 + 720.001) / 4)
    complaint = found["email", "keluhan"]
    assert (complaint.submitted, complaint.unmeasured, complaint.measured, complaint.within_limit) == (2, 1, 1, 1)
    assert complaint.seconds == 1200 and complaint.on_target == 0
    assert found["whatsapp", "permintaan"].target_share == 100
    every = together(found)
    assert (every.cases, every.submitted, every.slowest_ms) == (9, 7, 1_200_000)
    assert together(found, category="permintaan").cases == together(found, channel="whatsapp").cases == 1
    assert responses(site=floor.jkt, start=day[0], end=day[1], channel="email").keys() == {
        ("email", "informasi"), ("email", "keluhan")
    }  # fmt: skip
    assert not responses(site=floor.jkt, start=day[1], end=day[1] + timedelta(days=1))


def test_a_target_that_changed_holds_from_its_day_on(floor: Floor, tell: Tell) -> None:
    zone, today = floor.jkt.zone, local_day(NOW, floor.jkt.zone)
    noon = start_of_day(today, zone)
    Policy.objects.create(key=response_target("informasi"), value=10, valid_from=noon, set_at=noon, reason="x")
    tell(*case("old", noon - timedelta(hours=1), 100), *case("new", noon + timedelta(hours=1), 100))
    spans = spans_of(floor.jkt, noon - timedelta(days=1), end_of_day(today, zone))
    assert [one[2][0] for one in spans] == [180_000, 10_000]
    found = responses(site=floor.jkt, start=noon - timedelta(days=1), end=end_of_day(today, zone))
    assert (found["email", "informasi"].cases, found["email", "informasi"].on_target) == (2, 1)


def test_who_waits_now_and_since_when(floor: Floor, day: tuple[datetime, datetime], tell: Tell) -> None:
    chat = {"interaction_id": "c1", "channel": "chat"}
    tell(event("interaction.offered", NOW - timedelta(minutes=3), **chat),
         event("interaction.offered", NOW - timedelta(hours=5), interaction_id="forgotten",
               channel="chat"))  # fmt: skip
    found = {one.channel: one for one in queues(floor.jkt, NOW)}
    assert found["email"] == Queue("email", 2, NOW - timedelta(seconds=721), 1)
    assert (found["chat"].waiting, found["chat"].oldest) == (1, NOW - timedelta(minutes=3))
    assert found["social"] == Queue("social", 0, None, 0) and "voice" not in found


def test_key_figures_are_those_of_the_page(floor: Floor, day: tuple[datetime, datetime]) -> None:
    scope = Scope(*day, site=floor.jkt)
    every = together(responses(site=floor.jkt, start=day[0], end=day[1]))
    assert FIGURES["realtime.response_time"].of(scope).value == every.seconds
    assert FIGURES["realtime.response_within_limit"].of(scope).value == every.limit_share
    complaint = FIGURES["realtime.response.keluhan"]
    assert complaint.of(scope).value == 1200 and complaint.target_at(NOW, floor.jkt) == 1200
    assert complaint.of(scope).inputs["unmeasured"] == 1
    assert complaint.of(Scope(*day, site=floor.jkt, channel="whatsapp")).value is None
    assert complaint.of(Scope(*day)).value is None


def test_page_api_and_spreadsheet_say_the_same(floor: Floor, day: tuple[datetime, datetime], client: Client) -> None:
    client.force_login(floor.leader)
    query = f"first={day[0].astimezone(floor.jkt.zone):%Y-%m-%d}&last={day[0].astimezone(floor.jkt.zone):%Y-%m-%d}"
    page = client.get(f"/realtime/cases/?{query}")
    assert page.status_code == 200
    info, request_, complaint = page.context["categories"]
    assert (info["words"][1], request_["words"][1], complaint["words"][1]) == ("info", "success", "info")
    assert page.context["chart"]["series"][2]["values"] == [720.0, 1200.0, 1200.0]
    rows = client.get(page.context["channels"][0]["url"]).context["lines"]
    assert len(rows) == page.context["channels"][0]["row"].cases
    said = client.get(f"/api/v1/realtime/cases/?site=JKT&from={query[6:16]}&to={query[6:16]}").json()
    row = next(one for one in said["responses"] if one["category"] == "keluhan")
    assert (row["response_time"], row["unmeasured"], row["within_limit"]) == (1200.0, 1, 100.0)
    assert said["limits"][0] == {"category": "informasi", "target": 180.0, "limit": 720.0}
    assert len(said["waiting"]) == 5
    client.post("/exports/new/", {"kind": "realtime.cases", "query": query})
    job = Job.objects.get(kind="realtime.cases")
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == "done", job.error
    for bad in ("first=x", "last=1999-01-01", f"site={floor.ygy.pk}"):
        assert client.get(f"/realtime/cases/?{bad}").status_code == 422
    assert client.get("/api/v1/realtime/cases/?site=YGY&from=2026-11-20&to=2026-11-20").status_code == 404
    assert client.get("/api/v1/realtime/cases/?site=JKT&from=2026-11-20&to=2026-11-19").status_code == 400


def test_what_the_page_asks_does_not_grow(
    floor: Floor, day: tuple[datetime, datetime], tell: Tell, client: Client
) -> None:
    client.force_login(floor.leader)

    def asked(query: str) -> int:
        client.get(f"/realtime/cases/?{query}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/realtime/cases/?{query}").status_code == 200
        return len(queries)

    few = asked("first=2026-11-20&last=2026-11-20")
    for i in range(20):
        tell(*case(f"m{i}", NOW - timedelta(hours=3), 60, channel="social"))
    assert asked("first=2026-01-01&last=2026-11-20") == few <= 20
