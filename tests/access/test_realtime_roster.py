"""The access matrix of rosters, their validation, swaps and calendar addresses (KER-9)."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import RoleAssignment, Site, User
from realtime.models import ROSTER_READERS, RosterCheck, ShiftSwap
from realtime.services.rosters import roster_begin
from realtime.services.shift_codes import KEEPERS, Terms, shift_make
from realtime.workflow import CHECK, ROSTER, ROSTER_MAKERS, SWAP
from tests.access.matrix import EVERYBODY, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import person

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
READERS, MAKERS, CODES = set(ROSTER_READERS), set(ROSTER_MAKERS), set(KEEPERS)
WITH_AGENTS = {*READERS, Role.AGENT}
ROWS: dict[str, Row] = {
    "realtime:rosters": Row(get=READERS),
    "realtime:roster_new": Row(get=MAKERS, post=MAKERS),
    "realtime:roster": Row(get=READERS, of="roster", sees=READERS),
    "realtime:roster_cells": Row(post=MAKERS, of="roster", sees=READERS),
    "realtime:roster_findings": Row(get=READERS, of="roster", sees=READERS),
    "realtime:roster_changes": Row(get=READERS, of="roster", sees=READERS),
    "realtime:shifts": Row(get=READERS),
    "realtime:shift_new": Row(get=CODES, post=CODES),
    "realtime:shift_edit": Row(get=CODES, post=CODES, of="shift", sees=WITH_AGENTS),
    "realtime:checks": Row(get=READERS),
    "realtime:check": Row(get=READERS, of="check", sees=READERS),
    "realtime:my_roster": Row(get=WITH_AGENTS),
    "realtime:swap_new": Row(post={Role.AGENT}),
    # Whoever asks here is no person: there is nobody's calendar. With a person: tests/realtime/test_my_roster.py.
    "realtime:calendar_make": Row(post=set()),
    "realtime:calendar_revoke": Row(post=set()),
    "realtime:swaps": Row(get=WITH_AGENTS),
    "realtime:swap": Row(get=READERS, of="swap", sees=READERS),
    "realtime:import": Row(get=MAKERS, post=MAKERS),
    "realtime:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "realtime:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "realtime:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
}
for flow, name, key in ((ROSTER, "roster_step", "roster"), (CHECK, "check_step", "check"), (SWAP, "swap_step", "swap")):
    for one in flow.transitions:
        if one.by_roles:
            ROWS[f"realtime:{name}/{one.name}"] = Row(
                post={Role(role) for role in one.by_roles}, of=key, sees=READERS, kwargs={"transition": one.name}
            )


def objects_of(where: Site) -> dict[str, Any]:
    now, maker = timezone.now(), User.objects.create_user(f"maker.{where.code}")
    RoleAssignment.objects.create(user=maker, role=Role.WFM, site=where, starts_on="2020-01-01")
    month = now.date().replace(day=1)
    roster = roster_begin(site=where, month=month, actor=maker, now=now)
    shift = shift_make(site=where, code="P", terms=Terms("Pagi", time(7), 540, 480), actor=maker, now=now)
    check = RosterCheck.objects.create(
        site=where, day=now.date(), shift=shift, opened_at=now, due_at=now, judged_at=now, digest="x"
    )
    swap = ShiftSwap.objects.create(
        site=where, person=person(where), other=person(where), day=now.date() + timedelta(days=2),
        other_day=now.date() + timedelta(days=2), reason="x", requested_at=now,
    )  # fmt: skip
    job = job_of_a_stranger(User.objects.create_user(f"stranger.{where.code}"), maker)
    return {"roster": roster.pk, "shift": shift.pk, "check": check.pk, "swap": swap.pk, "job": job.pk}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
