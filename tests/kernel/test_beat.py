"""Beat: one leads, a second one waits and takes over; each duty goes to its queue (KER-3, KER-7)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from celery.beat import ScheduleEntry
from django.conf import settings
from django.db import connection

from occ.beat import LOCK, LeaderScheduler
from occ.celery import app
from tests.processes import running

LEADS = "beat leads"


def leaders() -> int:
    """Sessions of this database that hold the lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + "
            "objid::bigint = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK],
        )
        return int(cursor.fetchone()[0])


def within(seconds: float, true: Callable[[], Any]) -> float:
    """Waits until it is true; how many seconds that took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come true"
        time.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.req("KER-3", "KER-7")
def test_the_second_of_two_beats_takes_over_when_the_first_is_killed(transactional_db: None, tmp_path: Path) -> None:
    with running(tmp_path, workers=0, beats=2) as beats:
        said = [tmp_path / f"process{i}.log" for i in range(2)]
        within(40, lambda: any(LEADS in one.read_text() for one in said))
        time.sleep(3)  # the second one has asked for the lock by now
        first = next(i for i in range(2) if LEADS in said[i].read_text())
        assert leaders() == 1 and LEADS not in said[1 - first].read_text()
        beats[first].kill()
        assert within(10, lambda: LEADS in said[1 - first].read_text()) < 6
        assert leaders() == 1
        asked = said[1 - first].read_text().split(LEADS)[1]
        within(5, lambda: all(name in said[1 - first].read_text() for name in settings.CELERY_BEAT_SCHEDULE))
        assert "SchedulingError" not in asked


class Sent(LeaderScheduler):
    """Keeps what it would have sent."""

    producer = None

    def __init__(self) -> None:
        self.sent: list[str] = []
        super().__init__(app)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        self.sent.append(entry.name)


@pytest.mark.req("KER-7")
def test_who_begins_to_lead_asks_for_each_duty_once_and_then_at_its_interval(transactional_db: None) -> None:
    one, other = Sent(), Sent()
    try:
        for _time in range(5):
            one.tick(), other.tick()
        assert sorted(one.sent) == sorted(settings.CELERY_BEAT_SCHEDULE) and other.sent == []
    finally:
        one.close()
    other.tick()
    assert sorted(other.sent) == sorted(settings.CELERY_BEAT_SCHEDULE)
    other.close()
    assert leaders() == 0


@pytest.mark.req("KER-7")
def test_a_lost_connection_is_noticed_and_the_lead_taken_again(transactional_db: None) -> None:
    one = Sent()
    one.tick()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'occ-beat'")
    within(5, lambda: leaders() == 0)
    assert not one.leads()
    assert one.leads()
    assert len(one.sent) == 2 * len(settings.CELERY_BEAT_SCHEDULE)
    one.close()


@pytest.mark.req("KER-3", "KER-12")
def test_jobs_stand_in_a_line_of_their_own(db: None) -> None:
    from occ.jobs.tasks import run
    from occ.obligations.tasks import sweep

    client = redis.Redis.from_url(settings.REDIS_URL)
    before = client.llen("jobs"), client.llen("default")
    run.delay("00000000-0000-0000-0000-000000000000")
    sweep.delay()
    assert (client.llen("jobs"), client.llen("default")) == (before[0] + 1, before[1] + 1)
    client.delete("jobs", "default")
