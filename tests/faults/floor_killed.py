"""Web, floor and PostgreSQL are killed with -9 while four applications send events: what was accepted is there once,
and what follows from it is what would have followed without.

Each application sends a batch again and again until it is taken; that it was taken before is no harm.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from _house import House, check, run, token

SOURCES = 4
STATES = ("available", "busy", "wrapup", "aux")


def fault(house: House, small: bool) -> None:
    from django.db import connections
    from django.utils import timezone

    from realtime.models import Arrival, Event
    from realtime.services.intervals import intervals_compute
    from realtime.services.rebuilding import rebuild
    from tests.factories import user

    machine = token(user("rtfm"))
    began = timezone.now() - timedelta(hours=12)
    connections.close_all()
    house.web()
    floor(house)
    size = 50 if small else 500
    senders = [Sender(house, machine, source, size, began) for source in range(SOURCES)]
    for one in senders:
        one.start()
    try:
        for turn in range(1 if small else 5):
            for name in ("web", "floor", "postgres"):
                time.sleep(1.5 if small else 6)
                killed(house, name, senders)
            if turn == 0:
                check(all(one.taken for one in senders), "each application was heard before the end")
        time.sleep(2 if small else 10)
    finally:
        for one in senders:
            one.over.set()
        for one in senders:
            one.join(120)
    check(all(one.ended for one in senders), "a batch was never taken, or not as it was sent")
    took = house.until(60 if small else 600, lambda: not Arrival.objects.exists(), "all is worked in")
    house.say(f"answers: {dict(sum((one.answers for one in senders), Counter[int]()))}; worked in {took:.1f} s later")
    sent, there = sum(one.taken for one in senders), Event.objects.count()
    check(sent == there, f"{sent} events were accepted, {there} are there")
    house.say(f"{there} events were accepted and are there once")
    ended(house)
    intervals_compute(now=timezone.now())
    before = picture()
    rebuild(start=None, end=None, now=timezone.now())
    after = picture()
    for was, now in zip(before, after, strict=True):
        check(was == now, f"what was derived is not what these events tell: {differing(was, now)}")
    house.say(f"what follows is what they tell: {before[0]} segments of {before[1]} agents, {before[2]} calls")


def floor(house: House) -> None:
    house.spawn("floor", "django", "floor")


def ended(house: House) -> None:
    """The floor process, as a supervisor ends it: it must not work beside the rebuilding."""
    process = house.processes.pop("floor")
    process.terminate()
    process.wait(20)


def killed(house: House, name: str, senders: list[Sender]) -> None:
    taken = sum(one.taken for one in senders)
    if name == "postgres":
        house.down("postgres", hard=True)
        time.sleep(0.5)
        house.up("postgres")
    else:
        house.kill(name)
        house.web() if name == "web" else floor(house)
    back = house.until(60, lambda: sum(one.taken for one in senders) > taken, "events are taken again")
    house.say(f"{name} killed with -9 after {taken} events; taken again {back:.1f} s after its return")


def picture() -> list[Any]:
    """All that was derived, without keys and times of writing."""
    from realtime.models import AgentNow, AgentSegment, Interaction, Interval

    segments = AgentSegment.objects.order_by("source__code", "agent", "starts_at")
    calls = Interaction.objects.order_by("source__code", "number")
    return [
        segments.count(), AgentNow.objects.count(), calls.count(),
        list(segments.values_list("agent", "starts_at", "ends_at", "state", "reason", "gap", "person", "site")),
        list(AgentNow.objects.order_by("source__code", "agent").values_list("agent", "state", "since", "heard_at")),
        list(calls.values_list("number", "outcome", "arrived_at", "wait_ms", "talk_ms", "agent", "faults")),
        list(Interval.objects.order_by("site", "channel", "starts_at").values_list("offered", "answered", "talk_ms")),
    ]  # fmt: skip


def differing(was: Any, now: Any) -> str:
    if isinstance(was, int):
        return f"{was} and {now}"
    pairs = [pair for pair in zip(was, now, strict=False) if pair[0] != pair[1]]
    return f"{len(was)} and {len(now)}, {len(pairs)} differ, first {pairs[:1]}"


class Sender(threading.Thread):
    """One application: states and calls of its own agents, in the order in which they happen."""

    def __init__(self, house: House, machine: str, source: int, size: int, began: datetime) -> None:
        super().__init__(daemon=True)
        self.house, self.machine, self.source, self.size, self.began = house, machine, source, size, began
        self.over = threading.Event()
        self.number = self.taken = 0
        self.ended = False
        self.answers = Counter[int]()

    def run(self) -> None:
        while not self.over.is_set():
            batch = [self.event() for _one in range(self.size)]
            body = json.dumps(batch).encode()
            for _attempt in range(600):
                status, said = self.house.ask(
                    "/api/v1/realtime/events/", body, Authorization=self.machine, Content_Type="application/json"
                )
                self.answers[status] += 1
                if status == 202:
                    found = json.loads(said)
                    assert found["accepted"] + found["duplicates"] == self.size, said[:200]
                    self.taken += self.size
                    break
                time.sleep(0.1)
            time.sleep(0.02)
        self.ended = True

    def event(self) -> dict[str, Any]:
        self.number += 1
        agent, at = self.number // 5 % 40, self.began + timedelta(milliseconds=self.number * 10)
        made = {
            "source": f"app{self.source}", "source_event_id": str(self.number), "seq": self.number, "site": "JKT",
            "occurred_at": at.isoformat(), "agent": f"S{self.source}-{agent}", "channel": "voice",
        }  # fmt: skip
        step = self.number % 5
        if step < 2:
            return made | {"type": "agent.state", "state": STATES[(self.number // 200 + step) % 4]}
        kind = ("offered", "answered", "completed")[step - 2]
        return made | {"type": f"interaction.{kind}", "interaction_id": f"c{self.number // 5}"}


if __name__ == "__main__":
    run(fault)
