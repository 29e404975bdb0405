"""What N agents would make of the calls (RTM-14): Erlang A with the center's own patience, and Erlang C beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf, isfinite

from django.db.models import Sum

from occ.errors import Invalid
from occ.people.models import Site
from realtime import erlang
from realtime.choices import AgentState
from realtime.floorwatch.feeds import DEAF, state_of
from realtime.models import AgentNow, Interval, Source
from realtime.rostering.plan import planned

ANSWERING = (AgentState.AVAILABLE, AgentState.BUSY, AgentState.HOLD, AgentState.WRAPUP)
HISTORY = timedelta(days=28)
# Where nothing is known of the own callers: the middle of what centers report; said as such.
USUAL_PATIENCE = 240.0


@dataclass(frozen=True)
class Question:
    """`calls` in `minutes`; handling and patience in seconds."""

    calls: float
    minutes: float
    handling: float
    patience: float
    within: float = 20.0

    def load(self) -> erlang.Load:
        return erlang.Load(self.calls, self.minutes * 60, self.handling)


@dataclass(frozen=True)
class Answer:
    """Of so many agents: shares in percent, seconds; `patient`: by Erlang C, None where its queue never ends."""

    agents: int
    scr: float
    service_level: float
    asa: float | None  # None where nobody answers
    occupancy: float
    service_level_c: float | None
    asa_c: float | None


def patience_at(site: Site, channel: str, now: datetime) -> tuple[float, int]:
    """(mean patience in seconds, abandons that it was estimated from) of the last four weeks."""
    rows = Interval.objects.filter(site=site, channel=channel, starts_at__gte=now - HISTORY, starts_at__lt=now)
    sums = rows.aggregate(lost=Sum("abandoned"), waits=Sum("wait_ms"), lost_waits=Sum("lost_wait_ms"))
    abandons = int(sums["lost"] or 0)
    waited = ((sums["waits"] or 0) + (sums["lost_waits"] or 0)) / 1000
    found = erlang.patience_of(abandons, waited) if abandons else inf
    return (found, abandons) if abandons >= 20 and isfinite(found) and found > 0 else (USUAL_PATIENCE, 0)


def agents_at(site: Site, channel: str, now: datetime) -> int:
    """Who can answer on that channel now: logged in and not in AUX, by a source that can be heard. Whose channel the
    application does not tell has that of the roster."""
    deaf = [one.pk for one in Source.objects.all() if state_of(one, now) in DEAF]
    rows = AgentNow.objects.filter(site=site, state__in=ANSWERING).exclude(source__in=deaf)
    told = list(rows.values_list("person_id", "agent", "channel"))
    untold = {person for person, _agent, its in told if not its and person is not None}
    plan = planned(start=now, end=now + timedelta(seconds=1), people=untold) if untold else {}
    found = set()
    for person, agent, its in told:
        days = plan.get(person, []) if person is not None else []
        if channel == (its or next((one.channel for one in days), "")):
            found.add(person if person is not None else agent)
    return len(found)


def answers(question: Question, agents: Sequence[int]) -> list[Answer]:
    """One for each number of agents. Raises Invalid: a number that cannot be."""
    found = []
    try:
        load = question.load()
        for n in agents:
            if n == 0:  # nobody answers: everybody waits until they hang up
                found.append(Answer(0, 0.0, 0.0, None, 0.0, None, None))
                continue
            a = erlang.with_patience(load, n, patience=question.patience, within=question.within)
            c = erlang.with_patient_callers(load, n, within=question.within)
            endless = not isfinite(c.asa)
            found.append(
                Answer(
                    n,
                    100 * a.answered,
                    100 * a.within,
                    a.asa,
                    100 * a.occupancy,
                    None if endless else 100 * c.within,
                    None if endless else c.asa,
                )
            )
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        raise Invalid(str(error)) from error
    return found


def around(agents: int, more: int = 6, fewer: int = 3) -> list[int]:
    return [n for n in range(agents - fewer, agents + more + 1) if 0 <= n <= erlang.MOST_AGENTS]
