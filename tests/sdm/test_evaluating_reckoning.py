"""Points, totals and incentives: pure, decimal, of one person alone (SDM-6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occ.errors import Invalid
from sdm.evaluating.paying import Terms, pay, terms_of
from sdm.evaluating.policies import valid_cards, valid_superiors
from sdm.evaluating.scoring import Component, exact, points, score
from tests.sdm.evaluating import TERMS

pytestmark = pytest.mark.req("SDM-6")
D = Decimal
QM = Component("coaching.qm", D(30), D(70), D(95))
AHT = Component("realtime.aht", D(20), D(600), D(450))
KNOWN = {"attendance": None, "shifts": None}
MORE = {"attendance": True, "shifts": True, "warnings": False}


@pytest.mark.parametrize(
    ("component", "value", "made"),
    [
        (QM, "70", "0.00"), (QM, "69.99", "0.00"), (QM, "95", "100.00"), (QM, "100", "100.00"), (QM, "82.5", "50.00"),
        (QM, "70.00125", "0.01"), (AHT, "450", "100.00"), (AHT, "449", "100.00"), (AHT, "600", "0.00"),
        (AHT, "525", "50.00"), (AHT, "700", "0.00"),
    ],
)  # fmt: skip
def test_points_lie_on_a_line_between_two_values(component: Component, value: str, made: str) -> None:
    assert points(component, D(value)) == D(made)


def test_a_figure_is_kept_as_its_shortest_decimal() -> None:
    assert [exact(0.1 + 0.2), exact(90), exact(66.666666), exact("97.00005")] == [
        D("0.3000"), D("90.0000"), D("66.6667"), D("97.0001")
    ]  # fmt: skip


def test_what_is_absent_takes_its_weight_with_it() -> None:
    found = score([QM, AHT], {"coaching.qm": D(95), "realtime.aht": None}, least=D(50))
    assert (found.total, found.known) == (D("100.00"), D("60.00"))
    assert [one.share for one in found.lines] == [D("100.00"), None]
    assert score([QM, AHT], {"coaching.qm": D(95)}, least=D(61)).total is None  # too little is known
    assert score([QM, AHT], {}, least=D(1)).total is None
    assert score([], {}, least=D(1)).total is None


weights = st.decimals(min_value="0.001", max_value="1000", places=3)
values = st.none() | st.decimals(min_value="-50", max_value="150", places=4)
people = st.lists(st.tuples(weights, values), min_size=1, max_size=8)


@given(people, people, st.randoms())
def test_each_result_is_that_of_the_person_alone(one: Any, other: Any, chance: Any) -> None:
    """Reckoned before, after or among others, in any order of the components: always the same."""

    def alone(rows: Any) -> Any:
        return score(
            [Component(str(i), weight, D(0), D(100)) for i, (weight, _v) in enumerate(rows)],
            {str(i): value for i, (_w, value) in enumerate(rows)}, least=D(50),
        )  # fmt: skip

    batch = [one, other, one]
    chance.shuffle(batch)
    found = {id(rows): alone(rows) for rows in batch}
    assert found[id(one)] == alone(one) and found[id(other)] == alone(other)
    shuffled = list(enumerate(one))
    chance.shuffle(shuffled)
    again = score(
        [Component(str(i), weight, D(0), D(100)) for i, (weight, _v) in shuffled],
        {str(i): value for i, (_w, value) in shuffled}, least=D(50),
    )  # fmt: skip
    assert again.total == alone(one).total


@given(people)
def test_a_total_lies_between_the_points_and_zero_is_never_put_for_what_is_absent(rows: Any) -> None:
    components = [Component(str(i), weight, D(0), D(100)) for i, (weight, _v) in enumerate(rows)]
    found = score(components, {str(i): value for i, (_w, value) in enumerate(rows)}, least=D("0.01"))
    there = [one.points for one in found.lines if one.points is not None]
    if found.total is not None:
        assert min(there) <= found.total <= max(there)
    absent = Component("absent", D(999), D(0), D(100))
    with_it = score([*components, absent], {str(i): v for i, (_w, v) in enumerate(rows)}, least=D(0))
    assert with_it.total == score(components, {str(i): v for i, (_w, v) in enumerate(rows)}, least=D(0)).total


def terms(**change: Any) -> Terms:
    return terms_of(TERMS | change, demands=MORE)


def paid(found: Terms, total: str, *, position: str = "Agent", attendance: str | None = "95", **more: Any) -> Any:
    measured = {"attendance": None if attendance is None else D(attendance)} | more.pop("measured", {})
    return pay(found, position=position, total=D(total), points=more.get("points", {}), measured=measured, more=MORE,
               least=D(more.get("least", "50")))  # fmt: skip


@pytest.mark.parametrize(
    ("total", "attendance", "amount"),
    [
        ("100", "95", 500_000), ("90", "95", 500_000), ("89.99", "95", 300_000), ("75", "95", 300_000),
        ("74.99", "95", 0), ("0", "95", 0), ("90", "90", 500_000), ("90", "89.9999", 250_000), ("90", None, 500_000),
    ],
)  # fmt: skip
def test_bands_and_conditions(total: str, attendance: str | None, amount: int) -> None:
    assert paid(terms(), total, attendance=attendance).amount == D(amount)


def test_what_cannot_be_told_takes_nothing_and_is_said() -> None:
    (held,) = paid(terms(), "90", attendance=None).held
    assert (held.met, held.value) == (None, None)
    (held,) = paid(terms(), "90", attendance="10").held
    assert (held.met, held.keeps) == (False, D(50))


def test_a_condition_of_less() -> None:
    found = terms(demands=[{"key": "warnings", "value": "0", "keeps": "0"}])
    assert paid(found, "90", measured={"warnings": D(1)}).amount == 0
    assert paid(found, "90", measured={"warnings": D(0)}).amount == D(500_000)
    assert paid(found, "90").amount == D(500_000)  # not known


def test_the_strictest_unmet_condition_counts() -> None:
    found = terms(demands=[
        {"key": "attendance", "value": "90", "keeps": "50"}, {"key": "shifts", "value": "20", "keeps": "25"},
    ])  # fmt: skip
    assert paid(found, "90", attendance="80", measured={"shifts": D(3)}).amount == D(125_000)


def test_bands_by_component_add_up_and_an_absent_one_takes_its_percents_with_it() -> None:
    found = terms(bands=[
        {"basis": "total", "least": "80", "percent": "60"}, {"basis": "coaching.qm", "least": "90", "percent": "40"},
        {"basis": "coaching.qm", "least": "50", "percent": "10"},
    ], demands=[])  # fmt: skip
    assert paid(found, "85", points={"coaching.qm": D(95)}).amount == D(500_000)
    assert paid(found, "85", points={"coaching.qm": D(60)}).amount == D(350_000)
    assert paid(found, "85", points={"coaching.qm": D(10)}).amount == D(300_000)
    assert paid(found, "85", points={"coaching.qm": None}).amount == D(500_000)  # all that can be known was reached
    assert paid(found, "10", points={}).amount == 0


def test_too_little_known_is_no_amount_and_never_money() -> None:
    bands = [{"basis": "coaching.qm", "least": "90", "percent": "20"},
             {"basis": "realtime.adherence", "least": "50", "percent": "80"}]  # fmt: skip
    found = terms(bands=bands, demands=[])
    for told, amount, known in (
        ({}, None, 0), ({"coaching.qm": D(95)}, None, 20), ({"coaching.qm": D(10)}, None, 20),
        ({"realtime.adherence": D(60)}, 500_000, 80), ({"realtime.adherence": D(10)}, 0, 80),
    ):  # fmt: skip
        made = paid(found, "85", points=told)
        assert (made.amount, made.known) == (amount, known)
    assert paid(found, "85", points={"coaching.qm": D(95)}, least="20").amount == 500_000
    assert paid(found, "85", position="Sopir").amount == 0  # the scheme names no amount for it: known


def test_half_a_step_goes_up_however_the_percent_was_made() -> None:
    """10 of 30 known percents, of 100 in all: 33 1/3 % of 1500 is 500, half of the step, and no trifle less."""
    found = terms_of(
        {"amounts": [{"position": "Agent", "amount": "1500"}], "step": 1000, "bands": [
            {"basis": "total", "least": "0", "percent": "10"}, {"basis": "total", "least": "90", "percent": "30"},
            {"basis": "coaching.qm", "least": "0", "percent": "70"}]},
        demands={},
    )  # fmt: skip
    told = pay(found, position="Agent", total=D(80), points={}, measured={}, more={}, least=D(0))
    assert (told.amount, told.known) == (D(1000), D("30.00"))


def test_capped_then_rounded_half_up_to_the_step() -> None:
    bands = [{"basis": "total", "least": "0", "percent": "33.33"}]
    assert paid(terms(bands=bands, step="1", cap=None), "50").amount == D(166_650)
    assert paid(terms(bands=bands, step="100", cap=None), "50").amount == D(166_700)
    assert paid(terms(bands=bands, step="1000", cap=None), "50").amount == D(167_000)
    half = [{"basis": "total", "least": "0", "percent": "50"}]
    odd = terms(bands=half, step="1000", cap=None, amounts=[{"position": "agent ", "amount": "5000"}])
    assert paid(odd, "50").amount == D(3_000)  # 2 500 goes up; the position is found however it is written
    capped = paid(terms(bands=[{"basis": "total", "least": "0", "percent": "300"}]), "50")
    assert (capped.amount, capped.capped) == (D(1_000_000), True)


def test_a_position_that_is_not_named_gets_nothing() -> None:
    found = paid(terms(), "100", position="WFM")
    assert (found.base, found.amount) == (None, 0)


@given(st.decimals("0", "100", places=2), st.decimals("0", "100", places=2))
def test_who_has_more_is_never_paid_less(one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    assert paid(terms(), str(low)).amount <= paid(terms(), str(high)).amount


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amounts": []}, "amounts"), ({"amounts": [{"position": " ", "amount": "1"}]}, "amounts"),
        ({"amounts": [{"position": "Agent", "amount": "1"}, {"position": "agent", "amount": "2"}]}, "amounts"),
        ({"amounts": [{"position": "Agent", "amount": "-1"}]}, "amounts"),
        ({"amounts": [{"position": "Agent", "amount": "1.5"}]}, "amounts"),
        ({"amounts": [{"position": "Agent", "amount": "NaN"}]}, "amounts"),
        ({"amounts": [{"position": "Agent", "amount": "banyak"}]}, "amounts"), ({"bands": []}, "bands"),
        ({"bands": [{"basis": "zodiac", "least": "1", "percent": "1"}]}, "bands"),
        ({"bands": [{"basis": "total", "least": "101", "percent": "1"}]}, "bands"),
        ({"bands": [{"basis": "total", "least": "1", "percent": "501"}]}, "bands"),
        ({"bands": [{"basis": "total", "least": "1", "percent": p} for p in ("1", "2")]}, "bands"),
        ({"demands": [{"key": "looks", "value": "1", "keeps": "1"}]}, "demands"),
        ({"demands": [{"key": "attendance", "value": "1", "keeps": "1"}] * 2}, "demands"),
        ({"demands": [{"key": "attendance", "value": "1", "keeps": "101"}]}, "demands"),
        ({"step": "7"}, "step"), ({"cap": "1500"}, "cap"), ({"cap": "x"}, "cap"),
    ],
)  # fmt: skip
def test_terms_that_cannot_be_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        terms(**change)
    assert refused.value.field == field


def test_terms_say_the_same_after_they_were_kept() -> None:
    assert terms_of(terms().as_json(), demands=KNOWN) == terms()


@pytest.mark.parametrize(
    "change",
    [
        {"component": "zodiac"}, {"weight": 0}, {"weight": "x"}, {"zero": 5, "full": 5}, {"positions": " , "},
        {"component": "judged.attitude", "zero": 0, "full": 10},
    ],
)  # fmt: skip
def test_components_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    row = {"key": "a", "positions": "Agent", "component": "coaching.qm", "weight": 1, "zero": 0, "full": 100}
    valid_cards([row])
    with pytest.raises(ValueError):
        valid_cards([row | change])
    with pytest.raises(ValueError):
        valid_cards([row, row | {"key": "b", "positions": "WFM, agent"}])
    with pytest.raises(ValueError):
        valid_cards([])


def test_each_position_has_one_superior() -> None:
    row = {"key": "a", "positions": "Agent", "role": "team_leader"}
    valid_superiors([row])
    for wrong in ([], [row, row], [row | {"role": "agent"}], [row | {"positions": ""}]):
        with pytest.raises(ValueError):
            valid_superiors(wrong)
