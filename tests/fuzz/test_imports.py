"""Any table as a logbook is imported whole or refused in words: no unforeseen error, nothing by halves (UID-13).

FUZZ_EXAMPLES says how many are tried.
"""

from __future__ import annotations

import csv
import io
import os
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from occ.errors import Refused
from occ.ledger.models import Entry
from occ.people.models import Person
from tests import factories
from tests.factories import NOW, Floor
from tests.userids.test_import import GOOD, HEADER
from userids.models import Account, Assignment
from userids.services.importing import logbook_read
from userids.services.imports import logbook_import

pytestmark = [pytest.mark.req("UID-13", "KER-9"), pytest.mark.timeout(300)]
NASTY = [
    "", " ", "-", "\x00", "\u200b", "\u202e", "=1+1", "=cmd|' /C calc'!A0", "@SUM(1)", "31/02/2025", "29/02/2024",
    "99/99/9999",
    "0000-00-00", "1e400", "9" * 400, "NaN", "Aktif", "NON AKTIF", "Voice", "Voice;WA,Chat", "a@b", "a@x.test",
    "A@X.TEST",
    "O'Brien", "<script>", "x" * 61, "x" * 40_000, "\U0001f600", "n/a", "#REF!", "TRUE", "1 Agustus 2025",
    "2025-08-01T23:59:59Z", "OMN-900", "omn-900", "K900", "\ufeffUser ID", "Siti\nAminah", "\ttab",
]  # fmt: skip
CELL = st.one_of(
    st.none(), st.sampled_from(NASTY), st.sampled_from(GOOD), st.text(max_size=30), st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.times().map(lambda at: at.replace(tzinfo=None)),
    st.dates(date(1900, 1, 1)), st.datetimes(datetime(1900, 1, 1)), st.timedeltas(timedelta(0), timedelta(days=9999)),
)  # fmt: skip
# Mostly good rows with some cells changed, so that the checks behind the first one are reached too.
ROW = st.one_of(
    st.lists(CELL, max_size=12),
    st.dictionaries(st.integers(0, 8), CELL, max_size=3).map(
        lambda changed: [changed.get(at, value) for at, value in enumerate(GOOD)]
    ),
)
HEADINGS = st.one_of(
    st.just(HEADER), st.permutations(HEADER), st.lists(st.sampled_from([*HEADER, "Lain", ""]), max_size=12)
)
common = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "25")), deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def workbook(rows: list[list[Any]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append([fit(value) for value in row])
    book.save(out)
    return out.getvalue()


def fit(value: Any) -> Any:
    """What a spreadsheet can hold: no control characters, no whole numbers beyond a float."""
    if isinstance(value, str):
        return ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53 else value


def text(rows: list[list[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([["" if value is None else value for value in row] for row in rows])
    return out.getvalue().encode("utf-8", "surrogatepass")


def attempt(floor: Floor, content: bytes, name: str) -> None:
    """As `judge` says, on a floor that is as it was before."""
    with transaction.atomic():
        judge(floor, content, name)
        transaction.set_rollback(True)


def judge(floor: Floor, content: bytes, name: str) -> None:
    """Look at the file, then import it: both agree, and either everything is there or nothing."""

    def counts() -> tuple[int, int, int, int]:
        imported = Entry.objects.filter(action="logbook.imported")
        return Account.objects.count(), Assignment.objects.count(), Person.objects.count(), imported.count()

    def file() -> io.BytesIO:
        one = io.BytesIO(content)
        one.name = name
        return one

    place = {"site": floor.jkt, "application": factories.application(), "actor": floor.support, "now": NOW}
    before, preview, said = counts(), None, list[str]()
    try:
        preview = logbook_read(file=file(), **place).preview
    except Refused as refusal:
        said.append(str(refusal))
    assert counts() == before
    if preview is not None:
        assert preview.counts["total"] == preview.counts["good"] + preview.counts["faulty"] == len(preview.rows)
        assert all(problem.message for row in preview.rows for problem in row.problems)
    try:
        made = logbook_import(file=file(), name=name, **place)
    except Refused as refusal:
        said.append(str(refusal))
        assert all(said) and counts() == before
        assert preview is None or preview.counts["faulty"] or not preview.counts["total"], (
            "the preview saw nothing wrong"
        )
        return
    assert preview is not None and not preview.counts["faulty"]
    after = counts()
    assert after == (
        before[0] + made["accounts"],
        before[1] + made["assignments"],
        before[2] + made["people"],
        before[3] + 1,
    )
    assert made["assignments"] >= made["accounts"] > 0


@common
@given(headings=HEADINGS, rows=st.lists(ROW, max_size=6), as_text=st.booleans())
@example(headings=HEADER, rows=[GOOD], as_text=False)
@example(headings=HEADER, rows=[[time(1, 2)] * 9], as_text=False)
def test_any_table(floor: Floor, headings: list[str], rows: list[list[Any]], as_text: bool) -> None:
    table = [headings, *rows]
    if as_text:
        attempt(floor, text(table), "logbook.csv")
    else:
        attempt(floor, workbook(table), "logbook.xlsx")


@common
@given(
    content=st.binary(max_size=400),
    at=st.integers(0, 5000),
    name=st.sampled_from(["a.xlsx", "a.csv", "a.xls", "a", "a.ods"]),
)
def test_any_bytes_and_any_damage(floor: Floor, content: bytes, at: int, name: str) -> None:
    if not at % 4:
        attempt(floor, content, name)
    whole = workbook([HEADER, GOOD])
    attempt(floor, whole[: at % len(whole)] + content + whole[at % len(whole) + len(content) :], name)
