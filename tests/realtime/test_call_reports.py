"""Reports of calls in by a mapping, and figures that agree with SQL over the raw file (RTM-4, RTM-10)."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from occ.errors import Invalid
from occ.people.actors import COMMAND
from occ.people.models import Site
from realtime.models import AgentSegment, Event, Interaction, Interval
from realtime.reports.mapping import mapping_of
from realtime.services.call_reports import report_import, report_read, report_work
from realtime.services.figures import figures
from tests.factories import NOW, site

pytestmark = [pytest.mark.req("RTM-4", "RTM-10"), pytest.mark.django_db]
MAPPING = (Path(__file__).parent / "bank.yaml").read_text()
DAY = date(1999, 1, 4)
BANK = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "voice" / "one_day_calls.csv"
HEAD = ["vru+line", "call_id", "vru_entry", "q_start", "q_exit", "q_time", "outcome", "ser_start", "ser_exit",
        "ser_time", "server", "vru_exit"]  # fmt: skip
NEVER = "0:00:00"


def line(number: int, entry: str, outcome: str, queue: Any = (NEVER, NEVER, 0), served: Any = (NEVER, NEVER, 0),
         server: str = "NO_SERVER") -> list[Any]:  # fmt: skip
    return [f"L{number}", number, entry, *queue, outcome, *served, server, entry]


SMALL = [
    line(1, "0:00:00", "AGENT", ("0:00:10", "0:00:25", 15), ("0:00:25", "0:04:25", 240), "S1"),
    line(2, "10:00:00", "HANG", ("10:00:05", "10:00:08", 3)),
    line(3, "10:05:00", "HANG"),
    line(4, "10:06:00", "PHANTOM"),
    line(5, "10:07:00", "AGENT", served=("10:07:30", "10:08:30", 60), server="NO_SERVER"),
    line(6, "23:59:50", "AGENT", ("0:00:02", "0:00:30", 28), ("0:00:30", "0:01:30", 60), "S2"),
]


def as_csv(rows: list[list[Any]], head: list[str] = HEAD) -> io.BytesIO:
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return io.BytesIO(out.getvalue().encode())


def take(file: io.BytesIO, mapping: str = MAPPING) -> dict[str, Any]:
    place = {"site": site("JKT"), "actor": COMMAND, "now": NOW}
    done = report_import(file=file, name="calls.csv", mapping=mapping_of(mapping), **place)  # type: ignore[arg-type]
    report_work(NOW)
    return done


def told(interval: str = "day") -> list[dict[str, Any]]:
    return figures(site=site("JKT"), channel="voice", first=DAY, last=DAY, interval=interval)


def test_a_small_day_with_its_midnight_its_menu_and_its_faults() -> None:
    done = take(as_csv(SMALL))
    assert (done["accepted"], done["ignored"], done["outcomes"]) == (5, 1, {"answered": 3, "abandoned": 1, "menu": 1})
    (day,) = told()
    assert (day["offered"], day["answered"], day["abandoned"], day["short_abandoned"]) == (4, 3, 1, 1)
    assert (day["menu_only"], day["scr"], day["handled"], day["faults"]) == (1, 75.0, 2, 1)
    assert (day["aht"], day["asa"]) == (150.0, 43 / 3)
    late = Interaction.objects.get(number="19990104|L6|6")
    assert late.answered_at is not None and (late.answered_at - late.arrived_at).total_seconds() == 40
    assert Interaction.objects.get(number="19990104|L5|5").faults == ["no_agent"]


def test_the_same_again_shuffled_and_in_overlapping_parts_are_the_same_figures() -> None:
    take(as_csv(SMALL))
    was, events = told("15"), Event.objects.count()
    mixed = random.Random(1).sample(SMALL, len(SMALL))
    assert take(as_csv(mixed))["accepted"] == 0
    assert take(as_csv(SMALL[:4]))["duplicates"] == 3 and take(as_csv(SMALL[2:]))["duplicates"] == 3
    assert told("15") == was and Event.objects.count() == events
    call_command("rebuild", verbosity=0)
    assert told("15") == was


def test_a_spreadsheet_with_its_own_times_is_read_as_the_text_is() -> None:
    take(as_csv(SMALL))
    was = told("15")
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEAD)
    for row in SMALL:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    assert take(io.BytesIO(out.getvalue()))["accepted"] == 0, "the same rows have the same keys"
    assert told("15") == was


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (line(7, "25:61:00", "AGENT"), "25:61:00"),
        (line(7, "", "AGENT"), "vru_entry"),
        (line(7, "10:00:00", "LOST"), ""),
        (line(7, "10:00:00", "AGENT", served=("10:00:00", "10:00:09", "long")), "long"),
        (line(1, "10:00:00", "AGENT"), "2"),
    ],
)
def test_one_faulty_row_and_nothing_is_imported(row: list[Any], words: str) -> None:
    reading = report_read(file=as_csv([*SMALL, row]), mapping=mapping_of(MAPPING), site=site("JKT"))
    (faulty,) = [one for one in reading.preview.rows if one.problems]
    assert faulty.number == 8 and words in faulty.problems[0].message
    with pytest.raises(Invalid):
        take(as_csv([*SMALL, row]))
    assert not Event.objects.exists() and not Interval.objects.exists()


def test_what_stands_in_a_mapping_is_text_as_it_is_written() -> None:
    text = MAPPING.replace('"0:00:00"', "0:00:00").replace("[NO_SERVER]", "[No, 12:30, 007]")
    found = mapping_of(text.replace("key: [vru+line", "key: [No"))
    assert (found.never, found.nobody) == ({"", "0:00:00"}, {"No", "12:30", "007"})
    assert found.key == ("No", "call_id") and found.fixed == DAY


@pytest.mark.parametrize(
    "change",
    [
        "source: [", "source: bank\nsurprise: 1", "- a", "source: a b\nkey: [x]\ncolumns: {arrived: x}", "42",
        MAPPING.replace("channel: voice", "channel: pigeon"), MAPPING.replace("date: 1999-01-04", ""),
        MAPPING.replace("date: 1999-01-04", "date: 31.12.1999"), MAPPING.replace("arrived: vru_entry", "queued: x"),
        MAPPING.replace("arrived: vru_entry", "arrived: vru_entry\n  mood: x"), MAPPING.replace("is: menu", "is: lost"),
        MAPPING.replace("key: [vru+line, call_id]", ""), MAPPING.replace("kind", "x") + "\nkind: faxes",
        "&a [*a]", "a: !!python/object/apply:os.system ['true']", "x" * 30_000,
        MAPPING.replace('never: ["0:00:00"]', "never: {a: 1}"),
        "a: &a {x: 1}\nb: &b {<<: [*a, *a, *a]}\nsource: bank", "a: !!bool x", 'a: !!int ""', "a: !!timestamp x",
        "a: 0x" + "f" * 9_000, MAPPING + "\ntimes: '%H:%M %H'",
    ],
)  # fmt: skip
def test_a_mapping_that_makes_no_sense_is_refused_in_words(change: str) -> None:
    with pytest.raises(Invalid) as refused:
        mapping_of(change)
    assert refused.value.field == "mapping" and str(refused.value)


def test_a_time_that_names_its_zone_is_that_time() -> None:
    text = "id,at,end\n1,2026-03-04T01:00:00Z,2026-03-04T08:05:00+07:00\n"
    mapping = "source: pbx\nkey: id\ndate: 2026-03-04\ncolumns: {arrived: at, ended: end}\noutcomes: [{is: abandoned}]"
    take(io.BytesIO(text.encode()), mapping)
    call = Interaction.objects.get()
    assert (call.arrived_at, call.ended_at) == (
        datetime(2026, 3, 4, 1, tzinfo=UTC), datetime(2026, 3, 4, 1, 5, tzinfo=UTC),
    )  # fmt: skip


def test_dates_in_a_column_other_clocks_and_semicolons() -> None:
    mapping = """
source: pbx
date: null
dates: "%d/%m/%Y"
times: "%H.%M.%S"
key: id
columns: {date: Tanggal, arrived: Masuk, answered: Jawab, ended: Selesai, agent: Agen, hold: Hold}
outcomes: [{if: {Jawab: "*"}, is: answered}, {is: abandoned}]
"""
    rows = [
        [1, "04/03/2026", "08.00.00", "08.00.20", "08.05.20", "N1", "0:01:00"],
        [2, "04/03/2026", "08.01.00", "", "", "", ""],
    ]
    head = ["id", "Tanggal", "Masuk", "Jawab", "Selesai", "Agen", "Hold"]
    text = "\n".join(";".join(map(str, row)) for row in [head, *rows])
    take(io.BytesIO(text.encode()), mapping)
    (day,) = figures(site=site("JKT"), channel="voice", first=date(2026, 3, 4), last=date(2026, 3, 4), interval="day")
    assert (day["offered"], day["answered"], day["aht"], day["asa"]) == (2, 1, 300.0, 20.0)


def test_log_ins_and_log_outs_become_an_agent_s_day() -> None:
    mapping = """
source: rosterbook
kind: logins
date: 2026-11-19
key: [who, "in"]
columns: {agent: who, login: "in", logout: out}
"""
    text = "who;in;out\nN1;22:00;07:01\nN2;08:00;16:00\n"
    take(io.BytesIO(text.encode()), mapping)
    night = AgentSegment.objects.get(agent="N1", state="available")
    assert night.ends_at is not None and (night.ends_at - night.starts_at).total_seconds() == 9 * 3600 + 60
    with pytest.raises(Invalid):
        take(io.BytesIO(b"who;in;out\n;22:00;07:01\n"), mapping)


def test_a_source_that_speaks_for_itself_takes_no_file() -> None:
    from realtime.models import Source

    Source.objects.create(code="bank", name="bank")
    with pytest.raises(Invalid) as refused:
        take(as_csv(SMALL))
    assert refused.value.code == "source"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"\x00\x01\x02", b"vru+line,call_id\n1,2\n"])
def test_what_is_no_report_is_refused(content: bytes) -> None:
    from occ.errors import Refused

    with pytest.raises(Refused):
        take(io.BytesIO(content))
    assert not Event.objects.exists()


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Site.objects.get_or_create(code="JKT", defaults={"name": "Jakarta"})
    file, mapping = tmp_path / "calls.csv", tmp_path / "bank.yaml"
    file.write_bytes(as_csv(SMALL).getvalue())
    mapping.write_text(MAPPING)
    words = [str(file), "--mapping", str(mapping), "--site", "JKT", "--json"]
    call_command("import_calls", *words)
    assert json.loads(capsys.readouterr().out)["accepted"] == 5
    days = ["--site", "JKT", "--from", "1999-01-04", "--to", "1999-01-04"]
    call_command("figures", *days, "--interval", "month", "--json")
    (month,) = json.loads(capsys.readouterr().out)
    assert (month["offered"], month["starts_at"], month["ends_at"]) == (
        4, "1998-12-31T17:00:00+00:00", "1999-01-31T17:00:00+00:00",
    )  # fmt: skip
    call_command("figures", *days, "--interval", "day")
    assert capsys.readouterr().out.splitlines()[1].startswith("1999-01-04T00:00+07:00\t4\t")
    file.write_bytes(as_csv([*SMALL, line(7, "x", "AGENT")]).getvalue())
    with pytest.raises(SystemExit):
        call_command("import_calls", *words)
    assert "refused" in json.loads(capsys.readouterr().out)
    with pytest.raises(CommandError):
        call_command("figures", *days[:2], "--from", "1999-01-05", "--to", "1999-01-04")


# What the file says, reckoned from the raw file alone. Overlaps: two services of one server that share a moment.
RAW = """
CREATE TABLE raw AS SELECT * FROM read_csv('{path}', header=true, all_varchar=true);
CREATE TABLE calls AS SELECT "vru+line" || '|' || call_id AS id, outcome,
    epoch(vru_entry::INTERVAL) AS entry, q_start <> '0:00:00' AS queued, q_time::INT AS q, ser_time::INT AS talk,
    epoch(ser_start::INTERVAL) AS s0, epoch(ser_start::INTERVAL) + ser_time::INT AS s1, server
FROM raw WHERE outcome <> 'PHANTOM';
CREATE TABLE faulty AS SELECT DISTINCT a.id FROM calls a LEFT JOIN calls b ON b.server = a.server AND b.id <> a.id
    AND b.outcome = 'AGENT' AND b.talk > 0 AND b.s0 > 0 AND a.s0 < b.s1 AND b.s0 < a.s1
WHERE a.outcome = 'AGENT' AND (a.server = 'NO_SERVER' OR a.talk = 0
    OR (b.id IS NOT NULL AND a.talk > 0 AND a.s0 > 0 AND a.server <> 'NO_SERVER'));
SELECT floor(entry / ({minutes} * 60))::INT AS slot,
    count(*) FILTER (WHERE outcome = 'AGENT' OR queued) AS offered,
    count(*) FILTER (WHERE outcome = 'AGENT') AS answered,
    count(*) FILTER (WHERE outcome = 'HANG' AND queued) AS abandoned,
    count(*) FILTER (WHERE outcome = 'HANG' AND queued AND q < 5) AS short_abandoned,
    count(*) FILTER (WHERE outcome = 'HANG' AND NOT queued) AS menu_only,
    count(*) FILTER (WHERE outcome = 'AGENT' AND q <= 20) AS within,
    sum(q) FILTER (WHERE outcome = 'AGENT') AS waited,
    sum(talk) FILTER (WHERE outcome = 'AGENT' AND id NOT IN (FROM faulty)) AS talked,
    count(*) FILTER (WHERE outcome = 'AGENT' AND id NOT IN (FROM faulty)) AS handled,
    count(*) FILTER (WHERE id IN (FROM faulty)) AS faults
FROM calls GROUP BY 1 ORDER BY 1
"""


@pytest.mark.shared_data
@pytest.mark.parametrize(("interval", "minutes"), [("15", 15), ("30", 30), ("day", 1440)])
def test_a_real_day_agrees_with_sql_over_the_raw_file(interval: str, minutes: int) -> None:
    done = take(io.BytesIO(BANK.read_bytes()))
    assert (done["rows"], done["accepted"], done["ignored"]) == (2375, 2357, 18)
    raw = duckdb.connect().execute(RAW.format(path=BANK, minutes=minutes)).fetchall()
    mine = told(interval)
    assert len(mine) == len(raw)
    for row, (_slot, offered, answered, abandoned, short, menu, within, waited, talked, handled, faults) in zip(
        mine, raw, strict=True
    ):
        counts = ("offered", "answered", "abandoned", "short_abandoned", "menu_only", "within", "handled", "faults")
        assert tuple(row[name] for name in counts) == (
            offered, answered, abandoned, short, menu, within, handled, faults,
        ), row["starts_at"]  # fmt: skip
        assert row["scr"] == (100 * answered / offered if offered else None)
        assert row["asa"] == (waited / answered if answered else None)
        assert row["aht"] == (talked / handled if handled else None)
        assert row["service_level"] == (100 * within / offered if offered else None)


@pytest.mark.shared_data
def test_the_faults_of_a_real_day_are_listed_by_kind() -> None:
    take(io.BytesIO(BANK.read_bytes()))
    faulty = Interaction.objects.exclude(faults=[])
    kinds = {kind: faulty.filter(faults__contains=[kind]).count() for kind in ("no_agent", "zero", "overlap")}
    assert kinds["no_agent"] == 6 and kinds["zero"] == 2 and kinds["overlap"] > 0
    assert not faulty.filter(faults__contains=["negative"]).exists()
