"""Fifty people at once browse for a minute: how long they wait, and whether anything fails.

Target: p95 under 300 ms, no error, with 100 000 user IDs on two cores, on which the fifty browsers' requests are made
as well. Each looks at a page for one to five seconds before the next, as people do.
"""

from __future__ import annotations

import http.client
import random
import re
import sys
import threading
import time
from statistics import median, quantiles
from urllib.parse import urlsplit

from _bench import ROOT, Report, use_database
from _million import fill
from _server import served, session_of

USERS, SECONDS, SIZE = 50, 60, 100_000
ROLES = ("support", "team_leader", "coordinator", "manager", "auditor")


def main() -> None:
    fresh = use_database("bench_hundred_thousand", keep=True)
    from occ.people.models import User
    from userids.models import Account, DeactivationRequest

    if fresh or Account.objects.count() < SIZE:
        fill(SIZE)
    accounts = list(Account.objects.filter(site__code="JKT").values_list("pk", flat=True)[:500])
    requests = list(DeactivationRequest.objects.filter(site__code="JKT").values_list("pk", flat=True)[:500])
    sessions = [session_of(User.objects.get(username=ROLES[i % len(ROLES)])) for i in range(USERS)]
    with served(ROOT / "var" / "bench") as base:
        browsers = [Browser(base, one, i, accounts, requests) for i, one in enumerate(sessions)]
        for one in browsers:
            one.start()
        for one in browsers:
            one.join()
    taken = [ms for one in browsers for _page, ms in one.taken]
    by_page: dict[str, list[float]] = {}
    for one in browsers:
        for page, ms in one.taken:
            by_page.setdefault(page, []).append(ms)
    errors = [error for one in browsers for error in one.errors]
    cut = quantiles(taken, n=20)
    report = Report("browse")
    report.add(f"{USERS} users for {SECONDS} s", pages=len(taken), errors=len(errors), median_ms=cut[9], p95_ms=cut[18],
               worst_ms=max(taken), p95_as_share_of_300_ms=cut[18] / 300)  # fmt: skip
    for page, some in sorted(by_page.items(), key=lambda found: -median(found[1])):
        report.add(f"  {page}", pages=len(some), median_ms=median(some), worst_ms=max(some))
    report.write()
    for error in errors[:10]:
        print("  ", error)
    sys.exit(bool(errors))


class Browser(threading.Thread):
    """One person: a connection that stays open, and pages as one follows them."""

    def __init__(self, base: str, session: str, seed: int, accounts: list[int], requests: list[int]) -> None:
        super().__init__(daemon=True)
        self.host, self.cookie = urlsplit(base).netloc, f"sessionid={session}; django_language=en"
        self.rng, self.accounts, self.requests = random.Random(seed), accounts, requests
        self.taken: list[tuple[str, float]] = []  # kind of page, ms
        self.errors: list[str] = []

    def pages(self) -> str:
        number = self.rng.randrange(1, SIZE)
        return self.rng.choice(
            [
                "/", "/userids/", "/userids/accounts/?sort=user_id", f"/userids/accounts/?q=omn{number:07}",
                "/userids/accounts/?status=active&sort=-created", "/userids/deactivations/?status=open",
                "/userids/breaches/?sort=-due", f"/userids/accounts/{self.rng.choice(self.accounts)}/",
                f"/userids/deactivations/{self.rng.choice(self.requests)}/", "/inbox/", "/compliance/",
            ]
        )  # fmt: skip

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.host, timeout=30)
        until = time.monotonic() + SECONDS
        time.sleep(self.rng.random() * 3)
        while time.monotonic() < until:
            url = self.pages()
            began = time.perf_counter()
            try:
                connection.request("GET", url, headers={"Cookie": self.cookie, "Accept-Encoding": "gzip"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.errors.append(f"{answer.status} {url}")
            except OSError as error:
                self.errors.append(f"{error!r} {url}")
                connection.close()
            self.taken.append((re.sub(r"\d+", "N", url), (time.perf_counter() - began) * 1000))
            time.sleep(self.rng.uniform(1, 5))


if __name__ == "__main__":
    main()
