"""A floor that lives: agents who follow their roster, and break it; customers who call, wait and lose patience.

A discrete-event simulation without any Django: it is given who works when, and tells what an Omni Channel application
would tell (RTM-4), in the order of time. The same engine lives through the demo's past days and, by the clock, its
present.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

# Calls in an hour of a day, as a share of the busiest: quiet nights, a peak at ten and one after lunch.
PROFILE = [0.10, 0.07, 0.05, 0.05, 0.06, 0.10, 0.20, 0.45, 0.80, 0.97, 1.00, 0.92, 0.72, 0.84, 0.88, 0.82, 0.74, 0.62,
           0.52, 0.46, 0.40, 0.32, 0.24, 0.16]  # fmt: skip
PATIENCE, TALK, WRAPUP, MENU = 200.0, 240.0, 35.0, 12.0  # seconds, on average
ZONE = timedelta(hours=7)
CASES = {"informasi": (0.6, 240.0), "permintaan": (0.25, 420.0), "keluhan": (0.15, 800.0)}  # share, seconds
Event = dict[str, Any]


@dataclass(frozen=True)
class Duty:
    """A shift of somebody: `parts` are (start, end, activity), as the roster plans them."""

    agent: str
    site: str
    channel: str
    starts_at: datetime
    ends_at: datetime
    parts: tuple[tuple[datetime, datetime, str], ...] = ()


@dataclass
class Agent:
    name: str
    site: str
    channel: str
    state: str = "offline"
    wants: str = ""  # what they will do once the customer has gone
    leaves: bool = False


@dataclass
class Waiting:
    number: str
    since: datetime
    category: str = ""


@dataclass
class Queue:
    waiting: list[Waiting] = field(default_factory=list)


class Floor:
    """`rates`: calls in the busiest hour, by (site, channel). `tell` gets each event as it happens."""

    def __init__(
        self, *, start: datetime, rates: dict[tuple[str, str], float], rng: random.Random, source: str = "omni"
    ) -> None:
        self.now, self.rates, self.rng, self.source = start, rates, rng, source
        self.agents: dict[str, Agent] = {}
        self.queues = {place: Queue() for place in rates}
        self.heap: list[tuple[datetime, int, Callable[[], None]]] = []
        self.order, self.numbers = count(), count(1)
        self.mark = f"{start:%m%d%H%M%S}{rng.randrange(16**4):04x}"
        self.told: list[Event] = []
        self.known: set[tuple[str, datetime]] = set()
        self.surge: dict[tuple[str, str], datetime] = {}
        for place in rates:
            self.at(start, partial(self.arrivals, place))

    # Time --------------------------------------------------------------------------------------------------------

    def at(self, when: datetime, deed: Callable[[], None]) -> None:
        heapq.heappush(self.heap, (max(when, self.now), next(self.order), deed))

    def after(self, seconds: float, deed: Callable[[], None]) -> None:
        self.at(self.now + timedelta(seconds=seconds), deed)

    def run(self, until: datetime) -> Iterator[Event]:
        """All that happens before `until`, in order."""
        while self.heap and self.heap[0][0] < until:
            self.now, _number, deed = heapq.heappop(self.heap)
            deed()
            yield from self.told
            self.told.clear()
        self.now = max(self.now, until)

    def tell(self, type_: str, site: str, **said: Any) -> None:
        number = next(self.numbers)
        event = {"source": self.source, "source_event_id": f"{self.mark}-{number}", "seq": number, "type": type_,
                 "occurred_at": self.now.isoformat(timespec="milliseconds"), "site": site}  # fmt: skip
        self.told.append(event | {name: value for name, value in said.items() if value})

    # People ------------------------------------------------------------------------------------------------------

    def roster(self, duties: list[Duty]) -> None:
        """Duties that begin from now on, or are under way; each is taken once."""
        for duty in duties:
            key = (duty.agent, duty.starts_at)
            if key in self.known or duty.ends_at <= self.now or (duty.site, duty.channel) not in self.rates:
                continue
            self.known.add(key)
            chance = self.rng.random()
            if chance < 0.03:  # absent
                continue
            late = self.rng.uniform(360, 1_800) if chance < 0.10 else self.rng.gauss(-120, 100)
            agent = self.agents.setdefault(duty.agent, Agent(duty.agent, duty.site, duty.channel))
            self.at(duty.starts_at + timedelta(seconds=late), partial(self.login, agent))
            for begin, end, activity in duty.parts:
                if activity != "work":
                    self.at(begin + timedelta(seconds=self.rng.gauss(30, 60)), self.pause(agent, activity, end))
            if self.rng.random() > 0.01:  # one in a hundred forgets
                out = duty.ends_at + timedelta(seconds=self.rng.gauss(60, 90))
                self.at(out, partial(self.leave, agent))

    def change(self, agent: Agent, state: str, reason: str = "") -> None:
        if state != agent.state:
            self.tell("agent.state", agent.site, agent=agent.name, state=state, prev_state=agent.state, reason=reason,
                      channel=agent.channel)  # fmt: skip
            agent.state = state

    def login(self, agent: Agent) -> None:
        if agent.state == "offline":
            agent.leaves, agent.wants = False, ""
            self.tell("agent.login", agent.site, agent=agent.name, channel=agent.channel)
            agent.state = "available"
            self.serve((agent.site, agent.channel))
            self.after(self.rng.expovariate(1 / 7_000), lambda: self.wander(agent))

    def leave(self, agent: Agent) -> None:
        if agent.state in ("available", "aux"):
            self.tell("agent.logout", agent.site, agent=agent.name)
            agent.state = "offline"
        elif agent.state != "offline":
            agent.leaves = True

    def pause(self, agent: Agent, activity: str, end: datetime) -> Callable[[], None]:
        def begin() -> None:
            if agent.state == "available":
                self.change(agent, "aux", activity)
                over = self.rng.uniform(180, 700) if self.rng.random() < 0.12 else self.rng.gauss(0, 40)
                self.at(end + timedelta(seconds=over), lambda: self.back(agent))
            elif agent.state in ("busy", "wrapup", "hold") and self.now < end:
                agent.wants = activity
                self.after(30, begin)

        return begin

    def wander(self, agent: Agent) -> None:
        """Some minutes away that no roster plans."""
        if agent.state == "available" and not agent.leaves:
            self.change(agent, "aux", self.rng.choice(["toilet", "toilet", "prayer", "system"]))
            self.after(self.rng.uniform(90, 420), lambda: self.back(agent))
        if agent.state != "offline":
            self.after(self.rng.expovariate(1 / 7_000), lambda: self.wander(agent))

    def back(self, agent: Agent) -> None:
        if agent.state == "aux":
            agent.wants = ""
            if agent.leaves:
                self.leave(agent)
                return
            self.change(agent, "available")
            self.serve((agent.site, agent.channel))

    def free(self, agent: Agent) -> None:
        self.change(agent, "available")
        if agent.leaves:
            self.leave(agent)
        else:
            self.serve((agent.site, agent.channel))

    # Customers ---------------------------------------------------------------------------------------------------

    def rate(self, place: tuple[str, str]) -> float:
        """Calls in an hour, now."""
        local = self.now + ZONE
        hour, into = local.hour, local.minute / 60
        share = PROFILE[hour] * (1 - into) + PROFILE[(hour + 1) % 24] * into
        weekend = 0.7 if local.weekday() >= 5 else 1.0
        surge = 2.6 if self.surge.get(place, self.now) > self.now else 1.0
        return self.rates[place] * share * weekend * surge

    def arrivals(self, place: tuple[str, str]) -> None:
        """A minute's arrivals; once a day or so a promotion that nobody told of makes many more of them."""
        mean = self.rate(place) / 60
        for _one in range(self.poisson(mean)):
            self.after(self.rng.uniform(0, 60), lambda: self.arrive(place))
        if self.rng.random() < 1 / 900 and 7 <= (self.now + ZONE).hour < 20:
            self.surge[place] = self.now + timedelta(minutes=self.rng.uniform(25, 50))
        self.after(60, lambda: self.arrivals(place))

    def poisson(self, mean: float) -> int:
        limit, product, n = math.exp(-mean), self.rng.random(), 0
        while product > limit:
            n, product = n + 1, product * self.rng.random()
        return n

    def arrive(self, place: tuple[str, str]) -> None:
        site, channel = place
        number = f"{channel[:2].upper()}{self.mark}{next(self.numbers)}"
        if channel == "voice":
            self.tell("interaction.offered", site, interaction_id=number, channel=channel)
            self.after(self.rng.expovariate(1 / MENU), lambda: self.menu(place, number))
            return
        category = self.rng.choices(list(CASES), [share for share, _seconds in CASES.values()])[0]
        self.tell("case.opened", site, interaction_id=number, channel=channel, category=category)
        self.enter(place, Waiting(number, self.now, category))

    def menu(self, place: tuple[str, str], number: str) -> None:
        site, channel = place
        if self.rng.random() < 0.06:
            self.tell("interaction.completed", site, interaction_id=number, channel=channel)
            return
        self.tell("interaction.queued", site, interaction_id=number, channel=channel)
        one = Waiting(number, self.now)
        self.after(self.rng.expovariate(1 / PATIENCE), lambda: self.give_up(place, one))
        self.enter(place, one)

    def enter(self, place: tuple[str, str], one: Waiting) -> None:
        self.queues[place].waiting.append(one)
        self.serve(place)

    def give_up(self, place: tuple[str, str], one: Waiting) -> None:
        if one in self.queues[place].waiting:
            self.queues[place].waiting.remove(one)
            self.tell("interaction.abandoned", place[0], interaction_id=one.number, channel=place[1])

    def serve(self, place: tuple[str, str]) -> None:
        queue = self.queues.get(place)
        while queue and queue.waiting:
            ready = [one for one in self.agents.values()
                     if (one.site, one.channel) == place and one.state == "available"]  # fmt: skip
            if not ready:
                return
            agent, one = self.rng.choice(ready), queue.waiting.pop(0)
            (self.case if one.category else self.talk)(agent, one)

    def talk(self, agent: Agent, one: Waiting) -> None:
        said = {"interaction_id": one.number, "channel": agent.channel, "agent": agent.name}
        self.change(agent, "busy")
        self.tell("interaction.answered", agent.site, **said)
        length = self.rng.lognormvariate(math.log(TALK) - 0.25, 0.7)

        def wrap() -> None:
            self.tell("interaction.wrapup", agent.site, **said)
            self.change(agent, "wrapup")
            self.after(self.rng.expovariate(1 / WRAPUP) + 5, done)

        def done() -> None:
            self.tell("interaction.completed", agent.site, **said)
            self.free(agent)

        def hold() -> None:
            self.tell("interaction.hold", agent.site, **said)
            self.change(agent, "hold")

        def unhold() -> None:
            self.tell("interaction.unhold", agent.site, **said)
            self.change(agent, "busy")

        if self.rng.random() < 0.15 and length > 60:
            held = self.rng.uniform(15, 60)
            self.after(length / 2, hold)
            self.after(length / 2 + held, unhold)
            length += held
        self.after(length, wrap)

    def case(self, agent: Agent, one: Waiting) -> None:
        said = {"interaction_id": one.number, "channel": agent.channel, "agent": agent.name}
        self.change(agent, "busy")
        self.tell("case.assigned", agent.site, **said)
        seconds = CASES[one.category][1] * self.rng.lognormvariate(-0.2, 0.5) / 2

        def submit() -> None:
            self.tell("case.submitted", agent.site, **said)
            self.after(self.rng.uniform(5, 40), close)

        def close() -> None:
            self.tell("case.closed", agent.site, **said)
            self.free(agent)

        self.after(seconds, submit)
