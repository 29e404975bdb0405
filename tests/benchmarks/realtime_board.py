"""From an event that was accepted to the pixel on an open board, and what opening a board costs.

Target: p95 under 500 ms with 2 000 agents, 50 boards open (49 that read the stream, one in Chromium that is looked at)
and 500 events a second, everything on the same two cores; first load under 300 ms of the server's time.
BENCH_BOARD_SECONDS: how long it goes on (30).
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from _bench import ROOT, Report, repeated, use_database
from _floor import SOURCES, event, fill, floor_process
from _server import served, session_of

AGENTS, BOARDS, RATE, STEP = 2_000, 50, 500, 0.2
SECONDS = int(os.environ.get("BENCH_BOARD_SECONDS", "30"))
STATES = ("available", "busy", "wrapup", "aux")
# Reads one stream after the other as they come, in one process of its own.
READERS = """
import asyncio, sys
async def read(host, port, cookie):
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**24)
    lines = ["GET /api/v1/realtime/board/stream/ HTTP/1.1", f"Host: {host}:{port}", f"Cookie: {cookie}", "", ""]
    writer.write("\\r\\n".join(lines).encode())
    while await reader.read(2**18):
        pass
async def main():
    await asyncio.gather(*(read(*sys.argv[1:4]) for _ in range(int(sys.argv[4]))))
asyncio.run(main())
"""
# Notes when a probe's row has another state and is painted.
WATCH = """() => {
  window.painted = [];
  const note = (records) => {
    const seen = new Set(records.map((one) => one.target).filter((tr) => tr.dataset && tr.dataset.key));
    const found = [...seen].map((tr) => [tr.dataset.key, tr.dataset.state]);
    const done = () => { for (const one of found) window.painted.push([...one, Date.now()]); };
    requestAnimationFrame(() => setTimeout(done, 0));
  };
  const rows = document.getElementById('board-rows');
  new MutationObserver(note).observe(rows, {subtree: true, attributes: true, attributeFilter: ['data-state']});
  window.longest = 0;
  let last = performance.now();
  const frame = () => {
    const now = performance.now();
    window.longest = Math.max(window.longest, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


def source_of(name: str) -> int:
    return int(name[1:]) % SOURCES


class Sender(threading.Thread):
    """RATE events a second, STEP seconds' worth in each request; a probe in each."""

    def __init__(self, url: str, token: str, names: list[str], over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.netloc, self.token, self.names, self.over = urlsplit(url).netloc, token, names, over
        self.sent: list[tuple[str, str, float, float]] = []  # probe, state, sent, accepted
        self.events = 0
        self.late = 0

    def run(self) -> None:
        connection, rng, number = http.client.HTTPConnection(self.netloc, timeout=30), random.Random(1), 10_000_000
        states = dict.fromkeys(self.names, 0)
        began = time.monotonic()
        for turn in range(10**9):
            if self.over.is_set():
                return
            wait = began + turn * STEP - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            else:
                self.late += 1
            probe = self.names[turn % 20]
            batch, now = [], time.time()
            for name in [probe, *rng.sample(self.names[20:], int(RATE * STEP) - 1)]:
                states[name] += 1
                number += 1
                state = STATES[states[name] % 4]
                batch.append(event(source_of(name), number, now, "agent.state", agent=name, state=state))
            sent = time.time()
            connection.request("POST", "/api/v1/realtime/events/", json.dumps(batch),
                               {"Authorization": self.token, "Content-Type": "application/json"})  # fmt: skip
            answer = connection.getresponse()
            said = json.loads(answer.read())
            assert said.get("accepted") == len(batch), said
            self.events += len(batch)
            self.sent.append((probe, STATES[states[probe] % 4], sent, time.time()))


def main() -> None:
    use_database("bench_board")
    made = fill(AGENTS)
    from django.utils import timezone

    from realtime.services.floor import floor_once
    from realtime.services.ingesting import events_take

    at = time.time() - 1800
    logins = [
        event(source_of(name), i, at + i / 100, "agent.login", agent=name) for i, name in enumerate(made["names"])
    ]
    events_take(events=logins, actor=made["users"]["rtfm"], now=timezone.now())
    floor_once(now=timezone.now())
    report = Report("realtime_board")
    cookie = f"sessionid={session_of(made['users']['coordinator'])}; django_language=en"
    keys = {f"p{one.pk}": one.number for one in made["people"]}
    var = ROOT / "var" / "bench"
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING"}
    with served(var, workers=1) as url, floor_process(environment):
        opened(report, url, cookie)
        host, _sep, port = urlsplit(url).netloc.partition(":")
        words = [sys.executable, "-c", READERS, host, port, cookie, str(BOARDS - 1)]
        readers = subprocess.Popen(words)
        try:
            watched(report, url, cookie, made, keys)
        finally:
            readers.terminate()
            readers.wait(10)
    report.write()


def opened(report: Report, url: str, cookie: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def get(path: str) -> int:
        connection.request("GET", path, headers={"Cookie": cookie})
        return len(connection.getresponse().read())

    for path in ("/realtime/board/", "/api/v1/realtime/board/"):
        middle, p95 = repeated(20, lambda path=path: get(path))
        report.add(f"GET {path}, {AGENTS} agents", median_ms=middle, p95_ms=p95, p95_as_share_of_300_ms=p95 / 300,
                   kib=get(path) // 1024)  # fmt: skip


def watched(report: Report, url: str, cookie: str, made: dict[str, Any], keys: dict[str, str]) -> None:
    from playwright.sync_api import sync_playwright

    from occ.runtime.test import BROWSERS

    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url)
        context.add_cookies([{"name": name, "value": value, "url": url} for name, value in
                             (one.split("=", 1) for one in cookie.split("; "))])  # fmt: skip
        page = context.new_page()
        began = time.perf_counter()
        page.goto("/realtime/board/?sort=name")
        page.wait_for_selector("tr[data-key]")
        report.add("page opened to its first rows, in Chromium", ms=(time.perf_counter() - began) * 1000)
        page.evaluate(WATCH)
        over = threading.Event()
        sender = Sender(url, made["token"], made["names"], over)
        sender.start()
        page.wait_for_timeout(SECONDS * 1000)
        over.set()
        sender.join()
        page.wait_for_timeout(1500)
        painted, longest = page.evaluate("[window.painted, window.longest]")
        drawn = page.evaluate("document.querySelectorAll('tr[data-key]').length")
        browser.close()
    from_accepted, from_sent, missing = [], [], 0
    for probe, state, sent, accepted in sender.sent[5:]:
        at = next((when / 1000 for key, shown, when in painted
                   if keys.get(key) == probe and shown == state and when / 1000 >= sent), None)  # fmt: skip
        if at is None:
            missing += 1
        else:
            from_accepted.append(max(0.0, at - accepted) * 1000)
            from_sent.append((at - sent) * 1000)
    for what, taken in (("accepted", from_accepted), ("sent", from_sent)):
        cut = quantiles(taken, n=20)[18]
        report.add(f"{what} -> pixel, {AGENTS} agents, {BOARDS} boards, {sender.events / SECONDS:.0f} events/s",
                   probes=len(taken), missing=missing, median_ms=median(taken), p95_ms=cut, worst_ms=max(taken),
                   p95_as_share_of_500_ms=cut / 500)  # fmt: skip
    report.add("the page meanwhile", rows_drawn=drawn, longest_frame_ms=longest, requests_late=sender.late)


if __name__ == "__main__":
    main()
