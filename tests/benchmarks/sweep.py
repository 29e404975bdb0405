"""The sweep with 300 obligations due, among 1 000 and among 1 000 000 user IDs with their fulfilled obligations.

Target: the same time, within 20 %: what a sweep costs depends on what is due, not on what exists.
"""

import time
from datetime import timedelta
from statistics import median
from typing import Any

from _bench import Report, use_database
from _million import SIZE, fill

ROUNDS, DUE, EACH = 5, 100, 3  # a leaver owes the ID, the interview and the clearance


def main() -> None:
    import sys

    if len(sys.argv) > 1:
        print(measure(int(sys.argv[1])))
        return
    import subprocess

    report = Report("sweep")
    found = {}
    for size in (1_000, SIZE):
        done = subprocess.run([sys.executable, __file__, str(size)], stdout=subprocess.PIPE, text=True, check=True)
        seconds, idle = map(float, done.stdout.split()[-2:])
        found[size] = seconds
        report.add(
            f"{DUE * EACH} due among {size}",
            seconds=seconds,
            milliseconds_each=seconds * 1000 / DUE / EACH,
            idle_ms=idle * 1000,
        )
    report.add("1 000 000 against 1 000", ratio=found[SIZE] / found[1_000])
    report.write()


def measure(size: int) -> str:
    """Median seconds of a sweep with 100 due, and of one with nothing due."""
    fresh = use_database("bench_million" if size == SIZE else "bench_thousand", keep=size == SIZE)
    from django.utils import timezone

    from occ.obligations.sweep import sweep
    from occ.people.models import Person, Site, User
    from userids.models import Account, Application

    if fresh or Account.objects.count() < size:
        fill(size)
    place = {
        "site": Site.objects.get(code="JKT"), "application": Application.objects.get(code="OMNI"),
        "actor": User.objects.get(username="support"),
    }  # fmt: skip
    now = timezone.now()
    sweep(now=now)
    taken, idle = [], []
    base = Person.objects.order_by("-pk").values_list("pk", flat=True)[0]
    for one in range(ROUNDS + 1):  # the first is not counted
        leavers(place, base + one * DUE, now)
        began = time.perf_counter()
        swept = sweep(now=now)
        taken.append(time.perf_counter() - began)
        assert swept.obligations == DUE * EACH, swept
        began = time.perf_counter()
        assert sweep(now=now).obligations == 0
        idle.append(time.perf_counter() - began)
    return f"{median(taken[1:])} {median(idle[1:])}"


def leavers(place: dict[str, Any], first: int, now: Any) -> None:
    """A hundred leavings recorded three days ago, whose IDs nobody has shut: reminders and breach are due."""
    from occ.people.models import Person
    from occ.times import local_day
    from userids.services import accounts, deactivations

    for i in range(DUE):
        person = Person.objects.create(
            number=f"L{first}-{i}", name=f"Leaver {first} {i}", email=f"leaver{first}-{i}@x.test", position="Agent",
            site=place["site"], joined_on=local_day(now, place["site"].zone) - timedelta(days=100),
        )  # fmt: skip
        accounts.account_create(
            **place, user_id=f"LEAVER-{first}-{i}", person=person, email=person.email, role="Agent", channels=[],
            activated_at=now - timedelta(days=90), now=now,
        )  # fmt: skip
        deactivations.resignation_record(
            person_id=person.pk, last_working_day=local_day(now, place["site"].zone) - timedelta(days=2),
            actor=place["actor"], now=now - timedelta(days=3),
        )  # fmt: skip


if __name__ == "__main__":
    main()
