"""The views that others read the floor by, the dashboard that stands on them, and the floor's metrics (RTM-16)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from occ.obligations.selectors import compliance
from occ.people.choices import Channel
from realtime.models import (
    Alert,
    AttendanceMark,
    Headcount,
    Interaction,
    Interval,
    PlanAction,
    RecoveryPlan,
    ShiftRecord,
    Source,
    StaffInterval,
)
from realtime.services.figures import total
from realtime.services.gauges import gauges
from realtime.services.intervals import QUARTER, quarter_of
from tests.factories import Floor, person
from tests.realtime.floors import known, rostered, shift, source

ROOT = Path(__file__).parent.parent.parent
DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/floor.json").read_text())
pytestmark = pytest.mark.req("RTM-16")


def rows(sql: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [one.name for one in cursor.description]
        return [dict(zip(names, one, strict=True)) for one in cursor.fetchall()]


@pytest.fixture
def worked(floor: Floor) -> datetime:
    """A floor on which a bit of everything goes on now; the instant."""
    now = timezone.now()
    last = quarter_of(now - timedelta(minutes=1)) - QUARTER
    Interval.objects.create(
        site=floor.jkt, channel="voice", starts_at=last, offered=10, answered=8, abandoned=2, within=6, handled=8,
        talk_ms=3_200_000, hold_ms=80_000, wrapup_ms=160_000, wait_ms=96_000, computed_at=now,
    )  # fmt: skip
    Interval.objects.create(
        site=floor.jkt, channel="email", starts_at=last, cases=4, submitted=3, within_limit=2, response_ms=900_000,
        computed_at=now,
    )  # fmt: skip
    StaffInterval.objects.create(
        site=floor.jkt, starts_at=last, available_ms=100_000, busy_ms=250_000, wrapup_ms=50_000, aux_ms=40_000,
        computed_at=now,
    )  # fmt: skip
    omni = source(at=now)
    silent = source("avaya", at=now - timedelta(hours=1))
    known(floor.agent, "aux", now - timedelta(minutes=7), of=omni, heard_at=now, reason="prayer")
    known(person(floor.jkt), "busy", now, of=omni, heard_at=now - timedelta(minutes=30))
    known(person(floor.jkt), "available", now, of=silent, heard_at=now)
    known(person(floor.ygy), "offline", now, of=omni, heard_at=now - timedelta(hours=9))
    Interaction.objects.create(
        source=omni,
        number="c1",
        site=floor.jkt,
        channel="voice",
        outcome="open",
        arrived_at=now - timedelta(seconds=90),
    )
    for kind, about in (("scr", "voice"), ("overrun", floor.agent.number)):
        figures = {"name": floor.agent.name} if kind == "overrun" else {}
        Alert.objects.create(site=floor.jkt, kind=kind, about=about, opened_at=now, seen_at=now, figures=figures)
    plan = RecoveryPlan.objects.create(
        site=floor.jkt, channel="voice", opened_at=now, opened_by=floor.leader, status="running", cause="traffic",
        analysis=floor.agent.name,
    )  # fmt: skip
    PlanAction.objects.create(plan=plan, kind="overtime", who=floor.agent.name, due_at=now)
    today = now.astimezone(floor.jkt.zone).date()
    for one, status in ((floor.agent, "present"), (person(floor.jkt), "absent")):
        rostered(one, now - timedelta(hours=9))
        ShiftRecord.objects.create(
            person=one, site=floor.jkt, day=today, kind="shift", code="P", status=status, starts_at=now, ends_at=now,
            in_ms=45, out_ms=15, planned_ms=50, worked_ms=40, late_ms=120_000, formula=1, computed_at=now,
        )  # fmt: skip
    AttendanceMark.objects.create(
        person=floor.agent, site=floor.jkt, day=today, status="late", said="present", note="macet", marked_at=now,
        marked_by=floor.leader,
    )  # fmt: skip
    Headcount.objects.create(
        site=floor.jkt,
        day=today,
        shift=shift(floor.jkt),
        starts_at=now,
        ends_at=now,
        counts={"rostered": 2, "there": 1},
    )
    floor.resign()
    return now


def test_figures_of_the_views_are_those_of_the_pages(worked: datetime, floor: Floor) -> None:
    last = quarter_of(worked - timedelta(minutes=1)) - QUARTER
    for one in rows("SELECT * FROM reporting.service_interval"):
        same = total(floor.jkt, one["channel"], last, last + QUARTER)
        for name in ("offered", "answered", "scr", "aht", "aht_with_wrapup", "asa", "service_level", "response_time"):
            assert one[name] == pytest.approx(same[name]), name
    (staff,) = rows("SELECT * FROM reporting.staff_interval")
    assert staff["occupancy"] == pytest.approx(total(floor.jkt, "voice", last, last + QUARTER)["occupancy"])
    found = {(one["site"], one["clause"]): one for one in rows("SELECT * FROM reporting.compliance")}
    for same_ in compliance(user=floor.manager, now=worked, by=("clause", "site")):
        one = found.pop((same_.site, same_.clause))
        assert (one["met"], one["late"], one["overdue"]) == (same_.met, same_.late, same_.overdue)
        assert (one["month"], one["share"]) == (same_.month, same_.share)
    assert found == {}


def test_what_goes_on_now(worked: datetime) -> None:
    now = {
        (one["site"], one["state"], one["reason"]): one["agents"] for one in rows("SELECT * FROM reporting.agents_now")
    }
    # Of whom a silent source told, and of whom nothing was heard for too long: not known.
    assert now == {("JKT", "aux", "prayer"): 1, ("JKT", "unknown", ""): 2, ("YGY", "offline", ""): 1}
    (queue,) = rows("SELECT * FROM reporting.queue_now")
    assert (queue["waiting"], queue["channel"]) == (1, "voice") and 89 < queue["oldest_seconds"] < 200
    states = {one["source"]: one["state"] for one in rows("SELECT * FROM reporting.source")}
    assert states == {"omni": "live", "avaya": "silent"}
    Source.objects.filter(code="avaya").update(heartbeat_seconds=0)
    assert {one["state"] for one in rows("SELECT * FROM reporting.source")} == {"live"}, "it tells changes only"
    alerts = {one["kind"]: one for one in rows("SELECT * FROM reporting.alert")}
    assert alerts["scr"]["about"] == "voice" and alerts["overrun"]["about"] == ""
    (plan,) = rows("SELECT * FROM reporting.recovery_plan")
    assert (plan["actions"], plan["actions_done"], plan["cause"]) == (1, 0, "traffic")
    (attended,) = rows("SELECT * FROM reporting.attendance_shift")
    # The team leader's word goes before the events'.
    assert (attended["rostered"], attended["present"], attended["late"], attended["absent"]) == (2, 0, 1, 1)
    assert (attended["adherence"], attended["conformance"], attended["late_minutes"]) == (75, 80, 4)
    (counted,) = rows("SELECT * FROM reporting.headcount")
    assert (counted["rostered"], counted["there"]) == (2, 1)


def views() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    sql = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'reporting'"
        " ORDER BY table_name, ordinal_position"
    )
    for one in rows(sql):
        found.setdefault(one["table_name"], []).append(one["column_name"])
    return found


@pytest.mark.django_db
def test_every_view_and_column_is_described() -> None:
    text = (ROOT / "docs/reporting.md").read_text().split("\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE))
    assert {view: re.findall(r"`(\w+)`", columns) for view, columns in told.items()} == views()


def test_the_views_name_nobody(worked: datetime, floor: Floor) -> None:
    secret = {floor.agent.name, floor.agent.number, floor.agent.email, floor.leader.username, "macet"}
    for view in views():
        said = str(rows(f"SELECT * FROM reporting.{view}"))
        assert said != "[]", view
        assert not [one for one in secret if one in said], view


# The dashboard ------------------------------------------------------------------------------------------------------


def spoken(sql: str, now: datetime) -> str:
    """As Grafana sends it: all sites, all channels, the last six hours."""
    start, end = ((now - timedelta(hours=6)).isoformat(), (now + timedelta(minutes=1)).isoformat())
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN '{start}' AND '{end}'", sql)
    sql = sql.replace("${site:sqlstring}", "'JKT','YGY'")
    sql = sql.replace("${channel:sqlstring}", ",".join(f"'{one}'" for one in Channel.values))
    assert "$" not in sql, sql
    return sql


@pytest.fixture
def reader(worked: datetime) -> Iterator[None]:
    """From now on the database is asked as by Grafana: as a role that may read these views and nothing else."""
    role = f"occ_reader_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}")
        cursor.execute("SELECT reporting.open_to(%s)", [role])
        cursor.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield
        cursor.execute("RESET ROLE")  # the transaction is undone, and the role with it


def test_the_reading_role_reads_the_views_and_nothing_else(reader: None) -> None:
    for sql in ("SELECT 1 FROM public.people_person", "DELETE FROM reporting.site", "SELECT reporting.open_to('x')"):
        with pytest.raises(ProgrammingError), transaction.atomic():
            rows(sql)
    assert rows("SELECT site FROM reporting.site ORDER BY 1") == [{"site": "JKT"}, {"site": "YGY"}]


PANELS = {one["title"]: one for one in DASHBOARD["panels"]}


@pytest.mark.parametrize("title", PANELS)
def test_every_panel_asks_what_there_is(title: str, worked: datetime, reader: None) -> None:
    panel = PANELS[title]
    assert panel["description"] and panel["datasource"]["uid"] == "occ-reporting"
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        tables = re.findall(r"(?:FROM|JOIN) (\S+)", target["rawSql"])
        assert tables and all(one.startswith("reporting.") for one in tables)
        found = rows(spoken(target["rawSql"], worked))
        assert found, "it shows nothing although something goes on"
        if target["format"] == "time_series":
            assert isinstance(found[0].get("time"), datetime)
            assert any(isinstance(value, (int, float)) or hasattr(value, "quantize") for value in found[0].values())
        if panel["type"] == "stat":
            (only,) = found
            assert next(iter(only.values())) is not None


def test_panels_do_not_overlap_and_variables_ask_what_there_is(worked: datetime, reader: None) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len(PANELS) == len({one["id"] for one in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    variables = {one["name"]: rows(one["query"]) for one in DASHBOARD["templating"]["list"]}
    assert [one["__value"] for one in variables["site"]] == ["JKT", "YGY"]
    assert [one["channel"] for one in variables["channel"]] == ["email", "voice"]


# Prometheus ---------------------------------------------------------------------------------------------------------


def told(now: datetime) -> dict[tuple[str, ...], float]:
    return {(one.name, *labels): value for one in gauges(now) for labels, value in one.rows}


def test_gauges_say_what_goes_on(worked: datetime) -> None:
    found = told(worked)
    assert found["occ_alerts_open", "JKT", "scr"] == 1 and found["occ_alerts_open", "YGY", "scr"] == 0
    assert found["occ_agents", "JKT", "aux"] == 1 and found["occ_agents", "JKT", "unknown"] == 2
    assert found["occ_agents", "JKT", "available"] == found["occ_agents", "JKT", "busy"] == 0
    assert found["occ_queue_waiting", "JKT", "voice"] == 1 and found["occ_queue_waiting", "YGY", "voice"] == 0
    assert found["occ_queue_oldest_seconds", "JKT", "voice"] == pytest.approx(90)
    assert found["occ_interval_offered", "JKT", "voice"] == 10
    assert found["occ_interval_scr_ratio", "JKT", "voice"] == pytest.approx(0.8)
    assert ("occ_interval_scr_ratio", "JKT", "email") not in found, "nothing to divide by"
    assert (found["occ_source_live", "omni"], found["occ_source_live", "avaya"]) == (1, 0)
    assert found["occ_source_silent_seconds", "avaya"] == pytest.approx(3600)
    assert found["occ_recovery_plans", "JKT", "running"] == 1


def test_gauges_are_cheap(worked: datetime) -> None:
    with CaptureQueriesContext(connection) as asked:
        list(gauges(worked))
    assert len(asked) == 7


@pytest.mark.django_db
@pytest.mark.parametrize(("minute", "start"), [(0, 30), (1, 45), (14, 45), (15, 45), (16, 0)])
def test_the_last_interval_is_the_one_that_is_over_and_had_a_minute(
    minute: int, start: int, floor: Floor
) -> None:  # fmt: skip
    now = datetime(2026, 11, 20, 3, minute, tzinfo=UTC)
    for at in (datetime(2026, 11, 20, 2, 30, tzinfo=UTC) + n * QUARTER for n in range(4)):
        Interval.objects.create(site=floor.jkt, channel="voice", starts_at=at, offered=at.minute, computed_at=now)
    assert told(now)["occ_interval_offered", "JKT", "voice"] == start
