"""Redis is killed for ten minutes (and keeps nothing): pages work, what is asked for waits in the database, and when it
is back every export is made and everybody is told, once.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import timedelta

from _house import House, check, people, run, session, token

CSRF = "a" * 32


def fault(house: House, small: bool) -> None:
    from django.db.models import Count
    from django.utils import timezone

    from occ.jobs.models import Job, State
    from occ.ledger.models import Heartbeat
    from occ.notifications.models import Notification
    from occ.obligations.models import ObligationEvent
    from occ.people.models import User

    leavers = people(3 if small else 20)
    support = User.objects.get(username="support.all")
    cookie, machine = session(support), token(support)
    house.web()
    house.worker()
    house.beat()
    house.until(40, lambda: Heartbeat.objects.filter(name="sweep").exists(), "the duties run")
    house.down("redis", hard=True)
    (house.folder / "redis" / "appendonly.aof").unlink(missing_ok=True)
    gone, took = time.monotonic(), []
    house.say("Redis killed with -9, and what it held removed")
    yesterday = (timezone.localdate() - timedelta(days=3)).isoformat()
    for one in leavers:
        body = json.dumps({"employee": one.number, "last_working_day": yesterday}).encode()
        began = time.monotonic()
        status, said = house.ask(
            "/api/v1/userids/resignations/", body, Authorization=machine, Content_Type="application/json"
        )
        took.append(time.monotonic() - began)
        check(status == 201, f"a resignation was answered {status} {said[:200]}")
    for _one in leavers:
        began = time.monotonic()
        form = f"csrfmiddlewaretoken={CSRF}&kind=userids.logbook".encode()
        status, said = house.ask("/exports/new/", form, Cookie=f"{cookie}; csrftoken={CSRF}")
        took.append(time.monotonic() - began)
        check(status == 302, f"an export was answered {status} {said[:200]}")
    house.say(f"{len(took)} deeds done meanwhile, the slowest answered in {max(took):.2f} s")
    ready, _said = house.get("/readyz")
    check(ready == 503 and house.get("/")[0] in {200, 302}, "/readyz says that the broker is away, pages are there")
    time.sleep(max(0, (2 if small else 600) - (time.monotonic() - gone)))
    check(all(process.poll() is None for process in house.processes.values()), "web, worker and beat live on")
    house.up("redis")
    house.say(f"Redis is back after {time.monotonic() - gone:.0f} s")
    if small:  # half a minute passes: so old must a job be before it is asked for again
        Job.objects.update(created_at=timezone.now() - timedelta(minutes=1))
        house.kill("beat")
        house.beat()
    jobs = Job.objects.filter(kind="userids.logbook")
    took_jobs = house.until(25 if small else 180, lambda: not jobs.exclude(state=State.DONE).exists(), "the exports")
    house.say(f"all {jobs.count()} exports are made {took_jobs:.0f} s later")
    told = ObligationEvent.objects.filter(
        kind="step", step="breach", superseded=False, obligation__rule="userids.deactivate"
    )
    took_told = house.until(60, lambda: told.count() == len(leavers), "the breaches")
    house.say(f"all {told.count()} breaches are noticed {took_told:.0f} s after that")
    twice = Notification.objects.values("user", "key").annotate(n=Count("pk")).filter(n__gt=1)
    coordinators = Counter(
        Notification.objects.filter(
            user__username="coordinator.jkt", url__startswith="/userids/deactivations/"
        ).values_list("kind", flat=True)
    )
    check(not twice.exists(), "somebody was told twice")
    check(sum(coordinators.values()) == len(leavers), f"the coordinator was told {coordinators}")
    check(set(jobs.values_list("attempts", flat=True)) == {1}, "an export was made twice")
    house.say("each once")


if __name__ == "__main__":
    run(fault)
