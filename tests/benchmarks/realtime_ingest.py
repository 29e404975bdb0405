"""Events in: 10 000 a second held, in batches of 500, four sources with one client each, every one durable.

The web processes and the floor process run as delivered, on the same two cores as the database and the clients. What is
counted is in the database: every event that was accepted, and none twice. BENCH_INGEST_SECONDS: how long it goes on
(30; 300 is the whole of it). Clients that are asked to wait (429) wait and send again; how often is said.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

from _bench import ROOT, Report, use_database
from _floor import SOURCES, fill, floor_process
from _server import served

AGENTS, RATE, BATCH = 2_000, 10_000, 500
SECONDS = int(os.environ.get("BENCH_INGEST_SECONDS", "30"))
# One source's application: it makes its events beforehand as text and sends them at its share of the rate.
CLIENT = """
import http.client, sys, time
host, port, token, source, rate, batch, seconds, agents = sys.argv[1:9]
source, rate, batch, seconds, agents = int(source), float(rate), int(batch), float(seconds), int(agents)
connection = http.client.HTTPConnection(host, int(port), timeout=60)
states = ("available", "busy", "wrapup", "aux")
mine = [f"A{i:05}" for i in range(agents) if i % 4 == source]
number = taken = busy = 0
late, latency = 0.0, []
began = time.monotonic()
turns = int(seconds * rate / batch)

def made(at):
    global number
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    lines = []
    for i in range(batch):
        number += 1
        head = (f'{{"source":"omni{source}","source_event_id":"{source}-{number}","seq":{number},'
                f'"occurred_at":"{stamp}.{number % 1000:03}Z","site":"JKT","channel":"voice"')
        agent = mine[(number // 5 + number % 5 * 137) % len(mine)]
        if number % 5 < 2:
            state = states[number // 5 // len(mine) % 4]
            lines.append(f'{head},"type":"agent.state","agent":"{agent}","state":"{state}"}}')
        else:
            step, call = number % 5 - 2, number // 5
            kind = ("offered", "answered", "completed")[step]
            lines.append(f'{head},"type":"interaction.{kind}","interaction_id":"c{source}-{call}","agent":"{agent}"}}')
    return ("[" + ",".join(lines) + "]").encode()

for turn in range(turns):
    due = began + turn * batch / rate
    body = made(time.time())
    wait = due - time.monotonic()
    if wait > 0:
        time.sleep(wait)
    while True:
        sent = time.monotonic()
        connection.request("POST", "/api/v1/realtime/events/", body,
                           {"Authorization": token, "Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status == 202:
            break
        assert answer.status == 429, (answer.status, said[:300])
        busy += 1
        time.sleep(0.5)
    latency.append(time.monotonic() - sent)
    late = max(late, time.monotonic() - due)
    taken += batch
    assert b'"accepted":%d,"duplicates":0' % batch in said, said[:300]
print(taken, busy, late, time.monotonic() - began, *(f"{one:.4f}" for one in latency))
"""


def main() -> None:
    use_database("bench_ingest")
    made = fill(AGENTS)
    report = Report("realtime_ingest")
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "WARNING"}
    with served(ROOT / "var" / "bench") as url, floor_process(environment):
        taken = sent(report, url, made["token"])
        begun = time.monotonic()
        waiting(report)
        report.add("worked in after the last was sent", seconds=time.monotonic() - begun)
    there(report, taken)
    report.write()


def sent(report: Report, url: str, token: str) -> int:
    host, _sep, port = urlsplit(url).netloc.partition(":")
    clients = [
        subprocess.Popen(
            [sys.executable, "-c", CLIENT, host, port, token, str(i), str(RATE / SOURCES), str(BATCH), str(SECONDS),
             str(AGENTS)], stdout=subprocess.PIPE, text=True,
        )
        for i in range(SOURCES)
    ]  # fmt: skip
    said = [one.communicate()[0].split() for one in clients]
    if any(one.returncode for one in clients):
        sys.exit("a client failed; see above")
    taken = sum(int(one[0]) for one in said)
    longest = max(float(one[3]) for one in said)
    latency = [float(value) * 1000 for one in said for value in one[4:]]
    report.add(f"{RATE} events/s for {SECONDS} s, {SOURCES} clients, batches of {BATCH}", events=taken,
               per_second=taken / longest, share_of_target=taken / longest / RATE,
               most_late_s=max(float(one[2]) for one in said),
               asked_to_wait=sum(int(one[1]) for one in said), median_ms=median(latency),
               p95_ms=quantiles(latency, n=20)[18])  # fmt: skip
    return taken


def waiting(report: Report) -> None:
    from realtime.models import Arrival

    count = Arrival.objects.count()
    report.add("waiting to be worked in when the last was accepted", arrivals=count, events=count * BATCH)
    while Arrival.objects.filter(parked_at=None).exists():
        time.sleep(0.2)


def there(report: Report, taken: int) -> None:
    from django.db.models import Count

    from realtime.models import AgentNow, AgentSegment, Arrival, Event, Interaction

    kept: dict[str, Any] = Event.objects.aggregate(n=Count("pk"))
    report.add("in the database", events=kept["n"], missing=taken - kept["n"], parked=Arrival.objects.count(),
               segments=AgentSegment.objects.count(), agents=AgentNow.objects.count(),
               interactions=Interaction.objects.count())  # fmt: skip
    if kept["n"] != taken:
        sys.exit(f"{taken} were accepted and {kept['n']} are there")


if __name__ == "__main__":
    main()
