"""Scans (RET-1, RET-6): once each, whatever the files are called and whoever kills the scan."""

import hashlib
import json
import os
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from occ.errors import Invalid, WrongState
from occ.ledger.models import Entry
from occ.people.choices import Role
from occ.people.models import Person
from retention.choices import FindingKind, FindingStatus, RecordState
from retention.marks import customer_mark, id_mark, path_mark
from retention.models import Finding, Record, Scan, Source, Tombstone
from retention.services import listing, scanning
from retention.services.backups import Outcome
from retention.services.cataloguing import CREATED, DESTROYED, KNOWN, REFUSED, records_add
from retention.services.facts import facts_of, sidecar_of
from retention.services.findings import finding_resolve
from retention.services.matching import Matcher, TooSlow, pattern_check
from retention.services.scanning import scans_overdue, source_scan, sources_due
from retention.storing import Directory, PlaceAway
from retention.workflow import CHECKER
from sdm.services.employees import employee_edit
from tests.factories import NOW, account, person, site, user
from tests.retention.backups import Ground, troubles
from tests.retention.catalogue import PATTERN, put, record_in, scan, source_at, source_in, wav
from tests.retention.meddling import destroyed, past_the_triggers
from userids.models import Assignment

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-1")]


def open_findings(source: Source) -> set[tuple[str, str]]:
    rows = Finding.objects.open().filter(source=source)
    return set(rows.values_list("kind", "name"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "source"


def test_a_scan_catalogues_what_the_paths_say(folder: Path) -> None:
    agent = person(site("JKT"))
    source = source_in(folder)
    put(folder, wav(agent.number, "20250310T233000", 3600), b"12345")
    put(folder, wav("unknown", "20250311T010203", 0))
    done = scan(source)
    assert (done.files, done.added, done.known, done.refused, done.error) == (2, 2, 0, 0, "")
    record = Record.objects.get(agent=agent)
    assert (record.size, record.kind, record.channel, record.site, record.state) == (
        5, "recording", "voice", source.site, RecordState.CATALOGUED)  # fmt: skip
    assert record.started_at == datetime(2025, 3, 10, 16, 30, tzinfo=UTC)
    assert record.ended_at - record.started_at == timedelta(hours=1)
    assert record.ended_on.isoformat() == "2025-03-11"
    assert Record.objects.get(agent=None).agent_label == "unknown"
    source.refresh_from_db()
    assert source.scanned_at == NOW


def test_the_agent_is_whoever_had_the_name_when_the_conversation_began(folder: Path) -> None:
    """User IDs and addresses pass on (UID-1): nobody's calls become another's by what is true today."""
    where, passed = site("JKT"), datetime(2025, 6, 1, tzinfo=UTC)
    first, second, third = (person(where) for _one in range(3))
    held = account(first, where, since=passed - timedelta(days=300))
    Assignment.objects.filter(account=held).update(ends_at=passed, email="kursi1@x.test")
    Assignment.objects.create(account=held, person=second, email="kursi1@x.test", starts_at=passed)
    changed = {"name": first.name, "actor": user(Role.HR_RELATIONS), "now": passed}
    old = first.email
    employee_edit(person_id=first.pk, email="baru@x.test", **changed)
    employee_edit(person_id=third.pk, email=old, **(changed | {"name": third.name}))
    source, before, after = source_at(where, "file:///x"), passed - timedelta(days=9), passed + timedelta(days=9)

    def agent(word: str, ended_at: datetime) -> Person | None:
        return record_in(source, agent=word, ended_at=ended_at).agent

    for word in (held.user_id, held.user_id.lower(), "Kursi1@x.test"):
        assert (agent(word, before), agent(word, after)) == (first, second), word
    assert (agent(old, before), agent(old, after)) == (first, third)
    assert (agent("baru@x.test", before), agent("BARU@x.test", after)) == (None, first)
    assert agent(first.number.lower(), before) == first
    too_soon = datetime(2023, 12, 31, tzinfo=UTC)
    assert agent("baru@x.test", too_soon) is None and agent(old, too_soon) is None


def test_a_second_scan_adds_nothing(folder: Path) -> None:
    source = source_in(folder)
    for i in range(30):
        put(folder, wav(f"A{i}"))
    scan(source)
    before = list(Record.objects.order_by("pk").values())
    again = scan(source, now=NOW + timedelta(hours=1))
    assert (again.files, again.added, again.known, again.changed, again.gone) == (30, 0, 30, 0, 0)
    assert list(Record.objects.order_by("pk").values()) == before


def test_half_written_files_wait_and_the_future_does_not(folder: Path) -> None:
    source = source_in(folder)
    put(folder, wav("A"), at=NOW - timedelta(seconds=30))
    put(folder, wav("B"), at=NOW - timedelta(minutes=3))
    put(folder, wav("C"), at=NOW + timedelta(days=900))
    assert scan(source).added == 2
    assert not open_findings(source)
    assert scan(source, now=NOW + timedelta(minutes=5)).added == 1


@pytest.mark.req("RET-6")
def test_files_that_change_before_their_backup_are_followed(folder: Path) -> None:
    source = source_in(folder)
    put(folder, wav())
    scan(source)
    put(folder, wav(), b"another sound", at=NOW - timedelta(hours=2))
    assert scan(source, now=NOW + timedelta(hours=47)).changed == 1
    assert Record.objects.get().size == 13
    assert not open_findings(source)


@pytest.mark.req("RET-5")
@pytest.mark.parametrize(("sha256", "after"), [("", 48), ("a" * 64, 1)])
def test_one_that_changes_late_or_though_its_bytes_were_told_is_a_finding_and_no_backup(
    tmp_path: Path, sha256: str, after: int
) -> None:
    ground = Ground(tmp_path)
    record = ground.record("call.wav", b"sound", sha256=sha256)
    before = record.fingerprint
    ground.path(record).write_bytes(b"son")
    done = scan(ground.source, now=timezone.now() + timedelta(hours=after))
    record.refresh_from_db()
    assert (done.changed, record.size, record.fingerprint, record.sha256) == (1, 5, before, sha256)
    assert open_findings(ground.source) == {(FindingKind.FILE_CHANGED, "call.wav")}
    batch = ground.batch()
    assert ground.back_up(batch) == Outcome.INCOMPLETE and troubles(batch) == {"call.wav": "truncated"}
    ground.path(record).write_bytes(b"sound")
    os.utime(ground.path(record), ns=(0, int(before.partition(":")[2])))  # it was put back as it had been
    scan(ground.source, now=timezone.now() + timedelta(hours=after + 1))
    assert not open_findings(ground.source)


def test_what_was_told_of_a_file_before_it_was_seen_is_kept_where_another_size_is_found(folder: Path) -> None:
    source = source_in(folder)
    now = NOW + timedelta(days=2)
    put(folder, "a.wav", b"sound")
    put(folder, "b.wav", b"another sound")
    for name in ("a", "b"):
        record_in(source, name, sha256="a" * 64)
    scan(source, now=now)
    rows = {one.path: (one.size, one.sha256, bool(one.fingerprint)) for one in Record.objects.all()}
    assert rows == {"a.wav": (5, "a" * 64, True), "b.wav": (5, "a" * 64, False)}
    assert open_findings(source) == {(FindingKind.FILE_CHANGED, "b.wav")}


@pytest.mark.req("RET-6")
def test_what_was_backed_up_before_any_scan_is_known_by_its_bytes(folder: Path) -> None:
    source = source_in(folder)
    right = hashlib.sha256(b"sound").hexdigest()
    for name, content, facts in (
        ("same", b"sound", {"state": RecordState.BACKED_UP, "sha256": right}),
        ("other", b"noise", {"state": RecordState.BACKED_UP, "sha256": right}),
        ("longer", b"longer", {"state": RecordState.BACKED_UP, "sha256": right}),
        ("waived", b"who knows", {"state": RecordState.WAIVED}),
    ):
        put(folder, f"{name}.wav", content)
        Record.objects.filter(pk=record_in(source, name).pk).update(**facts)
    for _again in range(2):
        scan(source)
        assert set(Record.objects.exclude(fingerprint="").values_list("external_id", flat=True)) == {"same", "waived"}
        assert open_findings(source) == {(FindingKind.FILE_CHANGED, f"{one}.wav") for one in ("other", "longer")}


@pytest.mark.req("RET-6")
def test_files_that_change_after_their_backup_are_findings(folder: Path) -> None:
    source = source_in(folder)
    path = put(folder, wav())
    scan(source)
    Record.objects.update(state=RecordState.BACKED_UP, sha256="a" * 64)
    kept = Record.objects.get().fingerprint
    put(folder, wav(), b"another sound", at=NOW - timedelta(hours=2))
    assert scan(source).changed == 1
    record = Record.objects.get()
    assert (record.fingerprint, record.size, record.sha256) == (kept, 5, "a" * 64)
    assert open_findings(source) == {(FindingKind.FILE_CHANGED, path.name)}
    assert Finding.objects.get().record == record
    put(folder, wav())  # it was put back as it had been
    scan(source)
    assert not open_findings(source)


@pytest.mark.req("RET-6")
def test_files_that_go_and_come_back(folder: Path) -> None:
    source = source_in(folder)
    path = put(folder, wav("A"))
    put(folder, wav("B"))
    scan(source)
    path.unlink()
    later = NOW + timedelta(days=1)
    assert scan(source, now=later).gone == 1
    assert Record.objects.get(path=path.name).gone_at == later
    assert open_findings(source) == {(FindingKind.FILE_GONE, path.name)}
    assert scan(source, now=later + timedelta(days=1)).gone == 0
    assert Finding.objects.count() == 1
    put(folder, path.name)
    scan(source, now=later + timedelta(days=2))
    assert not open_findings(source)
    assert Record.objects.get(path=path.name).gone_at is None


@pytest.mark.req("RET-6")
@pytest.mark.parametrize("waived", [True, False])
def test_a_file_that_is_gone_is_answered_once_where_nothing_can_be_put_back(folder: Path, waived: bool) -> None:
    source, path = source_in(folder), put(folder, wav("A"))
    put(folder, wav("B"))
    scan(source)
    path.unlink()
    scan(source, now=NOW + timedelta(days=1))
    state = {"state": RecordState.WAIVED, "waived_because": "Satu-satunya berkas"} if waived else {}
    Record.objects.filter(path=path.name).update(**state or {"state": RecordState.CATALOGUED})
    finding_resolve(
        finding_id=Finding.objects.get().pk, evidence={"text": "Disk perekam rusak bulan lalu"},
        actor=user(Role.IT, source.site), now=NOW + timedelta(days=2),
    )  # fmt: skip
    scan(source, now=NOW + timedelta(days=3))
    assert open_findings(source) == (set() if waived else {(FindingKind.FILE_GONE, path.name)})
    put(folder, path.name)
    scan(source, now=NOW + timedelta(days=4))
    path.unlink()
    scan(source, now=NOW + timedelta(days=5))
    assert open_findings(source) == {(FindingKind.FILE_GONE, path.name)}


@pytest.mark.req("RET-6")
@pytest.mark.parametrize("how", ["emptied", "removed"])
def test_a_source_that_is_away_loses_nothing(folder: Path, how: str) -> None:
    source = source_in(folder)
    path = put(folder, wav())
    scan(source)
    path.unlink()
    if how == "removed":
        folder.rmdir()
    done = scan(source, now=NOW + timedelta(days=2))
    assert done.error
    assert done.ended_at is not None
    assert Record.objects.get().gone_at is None
    assert not open_findings(source)
    source.refresh_from_db()
    assert source.scanned_at == NOW


def test_a_file_moved_within_its_source_stays_one_record(folder: Path) -> None:
    source = source_in(folder, pattern=r"(?:\d+/)?(?P<id>\w+)-(?P<start>\d{8}T\d{6})\.wav")
    path = put(folder, "talk-20250310T101500.wav")
    scan(source)
    (folder / "2025").mkdir()
    path.rename(folder / "2025" / path.name)
    done = scan(source)
    assert (done.added, done.changed, done.gone, done.refused) == (0, 1, 0, 0)
    assert Record.objects.get().path == f"2025/{path.name}"
    assert Entry.objects.filter(action="record.moved").count() == 1


@pytest.mark.usefixtures("english")
def test_an_id_that_two_files_have_belongs_to_one(folder: Path) -> None:
    source = source_in(folder, pattern=r"\w+/(?P<id>\w+)-(?P<start>\d{8}T\d{6})\.wav")
    put(folder, "a/talk-20250310T101500.wav")
    put(folder, "b/talk-20250310T101500.wav")
    done = scan(source)
    assert (done.added, done.refused) == (1, 1)
    assert open_findings(source) == {(FindingKind.UNKNOWN_FILE, "b/talk-20250310T101500.wav")}
    assert "another file" in done.refusals[0]["why"]


def test_strange_names_are_told_and_stop_no_other(folder: Path) -> None:
    source = source_in(folder)
    put(folder, wav("A"))
    put(folder, wav("B", "99990101T000000"))
    put(folder, wav("C", "20251399T000000"))
    put(folder, "notes.txt")
    put(folder, "tab\there.wav")
    put(folder, "new\nline.wav")
    put(folder, "back\\slash.wav")
    put(folder, "hash#1")
    put(folder, "per%20cent.wav")
    put(folder, "d" * 200 + "/" + "e" * 200 + "/" + "f" * 200 + "/" + wav("D"))
    with open(os.fsencode(folder) + b"/no\xffutf8.wav", "wb") as file:
        file.write(b"x")
    os.utime(os.fsencode(folder) + b"/no\xffutf8.wav", (0, 0))
    (folder / "link.wav").symlink_to("/etc/hostname")
    os.mkfifo(folder / "pipe.wav")
    os.utime(folder / "pipe.wav", (0, 0))
    os.utime(folder / "link.wav", (0, 0), follow_symlinks=False)
    done = scan(source)
    assert (done.files, done.added, done.refused, done.error) == (13, 1, 12, "")
    assert {one["why"] for one in done.refusals}
    again = scan(source)
    assert (again.added, again.refused) == (0, 12)
    assert Finding.objects.filter(source=source, status=FindingStatus.OPEN).count() == 12


def test_a_wrong_pattern_is_one_matter_and_not_a_million(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "MOST", 5)
    source = source_in(folder)
    for i in range(12):
        put(folder, f"{i:02}.mp3")
    assert scan(source).refused == 12
    assert len(open_findings(source)) == 5
    (folder / "00.mp3").unlink()
    assert scan(source).refused == 11
    names = {name for _kind, name in open_findings(source)}
    assert "00.mp3" not in names
    assert len(names) == 5


def bury(source: Source, path: Path, content: bytes = b"sound") -> Record:
    """Scan the file, and have its record destroyed as a deletion would."""
    put(path.parent, path.name, content)
    scan(source)
    path.unlink()
    gone = Record.objects.select_related("source").get(path=path.name)
    with past_the_triggers():  # what keeps records from being destroyed without an approval
        Tombstone.objects.create(
            record=gone, number="MUS-1", source=source.code, id_mark=id_mark(source.code, gone.external_id),
            path_mark=path_mark(source.code, gone.path), kind=gone.kind, ended_on=gone.ended_on, size=gone.size,
            sha256=hashlib.sha256(content).hexdigest(), destroyed_at=NOW,
        )  # fmt: skip
    destroyed([gone])
    return gone


@pytest.mark.req("RET-9")
@pytest.mark.parametrize("how", ["where it was", "elsewhere", "cut short", "under another ID"])
def test_what_was_destroyed_never_comes_back(folder: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_in(folder, pattern=rf"(?:old/)?{PATTERN}")
    gone = bury(source, folder / wav())
    name, content = wav(), b"sound"
    if how == "elsewhere":
        name = f"old/{name}"
    elif how == "cut short":
        content = b"sou"
    elif how == "under another ID":
        source.pattern = r"(?P<id>(?P<agent>\w+)-(?P<start>\d{8}T\d{6}))-(?P<seconds>\d+)\.wav"
        source.save(update_fields=["pattern"])
    put(folder, name, content)
    read: list[str] = []
    real = Directory.read
    monkeypatch.setattr(Directory, "read", lambda self, path, *size: (read.append(path), real(self, path, *size))[1])
    done = scan(source)
    assert (done.added, done.refused) == (0, 1)
    assert open_findings(source) == {(FindingKind.REAPPEARED, name)}
    assert read == ([name] if how == "under another ID" else [])  # an old disk is not read whole
    assert list(Record.objects.all()) == [gone]


@pytest.mark.req("RET-9")
def test_a_destroyed_record_s_file_at_its_old_path_is_told(folder: Path) -> None:
    source = source_in(folder)
    put(folder, wav("B"))
    path = folder / wav()
    gone = bury(source, path)
    assert scan(source).gone == 0
    assert not open_findings(source)
    put(folder, path.name)
    done = scan(source)
    assert (done.added, done.refused) == (0, 1)
    assert open_findings(source) == {(FindingKind.REAPPEARED, path.name)}
    source.pattern = r"other-(?P<id>\w+)-(?P<start>\d+)"
    source.save(update_fields=["pattern"])
    scan(source)  # not understood any more, and known by its path all the same
    (found,) = Finding.objects.open().filter(kind=FindingKind.REAPPEARED)
    assert (found.name, found.record) == (path.name, gone)


COUNTED = r"(?P<id>call-\d+)\.wav"


def counted(folder: Path, start: str, content: bytes) -> Path:
    """A recorder that counts its calls, and says in a .json when they were."""
    put(folder, "call-1.wav.json", json.dumps({"start": start, "seconds": 60}).encode())
    return put(folder, "call-1.wav", content)


@pytest.mark.req("RET-9")
@pytest.mark.parametrize("content", [b"other words", b"SOUND"])
def test_a_new_conversation_in_the_place_of_a_destroyed_one_is_one_of_its_own(folder: Path, content: bytes) -> None:
    """Also where only its bytes tell, as it is as long as the other was. A scan, and an application, know it again."""
    source = source_in(folder, pattern=COUNTED, sidecar=True)
    counted(folder, "2024-03-10T10:15:00", b"sound")
    bury(source, folder / "call-1.wav")
    counted(folder, "2026-03-11T09:00:00", content)
    done = scan(source)
    assert (done.added, done.refused) == (1, 0) and not open_findings(source)
    own = Record.objects.kept().get()
    assert (own.external_id, own.path, own.size) == ("call-1@20260311T020100Z", "call-1.wav", len(content))
    assert (scan(source).added, scan(source).known) == (0, 1)
    told = facts_of(
        source, "call-1.wav", {"id": "call-1", "start": "20260311T090000", "seconds": "60"}, None, size=own.size,
        fingerprint="", now=NOW,
    )  # fmt: skip
    (outcome,) = records_add(source=source, facts=[told], now=NOW, read=lambda one: own.sha256)
    assert (outcome.what, outcome.pk) == (KNOWN, own.pk)


@pytest.mark.req("RET-9")
def test_one_that_nobody_can_tell_from_the_destroyed_one_is_refused(folder: Path) -> None:
    source = source_in(folder, pattern=COUNTED, sidecar=True)
    counted(folder, "2024-03-10T10:15:00", b"sound")
    bury(source, folder / "call-1.wav")
    told = facts_of(
        source, "call-1.wav", {"id": "call-1", "start": "20260311T090000"}, None, size=5, fingerprint="", now=NOW
    )
    (outcome,) = records_add(source=source, facts=[told], now=NOW)
    assert (outcome.what, outcome.code) == (REFUSED, DESTROYED)
    (outcome,) = records_add(source=source, facts=[replace(told, sha256="a" * 64)], now=NOW)
    assert outcome.what == CREATED


def test_customers_are_encrypted_and_found_by_their_mark(folder: Path) -> None:
    source = source_in(folder, pattern=r"(?P<id>(?P<customer>\d+)-(?P<start>\d{8}T\d{6}))\.wav")
    put(folder, "628121234567-20250310T101500.wav")
    scan(source)
    record = Record.objects.get()
    assert (record.customer, record.customer_mark) == ("628121234567", customer_mark("08121234567"))
    assert record.names_customer, "so its ID is found by the whole of it only"
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer FROM retention_record")
        assert "628121234567" not in cursor.fetchone()[0]


def test_sidecars_go_before_the_path(folder: Path) -> None:
    agent = person(site("JKT"))
    source = source_in(folder, sidecar=True, channel="")
    name = wav("X", "20250310T101500", 10)
    put(folder, name)
    beside = {"end": "2025-03-10T10:45:00+07:00", "agent": agent.email, "channel": "WhatsApp", "customer": "Budi"}
    put(folder, name + ".json", json.dumps(beside).encode())
    done = scan(source)
    assert (done.files, done.added, done.refused) == (1, 1, 0)
    record = Record.objects.get()
    assert record.ended_at - record.started_at == timedelta(minutes=30)
    assert (record.agent, record.channel, record.customer) == (agent, "whatsapp", "Budi")


BAD = {
    "utf8": b"\xff\xfe{}",
    "nan": b'{"seconds": NaN}',
    "huge": b'{"seconds": 1e999}',
    "negative": b'{"seconds": -5}',
    "digits": b'{"seconds": ' + b"9" * 5000 + b"}",
    "list": b"[1, 2]",
    "deep": b"[" * 30_000,
    "none": b"{",
    "year": b'{"end": "9999-12-31T00:00:00"}',
    "one": b'{"start": "0001-01-01T00:00:00+14:00"}',
    "order": b'{"end": "2024-01-01T00:00:00"}',
    "surrogate": b'{"agent": "\\ud800"}',
    "zero": b'{"customer": "a\\u0000b"}',
    "long": b'{"id": "' + b"x" * 500 + b'"}',
    "object": b'{"id": {"a": 1}}',
    "true": b'{"seconds": true}',
    "channel": b'{"channel": "pigeon"}',
    "size": b'{"agent": "' + b"y" * 70_000 + b'"}',
    "sha": b'{"sha256": "zz"}',
    "format": b'{"start": "yesterday"}',
}


@pytest.mark.parametrize("what", BAD)
def test_wrong_sidecars_are_refused_in_words_and_their_fellows_go_on(folder: Path, what: str) -> None:
    source = source_in(folder, sidecar=True)
    put(folder, wav("A"))
    put(folder, wav("A") + ".json", BAD[what])
    put(folder, wav("B"))
    done = scan(source)
    assert (done.added, done.refused, done.error) == (1, 1, ""), done.refusals
    assert Record.objects.get().agent_label == "B"
    assert len(done.refusals[0]["why"]) > 10


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["id", "start", "end", "seconds", "agent", "channel", "customer", "sha256", "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2), max_leaves=3,
        ),
    )
)  # fmt: skip
def test_any_sidecar_is_read_or_refused(beside: dict[str, Any]) -> None:
    source = Source(site=site("JKT"), channel="voice", time_format="%Y%m%dT%H%M%S")
    with suppress(Invalid):
        read = sidecar_of(json.dumps(beside).encode())
        path = {"id": "1", "start": "20250310T101500"}
        found = facts_of(source, "a.wav", path, read, size=1, fingerprint="", now=NOW)
        assert found.ended_at >= found.started_at
        assert found.started_at.year >= 1990


def test_a_scan_that_was_killed_is_begun_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_in(folder)
    for i in range(10):
        put(folder, wav(f"A{i}"))
    monkeypatch.setattr(listing, "SOME", 3)
    real, calls = scanning.records_add, []

    def killed(**asked: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(**asked)

    monkeypatch.setattr(scanning, "records_add", killed)
    with pytest.raises(KeyboardInterrupt):
        scan(source)
    assert Record.objects.count() == 6
    monkeypatch.setattr(scanning, "records_add", real)
    done = scan(source)
    assert (done.added, done.known, done.refused) == (4, 6, 0)
    assert Scan.objects.order_by("pk")[0].error
    assert Record.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_two_scans_at_once_are_one(folder: Path) -> None:
    source = source_in(folder)
    for i in range(50):
        put(folder, wav(f"A{i}"))
    outcomes: list[Any] = []
    barrier = threading.Barrier(2)
    inside = threading.Event()
    real = Directory.objects

    def slow(self: Directory, under: str = "") -> Any:
        inside.wait(2)  # until the other one was refused, or has had its time
        yield from real(self, under)

    def one() -> None:
        try:
            barrier.wait()
            outcomes.append(scan(source).added)
        except WrongState as refusal:
            outcomes.append(str(refusal))
            inside.set()
        finally:
            connection.close()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Directory, "objects", slow)
        threads = [threading.Thread(target=one) for _one in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(map(str, outcomes))[0] == "50"
    assert len([one for one in outcomes if isinstance(one, str)]) == 1
    assert Record.objects.count() == 50


def test_patterns_that_run_away_are_refused_and_hold_nobody_up() -> None:
    with pytest.raises(Invalid, match="selesai"):
        pattern_check(r"(?P<id>(a+)+)(?P<start>b)", sidecar=False)
    for pattern in ("(", r"(?P<id>\d+)", "(?P<id>x)" + "(a{1000}){1000}" * 3):
        with pytest.raises(Invalid):
            pattern_check(pattern, sidecar=False)
    with Matcher(r"(?P<id>(a+)+b)") as matcher:
        found = list(matcher.match(["ab", "a" * 500, "aab"]))
    assert found[0] == {"id": "ab"} and isinstance(found[1], TooSlow) and found[2] == {"id": "aab"}


@pytest.mark.req("RET-6")
def test_what_is_due_and_what_is_overdue(folder: Path) -> None:
    source = source_in(folder)
    put(folder, wav())
    assert sources_due(now=NOW) == [source.pk]
    scan(source)
    assert sources_due(now=NOW + timedelta(hours=23)) == []
    assert sources_due(now=NOW + timedelta(hours=24)) == [source.pk]
    Source.objects.update(url="file:///not/there")
    scan(source, now=NOW + timedelta(hours=24))
    assert sources_due(now=NOW + timedelta(hours=24, minutes=59)) == []
    assert sources_due(now=NOW + timedelta(hours=25)) == [source.pk]
    assert scans_overdue(now=NOW + timedelta(hours=47)) == 0
    assert scans_overdue(now=NOW + timedelta(hours=49)) == 1
    assert open_findings(source) == {(FindingKind.NOT_RUN, "scan")}
    Source.objects.update(url=folder.as_uri())
    scan(source, now=NOW + timedelta(hours=50))
    assert not open_findings(source)
    Source.objects.update(active=False)
    assert sources_due(now=NOW + timedelta(days=9)) == []
    with pytest.raises(WrongState):
        scan(source)


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source_in(folder)
    put(folder, wav(), at=datetime(2025, 3, 10, tzinfo=UTC))
    call_command("retention_scan", "VOICE", "--json")
    said = json.loads(capsys.readouterr().out)
    assert (said["files"], said["added"], said["error"]) == (1, 1, "")
    with pytest.raises(CommandError, match="no source"):
        call_command("retention_scan", "NONE")
    Source.objects.update(url="file:///not/there")
    with pytest.raises(CommandError):
        call_command("retention_scan", "VOICE")


def test_a_list_that_breaks_off_says_nothing_is_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_in(folder)
    for i in range(5):
        put(folder, wav(f"A{i}"))
    scan(source)
    real = Directory.objects

    def broken(self: Directory, under: str = "") -> Any:
        for i, one in enumerate(real(self, under)):
            if i == 2:
                raise PlaceAway("the cable")
            yield one

    monkeypatch.setattr(Directory, "objects", broken)
    assert scan(source).error == "the cable"
    assert not Record.objects.exclude(gone_at=None).exists()


def test_queries_do_not_grow_with_what_is_known(folder: Path, django_assert_max_num_queries: Any) -> None:
    source = source_in(folder)
    for i in range(120):
        put(folder, wav(f"A{i}"))
    scan(source)
    with django_assert_max_num_queries(75):
        source_scan(source_id=source.pk, actor=CHECKER, now=NOW)


def test_a_person_named_by_number_goes_before_one_of_that_address(folder: Path) -> None:
    jkt = site("JKT")
    one, other = person(jkt), person(jkt)
    Person.objects.filter(pk=other.pk).update(email=one.number)
    record = record_in(source_at(jkt, "file:///x", code="X"), agent=one.number.lower())
    assert record.agent == one
