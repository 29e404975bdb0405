"""Rows are locked so that others may still refer to them: a plain FOR UPDATE stops every insert that names the row, and
two of those at once are a deadlock (seen: a campaign opened while a resignation was recorded)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection, transaction

from occ.people.models import Site, Team
from tests.factories import Floor, site

ROOT = Path(__file__).parent.parent.parent
LOCK = re.compile(r"select_for_update\(([^)]*\)?[^)]*)\)")


@pytest.mark.req("KER-8")
def test_every_lock_leaves_keys_alone() -> None:
    files = [path for app in ("occ", "userids", "retention", "realtime", "coaching", "sdm", "service")
             for path in (ROOT / app).rglob("*.py")]  # fmt: skip
    calls = [(path, call) for path in files for call in LOCK.findall(path.read_text())]
    assert len(calls) > 50
    assert not [(path, call) for path, call in calls if "no_key=True" not in call]


@pytest.mark.req("KER-8")
def test_what_refers_to_a_locked_row_need_not_wait(live_floor: Floor) -> None:
    from threading import Thread

    where, made = site("JKT"), []

    def refer() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '3s'")
        Team.objects.create(site=where, code="NEW", name="New")
        made.append(True)
        connection.close()

    with transaction.atomic():
        Site.objects.select_for_update(no_key=True).get(pk=where.pk)
        other = Thread(target=refer)
        other.start()
        other.join()
    assert made
