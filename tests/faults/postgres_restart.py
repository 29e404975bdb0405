"""PostgreSQL is stopped and killed under load: 503 in words meanwhile, every page by itself when it is back, and each
resignation that a machine sends (again and again under one key until it is taken) recorded once.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from datetime import timedelta

from _house import House, check, people, run, session, token

PAGES = ["/", "/inbox/", "/userids/", "/userids/accounts/", "/userids/deactivations/", "/search/?q=OMN"]
Seen = list[tuple[float, float, int, str]]  # begun, seconds, status, body


def fault(house: House, small: bool) -> None:
    from django.db import connections
    from django.utils import timezone

    from occ.people.models import User
    from userids.models import DeactivationRequest, Resignation

    leavers = people(10 if small else 200)
    last_day = (timezone.localdate() + timedelta(days=3)).isoformat()
    cookies = [session(User.objects.get(username=name)) for name in ("support.all", "team_leader.jkt", "manager.all")]
    machine = token(User.objects.get(username="support.all"))
    connections.close_all()
    house.web()
    for path in PAGES:
        status, body = house.get(path, Cookie=cookies[0])
        check(status == 200, f"{path} answers {status} {body[:200]}")
    if not small:
        house.worker()
        house.beat()
    over, seen, taken = threading.Event(), list[tuple[float, float, int, str]](), Counter[int]()

    def read(cookie: str, turn: int) -> None:
        while not over.is_set():
            turn += 1
            began = time.monotonic()
            status, body = house.get(PAGES[turn % len(PAGES)], Cookie=cookie)
            seen.append((began, time.monotonic() - began, status, body))

    def write() -> None:
        for one in leavers:
            body = json.dumps({"employee": one.number, "last_working_day": last_day}).encode()
            for _attempt in range(600):
                status, _said = house.ask(
                    "/api/v1/userids/resignations/", body, Authorization=machine, Idempotency_Key=one.number,
                    Content_Type="application/json",
                )  # fmt: skip
                taken[status] += 1
                if status == 201:
                    break
                time.sleep(0.1)
            if over.is_set():
                return
            time.sleep(0.05)

    threads = [threading.Thread(target=read, args=(cookies[i % 3], i)) for i in range(2 if small else 8)]
    threads.append(threading.Thread(target=write))
    for thread in threads:
        thread.start()
    try:
        for hard, away in [(True, 1.5)] if small else [(False, 5.0), (True, 0.0), (True, 10.0), (False, 60.0)]:
            time.sleep(1.5 if small else 10)
            restart(house, seen, hard=hard, away=away, after=2.5 if small else 15)
    finally:
        threads[-1].join(600)
        over.set()
        for thread in threads:
            thread.join()
    house.say(f"{len(seen)} pages: {dict(Counter(one[2] for one in seen))}; posts: {dict(taken)}")
    check({one[2] for one in seen} <= {200, 503}, "an answer that is neither a page nor 503")
    check(all("OCC is not ready" in one[3] for one in seen if one[2] == 503), "a 503 without its words")
    count = Resignation.objects.count()
    check(count == taken[201] == len(leavers), f"{count} resignations, {taken[201]} accepted, {len(leavers)} sent")
    requests = DeactivationRequest.objects.filter(status="requested").count()
    check(requests == count, f"{requests} requests of {count} resignations")
    house.say(f"{count} resignations sent until they were taken: each is there once, with its request")


def restart(house: House, seen: Seen, *, hard: bool, away: float, after: float) -> None:
    left = time.monotonic()
    house.down("postgres", hard=hard)
    time.sleep(away)
    house.up("postgres")
    back = time.monotonic()
    time.sleep(after)
    late = [one for one in seen if one[0] > back and one[2] != 200]
    during = Counter(status for began, _took, status, _body in seen if left <= began <= back)
    slowest = max((one[1] for one in seen if left <= one[0] <= back), default=0)
    house.say(
        f"{'killed with -9' if hard else 'stopped'}, away for {back - left:.1f} s: {dict(during)} meanwhile, the "
        f"slowest answer {slowest:.1f} s; afterwards {len(late)} errors in {sum(one[0] > back for one in seen)} pages"
    )
    check(not late, f"{len(late)} errors after it was back, the last {late[-1][0] - back:.1f} s after" if late else "")


if __name__ == "__main__":
    run(fault)
