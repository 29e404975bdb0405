"""Any table as a roster is imported whole or refused in words: nothing unforeseen, nothing by halves (RTM-1)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import transaction
from hypothesis import example, given
from hypothesis import strategies as st

from occ.errors import Refused
from realtime.models import Roster, RosterLine
from realtime.services.roster_imports import roster_import
from realtime.services.roster_reading import roster_read, summary
from tests.factories import NOW, Floor
from tests.fuzz.test_imports import CELL, common, text, workbook
from tests.realtime.rosters import DAYS, MONTH, Plan, plan_of

pytestmark = [pytest.mark.req("RTM-1", "KER-9"), pytest.mark.timeout(300)]
HEADER = ["NIK", "Nama", *DAYS[:5]]
CODES = st.sampled_from(["P", "s", " M ", "OFF", "L", "cuti", "SK", "TP", "", None, "ZZ", "#N/A", "=P", 1, True])
# Mostly the people of the site and codes that are known, so that the checks behind the first one are reached too.
ROW = st.tuples(st.integers(0, 4), st.lists(st.one_of(CODES, CODES, CODES, CELL), max_size=7))
HEADINGS = st.one_of(
    st.just(HEADER), st.permutations(HEADER),
    st.lists(st.one_of(st.sampled_from([*HEADER, "1", "31", "Sen 2", "3/12", "32", "Total", ""]), CELL), max_size=12),
)  # fmt: skip


@pytest.fixture
def plan(floor: Floor) -> Plan:
    return plan_of(floor)


@common
@given(headings=HEADINGS, rows=st.lists(ROW, max_size=5), as_text=st.booleans())
@example(headings=HEADER, rows=[(0, ["P", "OFF"]), (1, ["M"])], as_text=False)
@example(headings=HEADER, rows=[(0, ["P", "ZZ"])], as_text=True)
def test_any_table(plan: Plan, headings: list[Any], rows: list[tuple[int, list[Any]]], as_text: bool) -> None:
    numbers = [one.number for one in plan.people] + ["N-none", ""]
    table = [headings, *([numbers[who], "x", *cells] for who, cells in rows)]
    content = text(table) if as_text else workbook(table)
    with transaction.atomic():
        judge(plan, content)
        transaction.set_rollback(True)


def judge(plan: Plan, content: bytes) -> None:
    place: dict[str, Any] = {"site": plan.floor.jkt, "month": MONTH, "actor": plan.wfm, "now": NOW}
    found, said = None, list[str]()
    try:
        reading = roster_read(file=io.BytesIO(content), **place)
        found = summary(reading)
    except Refused as refusal:
        said.append(str(refusal))
    assert not Roster.objects.exists()
    if found is not None:
        assert all(one["message"] for row in found["rows"] for one in row["problems"])
    try:
        made = roster_import(file=io.BytesIO(content), name="roster", **place)
    except Refused as refusal:
        said.append(str(refusal))
        assert all(said) and not Roster.objects.exists()
        assert found is None or found["counts"]["faulty"] or not found["counts"]["changes"], "the preview saw nothing"
        return
    assert found is not None and not found["counts"]["faulty"]
    assert made["changes"] == found["counts"]["changes"] == RosterLine.objects.count()
    assert roster_import(file=io.BytesIO(content), name="roster", **place)["changes"] == 0
