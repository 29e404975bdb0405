"""The access matrix of tata tertib: rules, floor walks, violations, proposals (KER-9, RTM-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import Site
from realtime.models import ROTG_READERS, RULE_READERS, RotgProposal
from realtime.rotg.workflow import DECIDERS, KEEPERS, RECORDERS, VIOLATION, WALKERS
from realtime.services.rotg import violation_record
from realtime.services.rotg_rules import rule_add
from realtime.services.rotg_walks import walk_start
from tests.access.matrix import Row, World, what_a_stranger_gets, who_is_let_in
from tests.factories import person, user

pytestmark = [pytest.mark.req("KER-9", "RTM-9"), pytest.mark.timeout(400), pytest.mark.django_db]
READERS, RULES = set(ROTG_READERS), set(RULE_READERS)
ROWS: dict[str, Row] = {
    "realtime:rules": Row(get=RULES),
    "realtime:rule_new": Row(get=set(KEEPERS), post=set(KEEPERS)),
    "realtime:rule": Row(get=RULES, of="rule", sees=RULES),
    "realtime:rule_change": Row(post=set(KEEPERS), of="rule", sees=RULES),
    "realtime:rule_end": Row(post=set(KEEPERS), of="rule", sees=RULES),
    "realtime:walks": Row(get=READERS),
    "realtime:walk_start": Row(post=set(WALKERS)),
    "realtime:walk": Row(get=READERS, of="walk", sees=READERS),
    "realtime:walk_finish": Row(post=set(WALKERS), of="walk", sees=READERS),
    "realtime:walk_line": Row(post=set(WALKERS), of="line", sees=READERS),
    "realtime:violations": Row(get=RULES),
    "realtime:violation_new": Row(get=set(RECORDERS), post=set(RECORDERS)),
    "realtime:violation": Row(get=READERS, of="violation", sees=READERS),
    "realtime:violation_evidence": Row(post=set(RECORDERS), of="violation", sees=READERS),
    "realtime:rotg_proposal": Row(get=READERS, of="proposal", sees=READERS),
    "api:realtime-violations": Row(get=RULES, post=set(RECORDERS)),
}
for one in VIOLATION.transitions:
    # The Head Manager decides of managers only.
    # The agent answers and nobody else: tests/realtime/test_rotg.py. Beat alone lapses.
    who = set() if one.name == "answer" else {Role(role) for role in one.by_roles} - {Role.HEAD_MANAGER}
    ROWS[f"realtime:violation_step/{one.name}"] = Row(
        post=who, of="violation", sees=READERS, kwargs={"transition": one.name}
    )
for name in ("accept", "dismiss"):
    ROWS[f"realtime:rotg_proposal_step/{name}"] = Row(
        post=set(DECIDERS) - {Role.HEAD_MANAGER}, of="proposal", sees=READERS, kwargs={"transition": name}
    )


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    made = rule_add(
        number=f"1-{where.code}", site=where, text="HP di loker", severity="minor",
        starts_on=timezone.localdate(now, where.zone), note="x", actor=user(Role.QUALITY_ASSURANCE), now=now,
    )  # fmt: skip
    leader = user(Role.TEAM_LEADER, where, name=f"walker.{where.code}")
    walk = walk_start(site=where, actor=leader, now=now)
    whom = person(where)
    violation = violation_record(person=whom, rule=made.rule, seen_at=now, what="x", actor=leader, now=now)
    proposal = RotgProposal.objects.create(
        site=where, person=whom, kind="coaching", basis="rule", rule=made.rule, severity="minor", count=1, days=1,
        opened_at=now, due_at=now,
    )  # fmt: skip
    return {
        "rule": made.rule_id,
        "walk": walk.pk,
        "line": walk.lines.get().pk,
        "violation": violation.pk,
        "proposal": proposal.pk,
    }


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
