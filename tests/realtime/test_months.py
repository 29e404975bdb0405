"""The month in the client's terms: against SLG and KPI, frozen, later corrections as revisions (RTM-12)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from occ.documents.models import IssuedDocument
from occ.errors import Invalid, NotAllowed, WrongState
from occ.figures.registry import FIGURES, Scope
from occ.notifications.models import Notification
from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.policies.models import Policy
from occ.times import start_of_day
from realtime.deriving.links import LinkEvent, availability
from realtime.models import MonthRevision, ServiceMonth
from realtime.policies import SCR
from realtime.services.ingesting import Taken
from realtime.services.months import (
    changed_since_frozen,
    differences,
    latest,
    month_freeze,
    month_revise,
    months_freeze,
    rows_of,
    span_of,
)
from tests.factories import NOW, PASSWORD, Floor, user
from tests.realtime.conftest import event
from tests.realtime.test_cases import case
from tests.realtime.test_figures import call

pytestmark = pytest.mark.req("RTM-12")
Tell = Callable[..., Taken]
OCTOBER = date(2026, 10, 1)


@pytest.fixture
def october(floor: Floor, tell: Tell) -> datetime:
    """Two calls of which one is answered, cases, and six hours without the link; the start of the month."""
    start = start_of_day(OCTOBER, floor.jkt.zone)
    at = start + timedelta(days=4)
    tell(*call("c1", at, talk=400), *call("c2", at, talk=None), *case("k1", at, 100),
         *case("k2", at, 800, "permintaan"),
         event("link.down", at, link="MPLS"), event("link.up", at + timedelta(hours=6), link="MPLS"),
         event("link.up", start - timedelta(days=1), link="Omni", category="system"))  # fmt: skip
    return start


def row(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    return next(one for one in rows if one["key"] == f"realtime.{key}")


# Links ----------------------------------------------------------------------------------------------------------------

AT = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def said(*events: tuple[float, bool], name: str = "a") -> list[LinkEvent]:
    return [LinkEvent(AT + hours * timedelta(hours=1), 0, f"{name}{i}", name, up)
            for i, (hours, up) in enumerate(events)]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "known", "down", "outages"),
    [
        (said(), 0, 0, 0),  # nothing is known: never 100 %
        (said((-5, True)), 24, 0, 0),
        (said((6, True)), 18, 0, 0),  # before it came up nobody knows
        (said((6, False)), 24, 18, 1),  # what goes down had been up
        (said((-5, False)), 24, 24, 1),
        (said((6, False), (12, True)), 24, 6, 1),
        (said((6, False), (7, False), (12, True), (13, True)), 24, 6, 1),  # said twice
        (said((-3, False), (2, True), (23, False), (30, True)), 24, 3, 2),
        (said((6, False), (6, True)), 24, 0, 0),
        ([*said((6, False), (12, True)), *said((0, True), name="b")], 48, 6, 1),
        (said((25, False)), 24, 0, 0),
    ],
)
def test_how_long_links_were_up(events: list[LinkEvent], known: float, down: float, outages: int) -> None:
    found = availability(reversed(events), AT, AT + DAY)
    assert (found.known, found.down) == (timedelta(hours=known), timedelta(hours=down))
    assert len(found.outages) == outages
    assert found.percent == (None if not known else pytest.approx(100 * (1 - down / known)))


# The month ------------------------------------------------------------------------------------------------------------


def test_each_figure_against_its_target(floor: Floor, october: datetime) -> None:
    rows = rows_of(floor.jkt, OCTOBER, NOW)
    assert [one["key"] for one in rows] == [
        "realtime.scr", "realtime.aht", "realtime.response.informasi", "realtime.response.permintaan",
        "realtime.response.keluhan", "coaching.qm", "realtime.link_availability", "realtime.system_availability",
    ]  # fmt: skip
    qm = next(one for one in rows if one["key"] == "coaching.qm")
    assert "coaching.qm" in FIGURES or (qm["value"], qm["result"]) == (None, "unrecorded"), "told so, not left out"
    scr, aht = row(rows, "scr"), row(rows, "aht")
    assert (scr["value"], scr["target"], scr["result"], scr["inputs"]["offered"]) == (50.0, 90.0, "missed", 2)
    assert (aht["value"], aht["result"]) == (400.0, "met")
    info, ask = row(rows, "response.informasi"), row(rows, "response.permintaan")
    assert (info["value"], info["target"], info["limit"], info["result"]) == (100.0, 180.0, 720.0, "met")
    assert (ask["value"], ask["result"]) == (800.0, "limit")
    assert (row(rows, "response.keluhan")["value"], row(rows, "response.keluhan")["result"]) == (None, "unknown")
    link = row(rows, "link_availability")
    assert link["value"] == round(100 * (1 - 6 / (31 * 24)), 2) and link["target"] == 95.0
    assert row(rows, "system_availability")["value"] == 100.0
    start, end = span_of(floor.jkt, OCTOBER)
    assert FIGURES["realtime.scr"].of(Scope(start, end, site=floor.jkt)).value == 50.0
    assert all(one["value"] is None for one in rows_of(floor.ygy, OCTOBER, NOW)[:5])


def test_a_frozen_month_is_issued_and_the_client_is_told(floor: Floor, october: datetime) -> None:
    client = user(Role.CLIENT, floor.jkt)
    made = month_freeze(site=floor.jkt, month=OCTOBER, actor=floor.coordinator, now=NOW)
    assert (made.number, made.frozen_by) == (0, floor.coordinator)
    document = IssuedDocument.objects.get(type_code="LKL")
    assert document in IssuedDocument.objects.visible_to(client)
    assert (document.period_from, document.period_to) == (OCTOBER, date(2026, 10, 31))
    assert "MPLS" in str(document.data) and "50,00 %" in str(document.data)
    assert Notification.objects.filter(user=client, kind="realtime.month_frozen").exists()
    with pytest.raises(WrongState):
        month_freeze(site=floor.jkt, month=OCTOBER, actor=floor.coordinator, now=NOW)


def test_what_cannot_be_frozen(floor: Floor, october: datetime) -> None:
    with pytest.raises(NotAllowed):
        month_freeze(site=floor.jkt, month=OCTOBER, actor=floor.leader, now=NOW)
    with pytest.raises(WrongState):
        month_freeze(site=floor.jkt, month=OCTOBER, actor=floor.coordinator, now=span_of(floor.jkt, OCTOBER)[1] - DAY)
    with pytest.raises(Invalid):
        month_freeze(site=floor.jkt, month=date(2020, 1, 1), actor=floor.coordinator, now=NOW)
    with pytest.raises(NotAllowed):
        month_freeze(site=floor.ygy, month=OCTOBER, actor=floor.coordinator, now=NOW)
    assert not ServiceMonth.objects.exists() and not IssuedDocument.objects.exists()


def test_a_late_correction_is_a_revision_and_the_first_stays(floor: Floor, october: datetime, tell: Tell) -> None:
    first = month_freeze(site=floor.jkt, month=OCTOBER, actor=BEAT, now=NOW)
    with pytest.raises(WrongState):
        month_revise(month_id=first.month_id, reason="nothing", actor=floor.coordinator, now=NOW)
    tell(*call("c3", october + timedelta(days=5), talk=200, agent="A2"))
    frozen = latest(first.month)
    assert row(frozen.figures, "scr")["value"] == 50.0, "frozen"
    changes = differences(frozen.figures, rows_of(floor.jkt, OCTOBER, NOW))
    assert {one["key"] for one in changes} == {"realtime.scr", "realtime.aht"}
    with pytest.raises(Invalid):
        month_revise(month_id=first.month_id, reason=" ", actor=floor.coordinator, now=NOW)
    with pytest.raises(NotAllowed):
        month_revise(month_id=first.month_id, reason="x", actor=floor.leader, now=NOW)
    second = month_revise(month_id=first.month_id, reason="Laporan menyusul", actor=floor.coordinator, now=NOW)
    change = next(one for one in second.changes if one["key"] == "realtime.scr")
    assert (second.number, change["old"], change["new"]) == (1, 50.0, 66.67)
    assert change["inputs"]["offered"] == [2, 3]
    assert row(MonthRevision.objects.get(pk=first.pk).figures, "scr")["value"] == 50.0
    old, new = IssuedDocument.objects.filter(type_code="LKL").order_by("revision")
    assert (old.status, new.status, new.revision) == ("superseded", "valid", old.revision + 1)
    assert old.number == new.number and "66,67 %" in str(new.data) and new.reason == "Laporan menyusul"


def test_a_target_that_changes_afterwards_changes_nothing(floor: Floor, october: datetime) -> None:
    made = month_freeze(site=floor.jkt, month=OCTOBER, actor=BEAT, now=NOW)
    Policy.objects.create(key=SCR, value=40, valid_from=NOW, set_at=NOW, reason="x")
    assert row(latest(made.month).figures, "scr")["target"] == 90.0
    assert row(rows_of(floor.jkt, OCTOBER, NOW), "scr")["target"] == 90.0
    assert not differences(made.figures, rows_of(floor.jkt, OCTOBER, NOW))


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE realtime_monthrevision SET figures = '[]'", "DELETE FROM realtime_monthrevision",
        "TRUNCATE realtime_monthrevision CASCADE", "UPDATE realtime_servicemonth SET month = '2026-09-01'",
        "DELETE FROM realtime_servicemonth",
        "INSERT INTO realtime_monthrevision (month_id, number, figures, outages, frozen_at, reason, changes)"
        " SELECT id, 2, '[]', '[]', now(), 'x', '[1]' FROM realtime_servicemonth",
        "INSERT INTO realtime_monthrevision (month_id, number, figures, outages, frozen_at, reason, changes)"
        " SELECT id, 1, '[]', '[]', now(), ' ', '[1]' FROM realtime_servicemonth",
        "INSERT INTO realtime_monthrevision (month_id, number, figures, outages, frozen_at, reason, changes)"
        " SELECT id, 1, '[]', '[]', now(), 'x', '[]' FROM realtime_servicemonth",
        "INSERT INTO realtime_monthrevision (month_id, number, figures, outages, frozen_at, reason, changes)"
        " SELECT id, 1, '[]', '[]', '2026-10-31 16:59:59+00', 'x', '[1]' FROM realtime_servicemonth",
    ],
)  # fmt: skip
def test_the_database_lets_nobody_change_a_frozen_month(floor: Floor, october: datetime, deed: str) -> None:
    month_freeze(site=floor.jkt, month=OCTOBER, actor=BEAT, now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)


def test_beat_freezes_what_is_over_and_known_once(floor: Floor, october: datetime) -> None:
    end = span_of(floor.jkt, OCTOBER)[1]
    assert months_freeze(now=end + timedelta(hours=23, minutes=59)) == 0
    assert months_freeze(now=end + timedelta(hours=24)) == 1
    made = MonthRevision.objects.get()
    assert (made.frozen_by, made.month.site, made.month.month) == (None, floor.jkt, OCTOBER)
    assert months_freeze(now=end + timedelta(days=3)) == 0
    assert months_freeze(now=end + timedelta(days=300)) == 0


def test_beat_catches_up_after_a_month_away(floor: Floor, october: datetime) -> None:
    assert months_freeze(now=span_of(floor.jkt, OCTOBER)[1] + timedelta(days=32)) == 1


# Pages ----------------------------------------------------------------------------------------------------------------


def test_the_pages(floor: Floor, october: datetime, tell: Tell, client: Client) -> None:
    client.force_login(floor.coordinator)
    page = client.get("/realtime/months/new/?month=2026-10")
    assert page.status_code == 200 and page.context["may"]
    tones = {one["key"]: (one["tone"], one["of"]) for one in page.context["figures"]}
    assert tones["realtime.response.permintaan"] == ("info", 1), "within the limit is no warning"
    assert tones["realtime.scr"] == ("danger", 2) and page.content.decode().count('class="occ-few"') == 4
    assert not client.get("/realtime/months/new/?month=2100-10").context["may"]
    for bad in ("month=2026-13", "month=x", "month=0001-01", f"site={floor.ygy.pk}"):
        assert client.get(f"/realtime/months/new/?{bad}").status_code == 422
    answer = client.post("/realtime/months/new/", {"site": floor.jkt.pk, "month": "2026-10"})
    assert answer.status_code == 302
    assert client.post("/realtime/months/new/", {"site": floor.jkt.pk, "month": "2026-10"}).status_code == 422
    month = ServiceMonth.objects.get()
    assert answer["Location"] == month.get_absolute_url()
    assert client.get(month.get_absolute_url()).context["form"] is None
    tell(*call("c3", october + timedelta(days=5), talk=200, agent="A2"))
    page = client.get(month.get_absolute_url())
    assert page.context["differences"] and page.context["form"]
    revise = f"/realtime/months/{month.pk}/revise/"
    assert client.post(revise, {"note": ""}).status_code == 422
    assert client.post(revise, {"note": "Laporan menyusul"}).status_code == 302
    page = client.get(f"{month.get_absolute_url()}?revision=0")
    assert not page.context["latest"] and page.context["revision"].number == 0
    said_ = client.get("/api/v1/realtime/months/?site=JKT&since=2026-10-15").json()
    assert (said_[0]["revision"], row(said_[0]["figures"], "scr")["value"]) == (1, 66.67)
    assert client.get("/api/v1/realtime/months/?until=2026-09-30").json() == []


def test_the_client_sees_what_is_frozen_and_no_more(
    floor: Floor, october: datetime, tell: Tell, client: Client
) -> None:
    month = month_freeze(site=floor.jkt, month=OCTOBER, actor=BEAT, now=NOW).month
    tell(*call("c3", october + timedelta(days=5), talk=200, agent="A2"))
    client.force_login(user(Role.CLIENT, floor.jkt))
    assert len(client.get("/realtime/months/").context["lines"]) == 1
    page = client.get(month.get_absolute_url())
    assert page.status_code == 200 and not page.context["differences"] and page.context["documents"]
    assert client.get("/realtime/months/new/").status_code == 403
    assert client.get("/realtime/figures/").status_code == 403
    # From "Today" and from the month to the place where it is signed, until somebody of theirs has.
    report = IssuedDocument.objects.get(type_code="LKL")
    where = f"{report.get_absolute_url()}?purpose=approved#sign"
    today = client.get("/").content.decode()
    assert escape(where) in today and "Bulan untuk ditandatangani" in today
    assert page.context["to_sign"] == where and escape(where) in page.content.decode()
    form = client.get(where)
    assert form.context["form"]["purpose"].value() == "approved"
    sent = {"purpose": "approved", "password": PASSWORD}
    assert client.post(f"/documents/{report.pk}/sign/", sent).status_code == 302
    assert escape(where) not in client.get("/").content.decode()
    page = client.get(month.get_absolute_url())
    assert not page.context["to_sign"] and [one.document for one in page.context["signatures"]] == [report]
    assert client.get("/realtime/months/").context["lines"][0]["signed"] == page.context["signatures"][0]
    month_revise(month_id=month.pk, reason="susulan", actor=floor.coordinator, now=NOW)
    assert client.get(month.get_absolute_url()).context["to_sign"], "a revision is signed anew"
    leader = Client()
    leader.force_login(floor.leader)
    assert not leader.get(month.get_absolute_url()).context["to_sign"]
    other = Client()
    other.force_login(user(Role.CLIENT, floor.ygy))
    assert other.get(month.get_absolute_url()).status_code == 404
    assert not other.get("/realtime/months/").context["lines"]


def test_the_list_asks_no_more_for_more_months(floor: Floor, october: datetime, tell: Tell, client: Client) -> None:
    client.force_login(floor.leader)
    month_freeze(site=floor.jkt, month=OCTOBER, actor=BEAT, now=NOW)

    def asked() -> int:
        client.get("/realtime/months/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/realtime/months/").status_code == 200
        return len(queries)

    few = asked()
    for month in (8, 9):
        tell(*call(f"m{month}", start_of_day(date(2026, month, 3), floor.jkt.zone)))
        month_freeze(site=floor.jkt, month=date(2026, month, 1), actor=BEAT, now=NOW)
    assert asked() == few <= 20


def test_what_came_in_since_the_freeze_is_told_to_who_revises(
    floor: Floor, october: datetime, tell: Tell, client: Client
) -> None:
    month = month_freeze(site=floor.jkt, month=OCTOBER, actor=BEAT, now=NOW).month
    client.force_login(floor.coordinator)
    assert not list(changed_since_frozen(floor.coordinator, NOW))
    tell(*call("c3", october + timedelta(days=5), talk=200, agent="A2"), now=NOW + timedelta(minutes=5))
    assert list(changed_since_frozen(floor.coordinator, NOW)) == [month]
    assert not list(changed_since_frozen(floor.leader, NOW)), "who cannot revise it is not asked to"
    page = client.get("/").content.decode()
    assert "Terbitkan revisi" in page and month.get_absolute_url() in page
    month_revise(month_id=month.pk, reason="susulan", actor=floor.coordinator, now=NOW + timedelta(minutes=9))
    assert not list(changed_since_frozen(floor.coordinator, NOW))


def test_a_report_issued_by_itself_says_so_in_words(floor: Floor, october: datetime, client: Client) -> None:
    month_freeze(site=floor.jkt, month=OCTOBER, actor=BEAT, now=NOW)
    report = IssuedDocument.objects.get(type_code="LKL")
    client.force_login(user(Role.CLIENT, floor.jkt))
    page = client.get(report.get_absolute_url())
    assert "system:beat" not in page.content.decode() and report.issuer == "Sistem"
    assert "PT Pegadaian" not in str(report.data), "no empty place for a signature that is given on the page"
    offered = [value for value, _label in page.context["form"].fields["purpose"].choices]
    assert offered == ["approved"], "the client approves, and is offered nothing else"
    sent = {"purpose": "acknowledged", "password": PASSWORD}
    assert client.post(f"/documents/{report.pk}/sign/", sent).status_code == 422
