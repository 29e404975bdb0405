"""The demo's backups over a small catalogue: what a page of each kind has to show is there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from occ.demo.retention.backups import backups
from occ.people.choices import Role
from retention.models import Batch, Check, Finding, Loss
from tests.factories import user
from tests.retention.backups import NOW, Ground

pytestmark = [pytest.mark.django_db, pytest.mark.req("KER-1")]


def test_the_demo_shows_each_kind_of_batch(tmp_path: Path, settings: Any, floor: Any) -> None:
    settings.VAR = tmp_path / "var"
    ground = Ground(tmp_path)
    for week in range(8, 120):
        ground.record(f"{week}.wav", ended_at=NOW - timedelta(days=7 * week))
    staff = SimpleNamespace(users={"it": ground.it, "team_leader.jkt": user(Role.TEAM_LEADER, ground.jkt)})
    backups(staff, now=NOW)  # type: ignore[arg-type]
    states = set(Batch.objects.values_list("status", flat=True))
    assert {"complete", "incomplete", "gathering"} <= states and "running" not in states
    late = Batch.objects.get(status="incomplete")
    assert late.due_at < NOW and late.problems_count == 1
    assert Finding.objects.open().filter(kind="damaged").count() == 1
    lost = Loss.objects.get()
    assert (lost.status, lost.finding.kind) == ("declared", "key_missing") and lost.records_count > 0
    assert Finding.objects.filter(status="resolved").count() == 1
    assert Check.objects.filter(kind="drill", result="ok").exclude(document=None).count() == 2
