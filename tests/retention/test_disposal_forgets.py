"""After a destruction nothing that the system keeps names the customer any more (RET-9), nor where the file lay."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from occ.encryption import decrypt
from occ.jobs.models import Job
from occ.jobs.services import job_run, job_start
from retention.marks import customer_mark, id_kept, masked, numbers_hidden, path_mark, path_shown, without
from retention.models import Finding, Item, Packed, Probe, Record, Tombstone, Trail
from retention.services import minutes, places, probing, proposals, scanning
from retention.services.lines import line_of
from retention.workflow import CHECKER
from tests.retention.disposal import LATER, NOW, OLD, Dead, dead
from tests.retention.meddling import past_the_triggers
from tests.retention.test_disposal_minutes import issue

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-9")]
NUMBER = "081234567890"
# The number however it is written, and its core with any single marks in between.
TRACE = re.compile(r"8[ .\-_]?1[ .\-_]?2[ .\-_]?3[ .\-_]?4[ .\-_]?5[ .\-_]?6[ .\-_]?7[ .\-_]?8[ .\-_]?9[ .\-_]?0")
SPELLINGS = ["081234567890", "6281234567890", "+62 812-3456-7890", "0812-3456-7890", "0812_3456_7890"]


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> Dead:
    """Recordings whose path, and of two whose ID, hold the customer's number."""
    settings.VAR = tmp_path / "var"
    found = dead(tmp_path)
    found.source.pattern = r".*/(?P<id>[^/]+?)-(?P<start>\d{8}T\d{6})-(?P<customer>[\d+ _-]+)\.wav"
    found.source.save(update_fields=["pattern"])
    for n, one in enumerate(found.records):
        spelling = SPELLINGS[n % len(SPELLINGS)]
        name = f"call-{n}-{spelling}" if n < 2 else f"call-{n}"
        path = f"{OLD:%Y/%m}/{name}-{OLD:%Y%m%dT%H%M%S}-{spelling}.wav"
        (tmp_path / "source" / one.path).rename(tmp_path / "source" / path)
        rows = Record.objects.filter(pk=one.pk)
        with past_the_triggers():
            mark = customer_mark(spelling)
            rows.update(path=path, external_id=name, customer=spelling, customer_mark=mark, names_customer=n < 2)
        one.refresh_from_db()
    return found


def tables_with(trace: re.Pattern[str]) -> dict[str, list[str]]:
    """Every row of every table of the database, as text, in which it stands."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            if rows := [row for (row,) in cursor.fetchall() if trace.search(row)]:
                found[table] = rows
    return found


def files_with(trace: re.Pattern[str], *roots: Path) -> list[str]:
    names = (one for root in roots if root.exists() for one in root.rglob("*") if one.is_file())
    return [str(one) for one in names if trace.search(str(one)) or trace.search(text_in(one))]


def text_in(file: Path) -> str:
    """Its bytes, and what is packed in them: sheets and papers."""
    text = file.read_bytes().decode("latin-1")
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as packed:
            text += "".join(packed.read(name).decode("latin-1") for name in packed.namelist())
    if text.startswith("%PDF"):
        text += "".join(page.extract_text() for page in PdfReader(file).pages)
    return text


def export(world: Dead, kind: str, **params: Any) -> Job:
    job = job_start(kind=kind, params=params or {"query": ""}, owner=world.leader, now=LATER)
    job_run(job_id=job.pk, now=LATER)
    job.refresh_from_db()
    return job


def test_nothing_that_is_kept_names_the_customer(world: Dead, tmp_path: Path, settings: Any) -> None:
    assert set(tables_with(TRACE)) == {"retention_record"}  # what is to be shown: the trace is found while it is there
    root = tmp_path / "source"
    # Around its life: files nobody understands, one that changed, one that went, a list that was exported.
    (root / f"aneh-{NUMBER}.tmp").write_bytes(b"x")
    (root / f"62812-3456-7890-{OLD:%Y%m%dT%H%M%S}.wav").write_bytes(b"x")
    gone = root / world.records[5].path
    content = gone.read_bytes()
    gone.unlink()
    for now in (NOW, NOW + timedelta(hours=2)):
        scanning.source_scan(source_id=world.source.pk, actor=CHECKER, now=now)
    gone.write_bytes(content)
    places.place_try(place=world.source, actor=world.it, now=NOW)
    assert {"file_gone", "unknown_file"} <= set(Finding.objects.values_list("kind", flat=True))
    for kind in ("retention.records", "retention.findings"):
        assert export(world, kind).output_file
    sheet = f"ID,File,Mulai,Nasabah\nbaru-{NUMBER},{NUMBER}.wav,2020-01-01 10:00,{NUMBER}\nx,,,\n"
    upload = SimpleUploadedFile("daftar.csv", sheet.encode())
    job = job_start(
        kind="retention.import", params={"source": world.source.pk}, owner=world.it, now=NOW, file=upload
    )  # fmt: skip
    job_run(job_id=job.pk, now=NOW)

    Job.objects.update(finished_at=NOW)  # the jobs' clock is the machine's
    assert len(files_with(TRACE, root.parent / "files")) == 1  # the upload; an export masks the IDs

    proposal = world.destroyed()
    assert Tombstone.objects.count() == 6 and not Record.objects.filter(names_customer=True).exists()
    issue(world, proposal)
    proposal.refresh_from_db()
    annex = io.BytesIO()
    minutes.annex_workbook(annex, proposal)
    (tmp_path / "annex.xlsx").write_bytes(annex.getvalue())
    export(world, "retention.disposal_lines", query=f"proposal={proposal.pk}")
    export(world, "retention.records")

    assert tables_with(TRACE) == {}
    for name in ("findings", "holds"):
        assert not TRACE.search(page(world, f"/retention/{name}/"))
    assert not TRACE.search(page(world, f"/retention/records/{world.records[0].pk}/"))
    (root / f"aneh-{NUMBER}.tmp").unlink()
    (root / f"62812-3456-7890-{OLD:%Y%m%dT%H%M%S}.wav").unlink()
    kept = Path(storages["default"].location)  # type: ignore[attr-defined]
    assert files_with(TRACE, tmp_path / "store", tmp_path / "var", kept) == []
    assert not TRACE.search(text_in(tmp_path / "annex.xlsx")) and list(kept.rglob("*.pdf"))
    names = " ".join(Record.objects.order_by("pk").values_list("external_id", flat=True))
    assert "call-0-0812••••90 #" in names and "call-2 " in names


def page(world: Dead, url: str) -> str:
    client = Client()
    client.force_login(world.leader)
    return client.get(url).content.decode()


def test_where_files_lay_is_kept_encrypted_until_nobody_looks_again(world: Dead) -> None:
    paths = {one.path for one in world.records}
    proposal = world.destroyed()
    assert not Record.objects.exclude(path__regex="^[0-9a-f]{64}$").exists()
    stones = dict(Tombstone.objects.values_list("record_id", "path_mark"))
    assert stones == {one.pk: path_mark("REC-JKT", one.path) for one in world.records}
    trails = list(Trail.objects.filter(proposal=proposal))
    assert sum(one.files for one in trails) == 6 and all(path in trails[0].names for path in paths)
    with connection.cursor() as cursor:
        cursor.execute("SELECT names FROM retention_trail")
        raw = cursor.fetchone()[0]
    assert NUMBER not in raw and NUMBER in decrypt(raw)
    back = world.root / "source" / world.records[0].path
    back.parent.mkdir(parents=True, exist_ok=True)
    back.write_bytes(b"x")
    week = LATER + timedelta(days=7)
    assert probing.probes_run_due(now=week) == 1
    failed = Probe.objects.order_by("pk")[1]
    assert failed.result == "failed" and failed.found[0]["name"].endswith(
        f"#{path_mark('REC-JKT', world.records[0].path)[:12]}"
    )
    assert not TRACE.search(str(failed.found)) and not TRACE.search(str(list(Finding.objects.values())))
    assert Trail.objects.exists()  # it is looked for again
    back.unlink()
    assert probing.probes_run_due(now=week + timedelta(days=1)) == 1
    assert not Trail.objects.exists()


@pytest.mark.usefixtures("english")
def test_a_probe_that_does_not_know_where_to_look_was_not_run(world: Dead) -> None:
    world.destroyed()
    Trail.objects.all().delete()
    assert probing.probes_run_due(now=LATER + timedelta(days=7)) == 0
    probe = Probe.objects.order_by("pk")[1]
    assert probe.ran_at is None and "not known" in probe.found[0]["where"]


def test_a_customer_that_no_key_opens_is_no_reason_to_keep_what_is_to_go(world: Dead) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE retention_record SET customer = 'gAAAAA-rusak' WHERE id = %s", [world.records[0].pk])
    world.destroyed()
    assert Packed.objects.filter(key=None).count() == 6
    with connection.cursor() as cursor:
        cursor.execute("SELECT external_id, customer FROM retention_record WHERE id = %s", [world.records[0].pk])
        name, customer = cursor.fetchone()
    assert customer == "" and not TRACE.search(name)


def test_the_line_that_is_approved_names_neither_id_nor_path(world: Dead) -> None:
    put = world.submitted()
    lines = list(Item.objects.filter(proposal=put).values_list("line", flat=True))
    assert len(lines) == 6 and not any(TRACE.search(one) or "call-" in one for one in lines)
    one = line_of(1, "S", "a", "chat", NOW, 1, "", "p")
    assert one != line_of(1, "S", "b", "chat", NOW, 1, "", "p") and one != line_of(1, "S", "a", "chat", NOW, 1, "", "q")
    assert len(line_of(2**62, "S" * 20, "x" * 120, "recording", NOW, 2**62, "0" * 64, "p" * 600)) <= 600
    assert put.list_sha256 == proposals.list_sha256(lines)


# Masks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("customer", SPELLINGS)
@pytest.mark.parametrize("written", SPELLINGS)
def test_a_number_is_masked_however_it_is_written(customer: str, written: str) -> None:
    for text in (f"2025/{written}.wav", f"call{written}x", f"{written}-{written}"):
        assert not TRACE.search(without(text, customer)), text


@given(
    st.from_regex(r"[A-Za-z/._ -]{0,12}", fullmatch=True), st.from_regex(r"(?:0|62|\+62)8[0-9]{8,11}", fullmatch=True)
)
def test_no_long_number_stays_in_what_is_told(text: str, number: str) -> None:
    assert number.lstrip("+") not in numbers_hidden(f"{text}{number}{text}")
    assert number.lstrip("+") not in path_shown("S", f"{text}{number}.wav")
    kept = id_kept("S", f"{text}{number}", number)
    assert number.lstrip("+") not in kept and len(kept) <= 120


def test_times_and_short_names_stay_as_they_are() -> None:
    for text in (
        "2025/03/N1-20250310T101500-60.wav",
        "20250310101500.wav",
        "202503101015",
        "a/b-12345678.wav",
        "R-00017",
    ):
        assert numbers_hidden(text) == text and path_shown("S", text) == text
    assert without("Budi Santoso 2025.wav", "budi santoso") == "B•••• 2025.wav"
    assert (masked("123456"), masked("0812 345"), masked("081234567")) == ("1••••", "0••••", "0812••••67")
    assert without("abc.wav", "") == "abc.wav" and without("1-23.wav", "123") == "1-23.wav"
    assert path_shown("S", "a/0812345678901.wav") != path_shown("S", "a/0812345670001.wav")
