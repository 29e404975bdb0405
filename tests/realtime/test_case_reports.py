"""Cases in by reports: told while they are open, told again once they are done (RTM-4, RTM-11)."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occ.times import end_of_day, start_of_day
from realtime.choices import Outcome
from realtime.deriving.interactions import Said, Told, interaction_of
from realtime.models import Event, Interaction
from realtime.reports.mapping import mapping_of
from realtime.reports.reading import events_of
from realtime.services.call_reports import report_read
from realtime.services.responses import responses
from tests.factories import site
from tests.realtime.test_call_reports import as_csv, take

pytestmark = pytest.mark.req("RTM-4", "RTM-11")
DAY = date(2026, 3, 4)
WIB = ZoneInfo("Asia/Jakarta")
MAPPING = """
source: tickets
kind: cases
channel: email
date: 2026-03-04
key: Nomor
columns: {arrived: Masuk, submitted: Jawab, ended: Tutup, agent: Agen, category: Jenis}
"""
HEAD = ["Nomor", "Masuk", "Jawab", "Tutup", "Agen", "Jenis"]


def telling(number: int, minutes: int | None, *, closed: bool = False, kind: str = "Informasi") -> list[Any]:
    """Case `number` came at 08:00 and so many minutes; None: it is open still."""
    came = datetime(2026, 3, 4, 8, number % 60)
    done = came + timedelta(minutes=minutes) if minutes is not None else None
    return [
        f"K{number}", f"{came:%H:%M:%S}", f"{done:%H:%M:%S}" if done else "",
        f"{done + timedelta(hours=1):%H:%M:%S}" if done and closed else "", "N1" if done else "", kind,
    ]  # fmt: skip


def figures() -> dict[str, Any]:
    found = responses(site=site("JKT"), start=start_of_day(DAY, WIB), end=end_of_day(DAY, WIB))
    return {f"{one[0]} {one[1]}": (said.cases, said.submitted, said.seconds) for one, said in found.items()}


@pytest.mark.django_db
def test_an_open_case_and_its_finished_report_are_one_case_with_an_end() -> None:
    take(as_csv([telling(1, None), telling(2, 10)], HEAD), MAPPING)
    assert figures() == {"email informasi": (2, 1, 600.0)}
    done = take(as_csv([telling(1, 20), telling(2, 10)], HEAD), MAPPING)
    assert (done["accepted"], done["duplicates"]) == (1, 1)
    assert figures() == {"email informasi": (2, 2, 900.0)}
    case = Interaction.objects.get(number="20260304|K1")
    assert (case.outcome, case.submitted_at) == ("answered", datetime(2026, 3, 4, 1, 21, tzinfo=UTC))
    assert take(as_csv([telling(1, None)], HEAD), MAPPING)["accepted"] == 0, "an old file opens nothing again"
    assert figures() == {"email informasi": (2, 2, 900.0)}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_shuffled_repeated_and_split_files_give_the_same_figures(seed: int) -> None:
    chance = random.Random(seed)
    final = [telling(n, chance.choice([None, 5, 12, 40]), closed=chance.random() < 0.5) for n in range(12)]
    early = [telling(n, None) for n in range(12)]
    expected: dict[str, Any] = {}
    for row in final:
        cases, submitted, seconds = expected.get("n", (0, 0, 0.0))
        took = (datetime.strptime(row[2], "%H:%M:%S") - datetime.strptime(row[1], "%H:%M:%S")) if row[2] else None
        expected["n"] = (cases + 1, submitted + bool(took), seconds + (took.total_seconds() if took else 0))
    rows = chance.sample(final, len(final)) + chance.sample(early, 8)
    chance.shuffle(rows)
    files = [rows[:7], rows[5:15], rows[13:], chance.sample(rows, 6)]
    for rows_of in chance.sample(files, len(files)):
        # Of a case told twice alike within a file one row would be a double.
        once = list({tuple(one): one for one in rows_of}.values())
        assert not report_read(file=as_csv(once, HEAD), mapping=mapping_of(MAPPING), site=site("JKT")).preview.counts[
            "faulty"
        ]
        take(as_csv(once, HEAD), MAPPING)
    cases, submitted, total = expected["n"]
    assert figures() == {"email informasi": (cases, submitted, total / submitted)}
    assert Interaction.objects.count() == 12 and Event.objects.count() <= 24


def told_of(rows: list[list[Any]]) -> Told:
    said = []
    for row in rows:
        (event,) = events_of(mapping_of(MAPPING), dict(zip(HEAD, map(str, row), strict=True)), site="JKT", zone=WIB)
        at = datetime.fromisoformat(event["occurred_at"])
        said.append(Said(at, 0, event["source_event_id"], event["type"], event.get("agent", ""), event))
    return interaction_of(said)


@given(
    st.lists(st.sampled_from([(None, "Informasi"), (15, "Keluhan"), (None, "Informasi")]), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_whatever_comes_first_the_end_is_what_counts(tellings: list[tuple[int | None, str]], chance: Any) -> None:
    rows = [telling(1, minutes, kind=kind) for minutes, kind in tellings]
    told = told_of(rows)
    chance.shuffle(rows)
    assert told_of(rows) == told
    done = any(minutes for minutes, _kind in tellings)
    assert told.outcome == (Outcome.ANSWERED if done else Outcome.OPEN)
    assert (told.wait_ms, told.category, told.agent) == (
        (900_000, "keluhan", "N1") if done else (None, "informasi", "")
    )


def test_no_number_of_an_event_is_too_long_and_each_case_has_its_own() -> None:
    seen = set()
    for length in (60, 99, 100, 101, 102, 109, 110, 111, 119):
        for end in "ab":
            for minutes in (None, 5):
                row = telling(1, minutes)
                row[0] = "x" * length + end
                mapped = dict(zip(HEAD, map(str, row), strict=True))
                (event,) = events_of(mapping_of(MAPPING), mapped, site="JKT", zone=WIB)
                assert len(event["source_event_id"]) <= 120
                seen.add(event["source_event_id"])
    assert len(seen) == 36
