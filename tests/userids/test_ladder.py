"""Reminders, breach and escalation: each step once, whatever sweeps, sleeps, crashes or runs twice (UID-5, KER-7)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from occ.notifications.models import Notification
from occ.obligations import sweep as sweeping
from occ.obligations.models import Obligation, ObligationEvent
from occ.obligations.services import climb
from occ.obligations.sweep import sweep, sweep_one
from occ.people.choices import Role
from tests.factories import NOW, Floor, account, person, user
from userids.services import deactivations

pytestmark = [pytest.mark.req("UID-5", "KER-7"), pytest.mark.usefixtures("only_user_ids")]
HOUR = timedelta(hours=1)


def steps(*, said: bool | None = None) -> list[str]:
    rows = ObligationEvent.objects.filter(kind="step").order_by("pk")
    return list((rows if said is None else rows.filter(superseded=not said)).values_list("step", flat=True))


def told(name: str) -> int:
    return Notification.objects.filter(user__username=name).count()


def test_each_step_comes_at_its_time_to_its_role(floor: Floor) -> None:
    floor.resign()
    due = floor.request.due_at
    assert steps() == ["requested"]
    expected = [
        (due - 12 * HOUR, "12h_before"), (due - 2 * HOUR, "2h_before"), (due, "breach"), (due + 24 * HOUR, "24h_after"),
    ]  # fmt: skip
    for at, step in expected:
        sweep(now=at - timedelta(seconds=1))
        assert step not in steps()
        sweep(now=at)
        assert steps()[-1] == step
    assert (told("team_leader.jkt"), told("coordinator.jkt"), told("manager.all")) == (3, 1, 1)


def test_sweeping_again_does_nothing_again(floor: Floor) -> None:
    floor.resign()
    due = floor.request.due_at
    for _time in range(3):
        sweep(now=due + 25 * HOUR)
    assert len(steps()) == len(set(steps())) == 5
    assert told("coordinator.jkt") == 1


def test_the_coordinator_of_the_other_site_hears_nothing(floor: Floor) -> None:
    user(Role.COORDINATOR, floor.ygy)
    floor.resign()
    sweep(now=floor.request.due_at)
    assert (told("coordinator.jkt"), told("coordinator.ygy")) == (1, 0)


def test_after_three_days_of_sleep_old_reminders_are_not_sent_but_the_alerts_are(floor: Floor) -> None:
    floor.resign()
    sweep(now=floor.request.due_at + 72 * HOUR)
    assert steps(said=False) == ["12h_before", "2h_before"]
    assert steps(said=True) == ["requested", "breach", "24h_after"]
    assert (told("team_leader.jkt"), told("coordinator.jkt"), told("manager.all")) == (1, 1, 1)


def test_a_clock_that_goes_back_takes_nothing_back_and_repeats_nothing(floor: Floor) -> None:
    floor.resign()
    due = floor.request.due_at
    for at in (due, due - 3 * HOUR, due - 30 * HOUR, due):
        sweep(now=at)
    assert sorted(steps()) == ["12h_before", "2h_before", "breach", "requested"]


def test_a_failed_attempt_stops_no_clock(floor: Floor) -> None:
    floor.resign()
    due = floor.request.due_at
    deactivations.deactivation_start(request_id=floor.request.pk, actor=floor.leader, now=due - HOUR)
    deactivations.deactivation_fail(request_id=floor.request.pk, note="galat", actor=floor.leader, now=due - HOUR)
    sweep(now=due)
    assert steps()[-1] == "breach"


def test_what_is_done_in_time_climbs_no_further(floor: Floor) -> None:
    floor.resign()
    due = floor.request.due_at
    deactivations.deactivation_start(request_id=floor.request.pk, actor=floor.leader, now=due - 20 * HOUR)
    deactivations.deactivation_confirm(
        request_id=floor.request.pk, evidence={"text": "x"}, actor=floor.leader, now=due - 20 * HOUR
    )
    sweep(now=due + 100 * HOUR)
    assert steps() == ["requested"]


def test_a_breach_that_ended_before_a_sweep_is_one_all_the_same(floor: Floor) -> None:
    floor.resign()
    late = floor.request.due_at + 3 * HOUR
    deactivations.deactivation_start(request_id=floor.request.pk, actor=floor.leader, now=late)
    deactivations.deactivation_confirm(
        request_id=floor.request.pk, evidence={"text": "x"}, actor=floor.leader, now=late
    )
    assert "breach" in steps(said=True)
    assert told("coordinator.jkt") == 1


def test_one_bad_row_is_parked_and_the_others_go_on(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    other = person(floor.jkt)
    account(other)
    floor.resign()
    deactivations.resignation_record(
        person_id=other.pk, last_working_day=floor.request.last_working_day, actor=floor.support, now=NOW
    )
    bad, good = Obligation.objects.order_by("pk")

    def broken(obligation: Obligation, *, now: object) -> object:
        if obligation.pk == bad.pk:
            raise ValueError("poison")
        return climb(obligation, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(sweeping, "climb", broken)
    swept = sweep(now=floor.request.due_at)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (swept.parked, bad.error, good.breached_at) == (1, "ValueError: poison", good.due_at)
    assert sweep(now=floor.request.due_at).parked == 0


def test_what_a_sweep_costs_depends_on_what_is_due(floor: Floor) -> None:
    floor.resign()

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sweep(now=NOW)
        return len(queries)

    before = cost()
    for _one in range(5):
        leaver = person(floor.jkt)
        account(leaver)
        deactivations.resignation_record(
            person_id=leaver.pk, last_working_day=floor.request.last_working_day, actor=floor.support, now=NOW
        )
    assert cost() == before == 1


def in_threads(number: int, deed: object) -> list[object]:
    """Run the deed in threads that start together; their results or exceptions."""
    barrier, results = threading.Barrier(number), []

    def run() -> None:
        try:
            barrier.wait(10)
            results.append(deed())  # type: ignore[operator]
        except Exception as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _one in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_two_sweeps_at_once_take_each_step_once(live_floor: Floor) -> None:
    live_floor.resign()
    due = live_floor.request.due_at
    pk = Obligation.objects.get().pk
    # The race is real: without the lock both climb, and only the unique constraint stops the second.
    climbed = threading.Event()

    def climb_unlocked() -> int:
        first = not climbed.is_set()
        with transaction.atomic():
            if first:
                climbed.set()
            else:
                time.sleep(0.2)
            taken = len(climb(Obligation.objects.get(pk=pk), now=due - 12 * HOUR))
            time.sleep(0.5 if first else 0)
        return taken

    raced = in_threads(2, climb_unlocked)
    assert sorted(type(one).__name__ for one in raced) == ["IntegrityError", "int"]
    for at in (due - 2 * HOUR, due, due + 24 * HOUR):
        in_threads(4, lambda at=at: sweep(now=at))
    assert len(steps()) == len(set(steps())) == 5
    assert told("coordinator.jkt") == told("manager.all") == 1


SWEEPER = """
import os, sys, datetime, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
from occ.obligations.sweep import sweep
import occ.obligations.services as services
lines = int(os.environ["KILL_AFTER"])
def trace(frame, event, arg):
    global lines
    if "/occ/" in frame.f_code.co_filename and event == "line":
        lines -= 1
        if lines == 0:
            os.kill(os.getpid(), 9)
    return trace
now = datetime.datetime.fromisoformat(os.environ["NOW"])
sys.settrace(trace)
sweep(now=now)
sys.settrace(None)
print("whole", flush=True)
"""


@pytest.mark.timeout(300)
def test_killed_at_many_lines_each_step_is_taken_once(live_floor: Floor) -> None:
    """kill -9 between statements, again and again, then once to the end: five steps, each told once."""
    live_floor.resign()
    at = live_floor.request.due_at + 25 * HOUR
    environment = os.environ | {
        "TEST_DATABASE": connection.settings_dict["NAME"], "NOW": at.isoformat(),
        "DJANGO_SETTINGS_MODULE": "occ.settings", "PYTHONPATH": os.getcwd(), "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    killed = 0
    for after in (3, 40, 90, 150, 230, 1_000_000):
        done = subprocess.run(
            [sys.executable, "-c", SWEEPER],
            env=environment | {"KILL_AFTER": str(after)},
            capture_output=True,
            text=True,
        )
        killed += done.returncode == -signal.SIGKILL
        if after == 1_000_000:
            assert done.stdout == "whole\n", done.stderr
    assert killed >= 4
    assert len(steps()) == len(set(steps())) == 5
    assert told("coordinator.jkt") == told("manager.all") == 1


def test_a_row_that_another_sweep_holds_is_left_to_it(live_floor: Floor) -> None:
    live_floor.resign()
    due = live_floor.request.due_at
    pk = Obligation.objects.get().pk
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Obligation.objects.select_for_update().get(pk=pk)
            holding.set()
            release.wait(10)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(10)
    began = time.monotonic()
    assert sweep_one(pk, now=due) is None
    assert time.monotonic() - began < 2
    release.set()
    thread.join()
