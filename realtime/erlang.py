"""Staffing by Erlang C and Erlang A (RTM-2, RTM-14): pure functions of one interval in steady state.

Erlang C: Poisson arrivals, exponential handling, nobody hangs up (A. K. Erlang 1917; service level as in R. B. Cooper,
Introduction to Queueing Theory, 1981). Erlang A: as C, and whoever waits hangs up after an exponential patience (C.
Palm 1957; the formulas with their integrals are those of S. Zeltyn and A. Mandelbaum, Queueing Systems 51, 2005).

Rates are per second, times in seconds, shares between 0 and 1. Handling time is talk + hold + after-call work: an agent
who writes up a call takes no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray

STEPS = 2_000  # of Simpson's rule over the wait
MOST_AGENTS = 10_000
Waits = NDArray[np.float64]  # seconds, and what depends on them


@dataclass(frozen=True)
class Load:
    """What comes in: `calls` in `interval` seconds, each handled in `handling` seconds on average."""

    calls: float
    interval: float
    handling: float

    def __post_init__(self) -> None:
        if not (self.calls >= 0 and self.interval > 0 and self.handling > 0):
            raise ValueError("calls must not be negative, interval and handling time must be greater than nothing")

    @property
    def arriving(self) -> float:
        return self.calls / self.interval

    @property
    def erlangs(self) -> float:
        """The agents that would be busy if nobody waited."""
        return self.arriving * self.handling


@dataclass(frozen=True)
class Outcome:
    """What so many agents make of it."""

    answered: float  # the share of calls that is answered: the SCR
    waits: float  # the share that does not find a free agent at once
    asa: float  # seconds that an answered call waited; infinite where the queue grows without end
    within: float  # the share that is answered within the seconds asked for: the service level
    occupancy: float  # the share of their time that agents handle calls


def erlang_b(erlangs: float, agents: int) -> float:
    """The share that finds all agents busy where nobody can wait; by the recursion that does not overflow."""
    _check(agents)
    return 1.0 / _inverse_b(erlangs, agents)


def _inverse_b(erlangs: float, agents: int) -> float:
    """Infinite where there are so many more agents than work that a float does not hold it."""
    inverse = 1.0
    for n in range(1, agents + 1):
        inverse = 1.0 + inverse * n / erlangs if erlangs else inf
    return inverse


def erlang_c(erlangs: float, agents: int) -> float:
    """The share that waits where everybody waits until answered; 1 where there are no more agents than erlangs."""
    if erlangs >= agents:
        return 1.0
    blocked = erlang_b(erlangs, agents)
    return blocked / (1.0 - erlangs / agents * (1.0 - blocked))


def with_patient_callers(load: Load, agents: int, *, within: float = 20.0) -> Outcome:
    """Erlang C. Raises ValueError for a number of agents that cannot be."""
    erlangs = load.erlangs
    _check(agents)
    if not load.calls:
        return Outcome(1.0, 0.0, 0.0, 1.0, 0.0)
    if erlangs >= agents:
        # The queue never ends: in the long run each second as many are answered as agents can.
        return Outcome(agents / erlangs, 1.0, inf, 0.0, 1.0)
    waits = erlang_c(erlangs, agents)
    free = (agents - erlangs) / load.handling
    return Outcome(1.0, waits, waits / free, 1.0 - waits * exp(-free * within), erlangs / agents)


def with_patience(load: Load, agents: int, *, patience: float, within: float = 20.0) -> Outcome:
    """Erlang A: `patience` is the mean time after which a caller who waits hangs up.

    Raises ValueError for a patience or a number of agents that cannot be.
    """
    _check(agents)
    if not patience > 0:
        raise ValueError("patience must be greater than nothing")
    if not load.calls:
        return Outcome(1.0, 0.0, 0.0, 1.0, 0.0)
    arriving, serving, leaving = load.arriving, agents / load.handling, 1.0 / patience

    def height(wait: Waits) -> Waits:
        return arriving * -np.expm1(-leaving * wait) / leaving - serving * wait

    likeliest = log(arriving / serving) / leaving if arriving > serving else 0.0
    top = float(height(np.array(likeliest)))

    def density(wait: Waits) -> Waits:
        """Of the wait that would be, so scaled that it is 1 where it is highest: a long queue's would overflow."""
        return np.exp(height(wait) - top)

    def stays(wait: Waits) -> Waits:
        return np.exp(-leaving * wait)

    end = max(1.0, 2 * likeliest)
    while density(np.array(end)) > 1e-14:
        end *= 1.5
    all_waits = _integral(density, 0.0, end)
    # 1 / (the chance of just `agents - 1` busy, among fewer than `agents`): Erlang B upside down.
    below = exp(-top) * _inverse_b(load.erlangs, agents - 1)
    whole = below + arriving * all_waits
    waits = arriving * all_waits / whole
    lost = (exp(-top) + (arriving - serving) * all_waits) / whole
    answered = 1.0 - lost
    later = arriving / whole * _integral(lambda x: stays(x) * density(x), min(within, end), end)
    waited = arriving / whole * _integral(lambda x: x * stays(x) * density(x), 0.0, end)
    return Outcome(
        answered, waits, waited / answered if answered else 0.0, max(0.0, answered - later),
        min(1.0, load.erlangs * answered / agents),
    )  # fmt: skip


def agents_needed(load: Load, *, enough: Callable[[Outcome], bool], patience: float | None = None,
                  within: float = 20.0) -> int:  # fmt: skip
    """The fewest agents with whom it is `enough`; more agents must never make it less. Raises ValueError: none are."""

    def judged(agents: int) -> bool:
        if patience is None:
            return enough(with_patient_callers(load, agents, within=within))
        return enough(with_patience(load, agents, patience=patience, within=within))

    if not load.calls:
        return 0
    most = max(1, int(load.erlangs))
    while not judged(most):
        most *= 2
        if most > MOST_AGENTS:
            raise ValueError("no number of agents is enough")
    least = 0
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if judged(middle) else (middle, most)
    return most


def patience_of(abandoned: int, waited: float) -> float:
    """The mean patience that the center's own calls show: seconds waited by all, answered or not, for each abandon.

    The maximum likelihood of an exponential patience that is cut short by being answered; infinite without abandons.
    """
    if abandoned < 0 or waited < 0:
        raise ValueError("counts and seconds must not be negative")
    return waited / abandoned if abandoned else inf


def _check(agents: int) -> None:
    if not 0 < agents <= MOST_AGENTS:
        raise ValueError(f"agents must lie between 1 and {MOST_AGENTS}")


def _integral(of: Callable[[Waits], Waits], start: float, end: float) -> float:
    """Simpson's rule."""
    if end <= start:
        return 0.0
    found = of(np.linspace(start, end, STEPS + 1))
    inner = 4 * found[1:-1:2].sum() + 2 * found[2:-1:2].sum()
    return float((found[0] + inner + found[-1]) * (end - start) / STEPS / 3)
