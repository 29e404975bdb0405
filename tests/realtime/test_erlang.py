"""Erlang C and A against exact arithmetic, the chain of states itself, and published values (RTM-14)."""

from __future__ import annotations

from fractions import Fraction
from math import factorial, inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime import erlang
from realtime.erlang import Load

pytestmark = pytest.mark.req("RTM-14")


def exact_c(erlangs: Fraction, agents: int) -> float:
    """By the sum that the textbooks give, in fractions."""
    last = erlangs**agents / factorial(agents) * agents / (agents - erlangs)
    return float(last / (sum((erlangs**k / factorial(k) for k in range(agents)), Fraction()) + last))


def chain(load: Load, agents: int, patience: float) -> tuple[float, float]:
    """Answered and waiting shares from the balance of the number of calls in the house."""
    shares, total, waiting, behind, k = 1.0, 1.0, 0.0, 0.0, 0
    while k < agents or shares > 1e-18 * total:
        k += 1
        shares *= load.arriving / (min(k, agents) / load.handling + max(0, k - agents) / patience)
        total += shares
        waiting += shares if k >= agents else 0.0
        behind += shares * max(0, k - agents)
        if total > 1e200:  # a long queue's would overflow; only shares of the whole are asked for
            shares, total, waiting, behind = (one * 1e-200 for one in (shares, total, waiting, behind))
    return 1 - behind / total / patience / load.arriving, (waiting if agents else total) / total


@pytest.mark.parametrize(
    ("agents", "answered"), [(30, 0.916), (28, 0.878)]
)  # 120 calls in half an hour, 450 s each, callers who wait 240 s
def test_the_example_of_the_recovery_plan(agents: int, answered: float) -> None:
    found = erlang.with_patience(Load(120, 1800, 450), agents, patience=240)
    assert found.answered == pytest.approx(answered, abs=0.0005)


@pytest.mark.parametrize(
    ("erlangs", "agents", "blocked"),
    # Erlang B's table: the traffic that so many lines carry at 1 % and at 5 % lost.
    [(4.461, 10, 0.01), (12.03, 20, 0.01), (37.90, 50, 0.01), (84.06, 100, 0.01), (6.216, 10, 0.05),
     (95.24, 100, 0.05)],
)  # fmt: skip
def test_erlang_b_as_the_tables_have_it(erlangs: float, agents: int, blocked: float) -> None:
    assert erlang.erlang_b(erlangs, agents) == pytest.approx(blocked, rel=2e-3)


@given(st.integers(1, 120), st.fractions(Fraction(1, 100), Fraction(99, 100), max_denominator=500))
def test_erlang_c_is_the_textbooks_sum(agents: int, busy: Fraction) -> None:
    erlangs = busy * agents
    assert erlang.erlang_c(float(erlangs), agents) == pytest.approx(exact_c(erlangs, agents), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(calls=st.floats(0.5, 900), handling=st.floats(20, 900), agents=st.integers(1, 160), patience=st.floats(5, 1800))
def test_erlang_a_is_the_chain_of_states(calls: float, handling: float, agents: int, patience: float) -> None:
    load = Load(calls, 1800, handling)
    found = erlang.with_patience(load, agents, patience=patience)
    answered, waits = chain(load, agents, patience)
    assert found.answered == pytest.approx(answered, abs=2e-5) and found.waits == pytest.approx(waits, abs=2e-5)
    assert -1e-9 <= found.within <= found.answered + 1e-9 and 0 <= found.occupancy <= 1 and found.asa >= 0


def test_endless_patience_is_erlang_c() -> None:
    load = Load(200, 1800, 180)
    patient, nearly = erlang.with_patient_callers(load, 24), erlang.with_patience(load, 24, patience=5e6)
    assert nearly.answered == pytest.approx(1, abs=1e-4)
    for name in ("waits", "asa", "within", "occupancy"):
        assert getattr(nearly, name) == pytest.approx(getattr(patient, name), rel=2e-3), name


def test_more_calls_than_agents_can_handle() -> None:
    load = Load(1000, 1800, 600)  # 333 erlangs
    lost = erlang.with_patient_callers(load, 100)
    assert (lost.answered, lost.asa, lost.within) == (pytest.approx(0.3), inf, 0.0)
    assert erlang.with_patience(load, 100, patience=1e5).answered == pytest.approx(0.3, abs=1e-3)


def test_the_fewest_agents() -> None:
    load = Load(100, 1800, 180)

    def enough(outcome: erlang.Outcome) -> bool:
        return outcome.within >= 0.8

    needed = erlang.agents_needed(load, enough=enough)
    assert needed == 14  # 10 erlangs, 80 % in 20 s
    assert enough(erlang.with_patient_callers(load, needed)) and not enough(
        erlang.with_patient_callers(load, needed - 1)
    )
    assert erlang.agents_needed(Load(0, 1800, 180), enough=enough) == 0
    assert erlang.agents_needed(load, enough=enough, patience=120) <= needed
    with pytest.raises(ValueError, match="no number of agents"):
        erlang.agents_needed(load, enough=lambda _outcome: False)


def test_no_calls_and_what_cannot_be() -> None:
    assert erlang.with_patience(Load(0, 1800, 180), 3, patience=60) == erlang.Outcome(1.0, 0.0, 0.0, 1.0, 0.0)
    for wrong in ((-1, 1800, 180), (1, 0, 180), (1, 1800, 0), (float("nan"), 1, 1)):
        with pytest.raises(ValueError, match="must"):
            Load(*wrong)
    for agents, patience in ((0, 60.0), (5, 0.0), (5, -1.0), (20_000, 60.0)):
        with pytest.raises(ValueError, match=r"patience|agents"):
            erlang.with_patience(Load(10, 1800, 180), agents, patience=patience)
    assert erlang.patience_of(0, 100) == inf and erlang.patience_of(4, 100) == 25
