"""The access matrix of realtime's sources and events (KER-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site, User
from realtime.models import (
    FLOOR_READERS,
    MONTH_READERS,
    ROSTER_READERS,
    SOURCE_READERS,
    Alert,
    Handover,
    Headcount,
    Interaction,
    MonthRevision,
    ReportImport,
    ReportMapping,
    ServiceMonth,
    Source,
)
from realtime.services.alerting import ACKNOWLEDGERS
from realtime.services.headcounts import MARKERS
from realtime.services.ingesting import SENDERS
from realtime.services.months import FREEZERS
from realtime.services.reading_events import UNMASKED
from realtime.services.recovery import plan_open
from realtime.services.sources import KEEPERS
from realtime.workflow import HANDOVER, LEADERS, PLANNERS, RECOVERY
from tests.access.matrix import EVERYBODY, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import person
from tests.realtime.floors import shift

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
READERS, FLOOR = set(SOURCE_READERS), set(FLOOR_READERS)
IMPORTS = READERS | {Role.HEAD_MANAGER}
WEEK = "?start=2026-11-20T00:00:00Z&end=2026-11-27T00:00:00Z"
ROWS: dict[str, Row] = {
    "realtime:sources": Row(get=READERS),
    "realtime:source": Row(get=READERS, of="source", sees=READERS),
    "realtime:source_edit": Row(get=set(KEEPERS), post=set(KEEPERS), of="source", sees=READERS),
    "realtime:source_retry": Row(post=set(KEEPERS), of="source", sees=READERS),
    "api:realtime-events": Row(post=set(SENDERS)),
    "api:realtime-planned": Row(get={*ROSTER_READERS, Role.AGENT}, query=WEEK),
    "api:realtime-figures": Row(get=FLOOR, query="?site=JKT&from=2026-11-20&to=2026-11-20"),
    "realtime:figures": Row(get=FLOOR),
    "realtime:months": Row(get=set(MONTH_READERS)),
    "realtime:month": Row(get=set(MONTH_READERS), of="month", sees=set(MONTH_READERS)),
    "realtime:month_new": Row(get=FLOOR, post=set(FREEZERS)),
    "realtime:month_revise": Row(post=set(FREEZERS), of="month", sees=set(MONTH_READERS)),
    "api:realtime-months": Row(get=set(MONTH_READERS)),
    "realtime:cases": Row(get=FLOOR),
    "api:realtime-cases": Row(get=FLOOR, query="?site=JKT&from=2026-11-20&to=2026-11-20"),
    "realtime:reports:import": Row(get=set(SENDERS), post=set(SENDERS)),
    "realtime:reports:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "realtime:reports:import_mapping": Row(get=EVERYBODY, post=EVERYBODY, of="job", sees=set()),
    "realtime:reports:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "realtime:reports:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "realtime:reports:mapping": Row(get=READERS, post=set(SENDERS), of="mapping", sees=READERS),
    "realtime:reports:imported": Row(get=IMPORTS, post=set(SENDERS), of="imported", sees=IMPORTS),
    "api:realtime-imports": Row(get=READERS),
    "api:realtime-import-withdraw": Row(post=set(SENDERS), of="imported", sees=IMPORTS),
    "realtime:interactions": Row(get=FLOOR),
    "realtime:interaction": Row(get=FLOOR, of="interaction", sees=FLOOR),
    "realtime:interaction_read": Row(post=set(UNMASKED), of="interaction", sees=FLOOR),
    "realtime:faults": Row(get=FLOOR),
    "realtime:parked": Row(get=FLOOR),
    "realtime:alerts": Row(get=FLOOR),
    "realtime:alert": Row(get=FLOOR, of="alert", sees=FLOOR),
    "realtime:alert_acknowledge": Row(post=set(ACKNOWLEDGERS), of="alert", sees=FLOOR),
    "realtime:alert_dismiss": Row(post={Role.COORDINATOR}, of="alert", sees=FLOOR),
    "realtime:plans": Row(get=FLOOR),
    "realtime:plan_new": Row(get=set(PLANNERS), post=set(PLANNERS)),
    "realtime:plan": Row(get=FLOOR, of="plan", sees=FLOOR),
    "realtime:plan_action_add": Row(post=set(PLANNERS), of="plan", sees=FLOOR),
    "realtime:plan_expect": Row(post=set(PLANNERS), of="plan", sees=FLOOR),
    "realtime:plan_action_done": Row(post=set(PLANNERS), of="action", sees=FLOOR),
    "realtime:plan_action_drop": Row(post=set(PLANNERS), of="action", sees=FLOOR),
    "realtime:attendance": Row(get=set(ROSTER_READERS)),
    "realtime:attendance_month": Row(get=set(ROSTER_READERS)),
    "realtime:attendance_records": Row(get={*ROSTER_READERS, Role.AGENT}),
    "realtime:headcount_hand": Row(post=set(MARKERS), of="headcount", sees=set(ROSTER_READERS)),
    "realtime:attendance_person_day": Row(
        get=set(ROSTER_READERS), of="person", sees=set(ROSTER_READERS), kwargs={"day": "2026-11-20"}
    ),
    "realtime:attendance_mark": Row(
        post=set(MARKERS), of="person", sees=set(ROSTER_READERS), kwargs={"day": "2026-11-20"}
    ),
    "api:realtime-attendance": Row(get={*ROSTER_READERS, Role.AGENT}, query="?from=2026-11-01&to=2026-11-20"),
    "realtime:handovers": Row(get=FLOOR),
    "realtime:handover_new": Row(get=set(LEADERS), post=set(LEADERS)),
    "realtime:handover": Row(get=FLOOR, of="handover", sees=FLOOR),
    "realtime:what_if": Row(get=FLOOR),
}
for one in RECOVERY.transitions:
    ROWS[f"realtime:plan_step/{one.name}"] = Row(
        post={Role(role) for role in one.by_roles}, of="plan", sees=FLOOR, kwargs={"transition": one.name}
    )

for one in HANDOVER.transitions:
    ROWS[f"realtime:handover_step/{one.name}"] = Row(
        post={Role(role) for role in one.by_roles}, of="handover", sees=FLOOR, kwargs={"transition": one.name}
    )


def objects_of(where: Site) -> dict[str, Any]:
    now, drawer = timezone.now(), User.objects.create_user(f"drawer.{where.code}")
    alert = Alert.objects.create(site=where, kind="aux", about="", opened_at=now, seen_at=now)
    RoleAssignment.objects.create(user=drawer, role=Role.RTFM, site=where, starts_on="2020-01-01")
    plan = plan_open(site=where, channel="voice", actor=drawer, now=now)
    action = plan.actions.create(kind="overtime", who="Budi", due_at=now)
    source = Source.objects.create(code=f"omni-{where.code}", name="Omni Channel", site=where)
    planned = shift(where)
    headcount = Headcount.objects.create(site=where, day=now.date(), shift=planned, starts_at=now, ends_at=now)
    call = Interaction.objects.create(source=source, number="c1", site=where, channel="voice", outcome="menu",
                                      arrived_at=now)  # fmt: skip
    mapping = ReportMapping.objects.create(site=where, name="bank", version=1, text="source: x\n", made_at=now)
    imported = ReportImport.objects.create(
        source=source, site=where, mapping=mapping, file_name="a.csv", rows=1, known=0, first_day="2020-11-01",
        last_day="2020-11-01", events=[], imported_at=now,
    )  # fmt: skip
    asker = User.objects.create_user(f"asker.{where.code}")
    RoleAssignment.objects.create(user=asker, role=Role.SUPPORT, site=where, starts_on="2020-01-01")
    job = job_of_a_stranger(drawer, asker)
    month = ServiceMonth.objects.create(site=where, month="2020-10-01")
    MonthRevision.objects.create(month=month, number=0, figures=[], frozen_at=now)
    handover = Handover.objects.create(
        site=where, day=now.date(), shift=planned, starts_at=now, ends_at=now, opened_at=now
    )
    return {
        "handover": handover.pk,
        "headcount": headcount.pk,
        "person": person(where).pk,
        "interaction": call.pk,
        "month": month.pk,
        "mapping": mapping.pk,
        "imported": imported.pk,
        "job": job.pk,
        "source": source.pk,
        "alert": alert.pk,
        "plan": plan.pk,
        "action": action.pk,
    }


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
