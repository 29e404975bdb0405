"""Service figures and the way down to the events they are made of (RTM-10)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import load_workbook

from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.policies.models import Policy
from occ.times import local_day, start_of_day
from realtime.masking import body_shown, number_shown
from realtime.models import Correction, Interaction, Interval, Source, StaffInterval, Stale
from realtime.policies import WITHIN
from realtime.services.figures import figures, sources_of, total
from realtime.services.ingesting import Taken
from realtime.services.intervals import QUARTER, intervals_compute, quarter_of
from realtime.views.figures import shown
from tests.factories import NOW, Floor, user
from tests.realtime.conftest import event

pytestmark = pytest.mark.req("RTM-10")
Tell = Callable[..., Taken]
START = quarter_of(NOW - timedelta(hours=5))


def call(
    number: str, at: datetime, *, wait: int = 10, talk: int | None = 60, agent: str = "A1", **also: Any
) -> list[Any]:
    """One that is answered, or given up (`talk` None)."""
    said = {"interaction_id": number, "channel": "voice"} | also
    found = [event("interaction.offered", at, **said), event("interaction.queued", at, **said)]
    until = at + timedelta(seconds=wait)
    if talk is None:
        return [*found, event("interaction.abandoned", until, **said)]
    said |= {"agent": agent}
    end = until + timedelta(seconds=talk)
    return [*found, event("interaction.answered", until, **said), event("interaction.completed", end, **said)]


def url(path: str = "/realtime/figures/", at: datetime = START, **also: Any) -> str:
    day = at.astimezone(timezone.get_default_timezone()).date()
    return f"{path}?{urlencode({'channel': 'voice', 'first': day, 'last': day, 'interval': '15'} | also)}"


@pytest.fixture
def leader(floor: Floor, client: Client) -> Client:
    client.force_login(floor.leader)
    return client


# What is counted ------------------------------------------------------------------------------------------------------


def test_a_wait_that_cannot_be_true_is_in_no_average(floor: Floor, tell: Tell) -> None:
    tell(*call("c1", START, wait=30))
    was = total(floor.jkt, "voice", START, START + QUARTER)
    said = {"interaction_id": "c2", "channel": "voice", "agent": "A2"}
    tell(event("interaction.offered", START, **said),
         event("interaction.queued", START + timedelta(seconds=40), **said),
         event("interaction.answered", START + timedelta(seconds=20), **said),
         event("interaction.completed", START + timedelta(seconds=90), **said))  # fmt: skip
    assert Interaction.objects.get(number="c2").faults == ["negative"]
    row = total(floor.jkt, "voice", START, START + QUARTER)
    assert (row["answered"], row["untimed"], row["faults"]) == (2, 1, 1)
    assert row["asa"] == was["asa"] == 30.0 and row["aht"] == was["aht"] == 60.0
    assert row["within"] == 0 and row["scr"] == 100.0


def test_a_case_submitted_before_it_came_is_neither_quick_nor_slow(floor: Floor, tell: Tell) -> None:
    said = {"channel": "email", "category": "keluhan"}
    tell(event("case.opened", START, interaction_id="k1", **said),
         event("case.submitted", START + timedelta(seconds=700), interaction_id="k1", **said),
         event("case.opened", START, interaction_id="k2", **said),
         event("case.submitted", START - timedelta(seconds=60), interaction_id="k2", **said))  # fmt: skip
    row = total(floor.jkt, "email", START, START + QUARTER)
    assert (row["cases"], row["submitted"], row["unmeasured"]) == (2, 2, 1)
    assert (row["response_time"], row["on_target"]) == (700.0, 100.0)


def test_what_is_told_in_time_is_no_correction_and_what_is_told_late_says_what_it_changed(
    floor: Floor, tell: Tell
) -> None:
    at = NOW - timedelta(hours=4)
    opened, submitted = quarter_of(at), quarter_of(at) + timedelta(hours=3)
    case = {"interaction_id": "k1", "channel": "email", "category": "keluhan"}
    tell(event("case.opened", opened, **case), now=opened + timedelta(seconds=5))
    tell(event("case.submitted", submitted, **case), now=submitted + timedelta(seconds=5))
    row = Interval.objects.get(channel="email")
    assert (row.submitted, row.corrections, Correction.objects.count()) == (1, 0, 0), "a case simply took three hours"
    tell(*call("c1", START), now=START + timedelta(minutes=5))
    tell(*call("c2", START + timedelta(minutes=5), agent="A2"))
    corrected = Correction.objects.get()
    assert (corrected.was["offered"], corrected.became["offered"], corrected.channel) == (1, 2, "voice")
    assert Interval.objects.get(channel="voice").corrected_at == NOW
    with pytest.raises(DatabaseError), transaction.atomic():
        Correction.objects.update(was={})


def test_a_threshold_holds_from_its_day_on_and_no_quarter_sooner(floor: Floor, tell: Tell) -> None:
    midnight = start_of_day(local_day(NOW, floor.jkt.zone), floor.jkt.zone)
    Policy.objects.create(key=WITHIN, value=60, valid_from=midnight, set_at=midnight, reason="x")
    tell(*call("before", midnight - QUARTER, wait=30), *call("after", midnight, wait=30))
    assert list(Interval.objects.order_by("starts_at").values_list("within", flat=True)) == [0, 1]


def test_the_sources_of_a_figure_are_those_that_told_of_it(floor: Floor, tell: Tell) -> None:
    tell(*call("c1", START))
    Source.objects.create(code="other", name="Other")
    (source,) = sources_of(floor.jkt, "voice", START, START + QUARTER)
    assert source.code == "omni"
    assert not sources_of(floor.jkt, "voice", START + QUARTER, START + 2 * QUARTER)


# The page -------------------------------------------------------------------------------------------------------------


def test_the_page_says_what_a_figure_is_made_of(floor: Floor, tell: Tell, leader: Client) -> None:
    tell(*call("c1", START), *call("c2", START + timedelta(minutes=1), agent="A2"),
         *call("c3", START, talk=None, wait=3), *call("c4", START + 2 * QUARTER, agent="A3"))  # fmt: skip
    with translation.override("en"):
        page = leader.get(url(), headers={"accept-language": "en"})
    assert page.status_code == 200
    figure = {one["measure"].name: one for one in page.context["figures"]}
    assert (figure["scr"]["value"], figure["scr"]["tone"]) in {("75.00", "danger"), ("75,00", "danger")}
    assert [(str(one["label"]), one["value"]) for one in figure["scr"]["inputs"]][1][1] == "4"
    assert figure["aht"]["tone"] == "success"
    assert (figure["scr"]["of"], figure["aht"]["of"], figure["occupancy"]["of"]) == (4, 3, None)
    few = re.findall('<small class="occ-few">[^<]* ([0-9]+)</small>', page.content.decode())
    assert few == ["4", "4", "3", "3", "3", "4", "2", "1"], "a share of four calls says so, and each interval of fewer"
    assert [one["row"]["offered"] for one in page.context["lines"]] == [3, 1]
    assert [one.code for one in page.context["sources"]] == ["omni"]
    (chart,) = [one for one in page.context["charts"] if one["id"] == "scr"]
    assert chart["chart"]["target"] == 90.0
    assert chart["chart"]["series"][0]["values"] == [66.67, None, 100.0], "time goes on where nothing arrived"
    (arrived,) = [one["chart"] for one in page.context["charts"] if one["id"] == "arrived"]
    assert arrived["series"][0]["values"] == [3, 0, 1] and len(arrived["labels"]) == len(arrived["urls"]) == 3
    behind = leader.get(page.context["lines"][0]["url"])
    assert sorted(one["number"] for one in behind.context["lines"]) == ["c1", "c2", "c3"]
    empty = leader.get(url(at=START - timedelta(days=40)))
    assert empty.status_code == 200 and not empty.context["lines"]


@pytest.mark.parametrize(
    "bad", ["first=2026-13-01", "last=1999-01-01", "interval=7", "channel=fax", "first=2020-01-01"]
)
def test_what_cannot_be_asked_is_said_at_its_field(leader: Client, bad: str) -> None:
    page = leader.get(f"/realtime/figures/?{bad}")
    assert page.status_code == 422 and page.context["form"].errors


def test_a_foreign_site_is_none(floor: Floor, leader: Client, tell: Tell) -> None:
    tell(*call("c9", START, site="YGY"))
    assert leader.get(url(site=floor.ygy.pk)).status_code == 422
    foreign = Interaction.objects.get(number="c9")
    assert foreign.site == floor.ygy
    assert leader.get(foreign.get_absolute_url()).status_code == 404
    assert not leader.get(f"/realtime/interactions/?since={START:%Y-%m-%dT00:00}").context["lines"]


def test_what_the_pages_ask_the_database(floor: Floor, tell: Tell, leader: Client) -> None:
    def asked(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert leader.get(address).status_code == 200
        return len(queries)

    since = f"since={START.astimezone(timezone.get_default_timezone()):%Y-%m-%dT%H:%M}"
    lists = [
        url(),
        f"/realtime/interactions/?{since}",
        f"/realtime/faults/?{since}",
        f"/realtime/faults/events/?{since}",
    ]
    tell(*call("c1", START, agent=""), event("agent.sneeze", START))
    for one in lists:
        leader.get(one)
    few = [asked(one) for one in lists]
    for i in range(12):
        tell(*call(f"d{i}", START + i * timedelta(minutes=5), agent=""), event("agent.sneeze", START))
    assert [asked(one) for one in lists] == few
    assert max(few) <= 24, few


def test_the_same_as_a_spreadsheet(floor: Floor, tell: Tell, leader: Client) -> None:
    tell(*call("c1", START), *call("c2", START, talk=None))
    query = url().partition("?")[2]
    leader.post("/exports/new/", {"kind": "realtime.figures", "query": query})
    job = Job.objects.get(kind="realtime.figures")
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == "done", job.error
    from django.core.files.storage import storages

    with storages["default"].open(job.output_file) as file:
        book = load_workbook(io.BytesIO(file.read()))
    head, first, *more = book.worksheets[0].iter_rows(values_only=True)
    assert not more and first[2:5] == (2, 1, 1) and 50 in first
    assert len(head) == len(first)
    leader.post("/exports/new/", {"kind": "realtime.figures", "query": "interval=nonsense"})
    job = Job.objects.filter(kind="realtime.figures").latest("created_at")
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == "refused"


@pytest.mark.parametrize(("value", "digits", "text"), [(77.777, 2, "77,78"), (1234.5, 0, "1.234"), (None, 2, "–")])
def test_a_figure_is_rounded_and_not_cut_off(value: float | None, digits: int, text: str) -> None:
    with translation.override("id"):
        assert shown(value, digits) == text


def test_an_agent_s_time_is_cut_at_the_borders_of_quarters_whichever_are_asked(floor: Floor, tell: Tell) -> None:
    at = START + timedelta(minutes=10)
    tell(event("agent.state", at, agent="A1", state="busy"),
         event("agent.state", at + timedelta(minutes=40), agent="A1", state="wrapup"),
         event("agent.logout", at + timedelta(minutes=50), agent="A1"))  # fmt: skip
    expected = [(300, 0), (900, 0), (900, 0), (300, 600), (0, 0)]

    def found() -> list[tuple[int, int]]:
        rows = StaffInterval.objects.filter(starts_at__gte=START).order_by("starts_at")[:5]
        return [(one.busy_ms // 1000, one.wrapup_ms // 1000) for one in rows]

    assert found() == expected[: len(found())] and len(found()) >= 4
    for chosen in ([0, 2], [1], [0, 1, 2, 3]):
        StaffInterval.objects.all().update(busy_ms=1, wrapup_ms=1)
        Stale.objects.bulk_create(
            [Stale(site=floor.jkt, channel="", starts_at=START + i * QUARTER, since=NOW) for i in chosen]
        )
        intervals_compute(now=NOW)
        again = found()
        assert [again[i] for i in chosen] == [expected[i] for i in chosen]


# Down to the events ---------------------------------------------------------------------------------------------------


def test_events_are_shown_as_they_came_without_customers(floor: Floor, tell: Tell, leader: Client) -> None:
    said = {"phone": "081234567890", "customer": {"name": "Budi Santoso"}, "note": "call back 0812-3456-7890"}
    tell(*reversed(call("6281234567890", START, **said)))
    one = Interaction.objects.get()
    page = leader.get(one.get_absolute_url())
    text = page.content.decode()
    assert "Budi" not in text and "081234567890" not in text and "7890" not in text and one.number not in text
    assert page.context["events"][0]["row"].type == "interaction.completed"
    assert "interaction.answered" in text and page.context["form"] is None
    assert leader.post(f"/realtime/interactions/{one.pk}/read/", {"purpose": "audit"}).status_code == 403


def test_reading_customers_data_leaves_its_entry(floor: Floor, tell: Tell, client: Client) -> None:
    tell(*call("c1", START, phone="081234567890"))
    one = Interaction.objects.get()
    coordinator = user(Role.COORDINATOR, floor.jkt)
    client.force_login(coordinator)
    before = Entry.objects.count()
    assert client.get(one.get_absolute_url()).status_code == 200 and Entry.objects.count() == before
    assert client.post(f"/realtime/interactions/{one.pk}/read/", {"purpose": ""}).status_code == 422
    assert client.post(f"/realtime/interactions/{one.pk}/read/", {"purpose": "gossip"}).status_code == 422
    assert Entry.objects.count() == before
    page = client.post(f"/realtime/interactions/{one.pk}/read/", {"purpose": "dispute", "note": "from 081234567890"})
    assert "081234567890" in page.content.decode() and "no-store" in page.headers["Cache-Control"]
    entry = Entry.objects.get(action="interaction.read")
    assert (entry.actor, entry.data["purpose"], entry.data["number"]) == (coordinator, "dispute", "c1")
    assert "081234567890" not in str(entry.data)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("6281234567890", "•••90"), ("+6281234567890", "•••90"), ("call-081234567890", "call-•••90"),
     ("VO1129121530a1f2117", "VO1129121530a1f2117"), ("19990104|L5|5", "19990104|L5|5")],
)  # fmt: skip
def test_a_number_that_is_a_telephone_number_is_hidden(number: str, shown: str) -> None:
    assert number_shown(number) == shown


def test_what_of_a_body_is_hidden() -> None:
    body = {"agent": "Sri", "state": "busy", "customer_name": "Sri", "tags": ["a@b.id", "vip"], "deep": {"agent": "x"},
            "amount": 3201123456789012, "ok": True, "none": None}  # fmt: skip
    assert body_shown(body) == {
        "agent": "Sri", "state": "busy", "customer_name": "•••", "tags": ["•••@•••", "vip"], "deep": {"agent": "x"},
        "amount": "•••12", "ok": True, "none": None,
    }  # fmt: skip
    nested: dict[str, Any] = {"phone": "1"}
    for _one in range(30):
        nested = {"in": nested}
    assert '"1"' not in str(body_shown(nested))


# Faults ---------------------------------------------------------------------------------------------------------------


def test_faults_are_listed_by_kind_and_what_was_not_understood_beside_them(
    floor: Floor, tell: Tell, leader: Client
) -> None:
    tell(*call("nobody", START, agent=""), *call("good", START),
         *call("long", START - timedelta(hours=11), talk=10 * 3600, agent="A4"),
         event("agent.sneeze", START, agent="A1", phone="081234567890"))  # fmt: skip
    since = f"since={(START - timedelta(hours=12)).astimezone(timezone.get_default_timezone()):%Y-%m-%dT%H:%M}"

    def numbers(query: str = "") -> list[str]:
        return sorted(one["number"] for one in leader.get(f"/realtime/faults/?{since}{query}").context["lines"])

    assert numbers() == ["long", "nobody"]
    assert numbers("&fault=no_agent") == ["nobody"] and numbers("&fault=too_long") == ["long"]
    assert numbers("&q=long") == ["long"] and numbers("&q=good") == []
    assert numbers("&channel=chat") == []
    page = leader.get("/realtime/faults/events/?q=sneeze")
    (line,) = page.context["lines"]
    assert line["row"].type == "agent.sneeze" and "081234567890" not in page.content.decode()
    (row,) = figures(site=floor.jkt, channel="voice", first=local_day(START, floor.jkt.zone),
                     last=local_day(START, floor.jkt.zone), interval="day")  # fmt: skip
    assert row["faults"] >= 1 and row["handled"] == 1
    linked = leader.get(url())
    assert linked.context["faults_url"] and leader.get(linked.context["faults_url"]).context["lines"]


@pytest.mark.req("RTM-4", "RTM-10")
@pytest.mark.parametrize("number", ["081234567890", "0812-3456-7890", "+62 812 3456 7890", "0215551234", "0274 512345"])
def test_a_customers_number_is_hidden_wherever_it_stands(number: str) -> None:
    assert (
        number not in number_shown(f"call {number}") and number_shown("call-2026-11-29-0007") == "call-2026-11-29-0007"
    )
    shown = str(body_shown({number: {"pelanggan": "Budi Santoso", "message": "halo"}, "agent": "A1", "extra": number}))
    assert number not in shown and "Budi" not in shown and "halo" not in shown and "A1" in shown
