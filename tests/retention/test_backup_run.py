"""A batch is backed up: what counts, what is listed as a problem, what stops it, and who may (RET-4, RET-5)."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import os
import signal
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import IntegrityError, transaction

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.obligations.sweep import sweep
from occ.people.choices import Role
from retention import tasks
from retention.backing import packing
from retention.backing.bagging import from_tar
from retention.choices import BAG_BYTES, BatchStatus, ProblemKind, RecordState
from retention.marks import id_mark
from retention.models import Bag, Batch, Copy, Pack, Packed, Problem, Record, Schedule, Store
from retention.services import backups, batches, sending
from retention.services.bags import bag_key, tags_opened
from retention.storing import Directory, opened
from tests.factories import user
from tests.retention.backups import ENDED, NOW, Ground, troubles, whole

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-5")]


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any) -> Ground:
    settings.VAR = tmp_path / "var"
    return Ground(tmp_path)


def tags_of(bag: Bag) -> dict[str, bytes]:
    pack = Pack.objects.get(bag=bag, number=0)
    store = Store.objects.order_by("pk")[0]
    content = b"".join(opened(store).read(pack.name))
    return from_tar(tags_opened(content, by=bag_key(bag.pk), identifier=bag.identifier))


def test_each_record_is_in_every_store_once_and_reads_as_it_was(ground: Ground, monkeypatch: Any) -> None:
    monkeypatch.setattr(backups, "PACK_BYTES", 200_000)
    records = ground.records(30)
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.COMPLETE
    assert batch.status == BatchStatus.COMPLETE and batch.completed_at == NOW and batch.run is None
    assert (batch.records_count, batch.done_count, batch.problems_count) == (30, 30, 0)
    assert Pack.objects.filter(bag__batch=batch).count() > 4
    whole(batch, ground)
    one = Record.objects.get(pk=records[3].pk)
    assert one.sha256 == hashlib.sha256(ground.path(one).read_bytes()).hexdigest()
    assert one.packed.sha512 == hashlib.sha512(ground.path(one).read_bytes()).hexdigest()
    owed = Obligation.objects.get(rule="retention.backed_up")
    bag = batch.bags.get()
    assert owed.state == "fulfilled" and owed.evidence["bags"][0]["manifest_sha256"] == bag.manifest_sha256
    assert Entry.objects.filter(action="retention.batch_backed_up").count() == 1
    assert not list((ground.folder / "var" / "retention-spool").iterdir())


def test_nothing_readable_lies_in_a_store(ground: Ground) -> None:
    ground.record("chat.txt", b"nomor kartu 4111 1111 1111 1111 " * 50)
    batch = ground.batch()
    ground.back_up(batch)
    for name in ground.objects():
        content = (ground.folder / "main" / name).read_bytes()
        assert b"4111" not in content and b"bagit" not in content and b"chat.txt" not in content


def test_the_bag_says_what_is_in_it(ground: Ground) -> None:
    for i in range(3):
        ground.record(f"Rekaman No. {i} ü.WAV", customer="081234567890")
    ground.record("tanpa-akhiran")
    batch = ground.batch()
    ground.back_up(batch)
    bag = batch.bags.get()
    files = tags_of(bag)
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    info = dict(line.split(": ", 1) for line in files["bag-info.txt"].decode().splitlines())
    assert info["External-Identifier"] == bag.identifier == "JKT-recording-202511-01"
    assert info["Bagging-Date"] == "2026-11-20" and "SOP-RET 5.2" in info["Retention-Class"]
    size = sum(one.size for one in Packed.objects.all()) + len(files["data/items.csv"])
    assert info["Payload-Oxum"] == f"{size}.5"
    names = [line.split("  ")[1] for line in files["manifest-sha512.txt"].decode().splitlines()]
    assert len(names) == 5 and all(name.isascii() and " " not in name for name in names)
    rows = list(csv.DictReader(io.StringIO(files["data/items.csv"].decode())))
    assert (
        rows[0]["id_sha256"] == id_mark("REC", "Rekaman No. 0 ü.WAV")
        and rows[0]["file"].endswith(".wav")
        and rows[3]["file"].endswith(".bin")
    )
    assert not any(b"0812" in one or b"Rekaman" in one for one in files.values())
    assert bag.manifest_sha256 == hashlib.sha256(files["manifest-sha256.txt"]).hexdigest()


def test_a_bag_never_outgrows_its_limits(ground: Ground, monkeypatch: Any) -> None:
    monkeypatch.setattr(backups, "PACK_BYTES", 50_000)
    monkeypatch.setattr(backups, "BAG_FILES", 7)
    monkeypatch.setattr(backups, "BAG_BYTES", 150_000)
    ground.records(20)
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.COMPLETE
    bags = list(batch.bags.all())
    assert len(bags) > 3 and all(one.status == "complete" and one.files <= 7 and one.bytes <= 150_000 for one in bags)
    assert sum(one.files for one in bags) == 20
    assert [one.number for one in bags] == list(range(1, len(bags) + 1))
    whole(batch, ground)


def test_what_is_wrong_with_a_file_is_said_and_its_fellows_go_on(ground: Ground) -> None:
    good = ground.records(5)
    ground.record("missing.wav")
    (ground.folder / "source/missing.wav").unlink()
    ground.record("shorter.wav", b"x" * 500)
    (ground.folder / "source/shorter.wav").write_bytes(b"x" * 400)
    ground.record("longer.wav", b"x" * 500, known=False)
    (ground.folder / "source/longer.wav").write_bytes(b"x" * 600)
    ground.record("cut.wav", b"x" * 500, known=False)
    (ground.folder / "source/cut.wav").write_bytes(b"x" * 400)
    ground.record("other.wav", b"x" * 500, known=False, sha256="0" * 64)
    ground.record("touched.wav", b"x" * 500)
    os.utime(ground.folder / "source/touched.wav", (1, 1))
    ground.record("folder.wav", b"x", known=False)
    (ground.folder / "source/folder.wav").unlink()
    (ground.folder / "source/folder.wav").mkdir()
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.INCOMPLETE
    assert batch.status == BatchStatus.INCOMPLETE and batch.completed_at is None
    assert batch.problems_count == 7 and batch.done_count == len(good)
    found = troubles(batch)
    assert found.pop("folder.wav") in {ProblemKind.MISSING, ProblemKind.UNREADABLE}
    assert found == {
        "missing.wav": "missing", "shorter.wav": "truncated", "longer.wav": "grew", "cut.wav": "truncated",
        "other.wav": "changed", "touched.wav": "changed",
    }  # fmt: skip
    whole(batch, ground)
    owed = Obligation.objects.get(rule="retention.backed_up")
    assert owed.state == "open"


@pytest.mark.parametrize("deed", ["grows", "vanishes", "shrinks", "changes"])
def test_a_file_that_changes_while_it_is_read(ground: Ground, monkeypatch: Any, deed: str) -> None:
    ground.records(2)
    record = ground.record("live.wav", b"a" * 3_000_000)
    path = ground.path(record)
    read = Directory.read

    def meddled(self: Directory, name: str, chunk: int = 2**20) -> Any:
        for i, piece in enumerate(read(self, name, chunk)):
            yield piece
            if name == "live.wav" and i == 0:
                match deed:
                    case "grows":
                        path.open("ab").write(b"more")
                    case "vanishes":
                        path.unlink()
                    case "shrinks":
                        os.truncate(path, 2_000_000)
                    case "changes":
                        with path.open("r+b") as file:
                            file.seek(2_500_000)
                            file.write(b"b" * 100)
                        os.utime(path, (5, 5))

    monkeypatch.setattr(Directory, "read", meddled)
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.INCOMPLETE
    monkeypatch.undo()
    expected = {"grows": "grew", "vanishes": "missing", "shrinks": "truncated", "changes": "changed"}
    assert troubles(batch) == {"live.wav": expected[deed]}
    assert batch.done_count == 2
    whole(batch, ground)


def test_put_right_it_is_tried_again_and_completes(ground: Ground) -> None:
    ground.records(3)
    bad = ground.record("bad.wav", b"x" * 100)
    ground.path(bad).rename(ground.folder / "away")
    batch = ground.batch()
    ground.back_up(batch)
    assert ground.back_up(batch) is backups.Outcome.BUSY  # nobody started it again
    later = NOW + timedelta(days=1, hours=1)
    assert batches.batches_start(now=later) == 1  # beat does, a day later
    assert ground.back_up(batch, later) is backups.Outcome.INCOMPLETE
    assert Problem.objects.filter(record=bad).count() == 1
    (ground.folder / "away").rename(ground.path(bad))
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=later)
    assert ground.back_up(batch, later) is backups.Outcome.COMPLETE
    problem = Problem.objects.get(record=bad)
    assert problem.settled_at == later and problem.settled_note
    assert [one.files for one in batch.bags.all()] == [3, 1]
    whole(batch, ground)


def test_a_coordinator_waives_with_a_reason_and_the_batch_completes(ground: Ground) -> None:
    ground.records(2)
    bad = ground.record("bad.wav")
    ground.path(bad).unlink()
    batch = ground.batch()
    ground.back_up(batch)
    coordinator = user(Role.COORDINATOR, ground.jkt)
    for who, reason, refusal in (
        (ground.it, "hilang", NotAllowed), (user(Role.COORDINATOR, name="c.ygy"), " ", Invalid),
    ):  # fmt: skip
        with pytest.raises(refusal):
            batches.record_waive(record_id=bad.pk, reason=reason, actor=who, now=NOW)
    good = Record.objects.filter(batch=batch, state="backed_up")[0]
    with pytest.raises(WrongState):
        batches.record_waive(record_id=good.pk, reason="hilang", actor=coordinator, now=NOW)
    batches.record_waive(record_id=bad.pk, reason="Rusak di perekam", actor=coordinator, now=NOW)
    bad.refresh_from_db()
    assert bad.state == RecordState.WAIVED and bad.waived_because == "Rusak di perekam"
    assert batches.batches_start(now=NOW) == 1
    assert ground.back_up(batch) is backups.Outcome.COMPLETE
    assert batch.done_count == 2 and batch.problems_count == 0
    with pytest.raises(WrongState):
        batches.record_waive(record_id=bad.pk, reason="lagi", actor=coordinator, now=NOW)


def test_a_store_that_is_away_stops_the_run_with_words_and_it_goes_on_later(ground: Ground) -> None:
    ground.records(4)
    batch = ground.batch()
    (ground.folder / "second").rename(ground.folder / "unmounted")
    assert ground.back_up(batch) is backups.Outcome.WAITS
    assert (
        batch.status == BatchStatus.RUNNING and "Second" in batch.error and batch.next_at == NOW + timedelta(minutes=1)
    )
    assert not Packed.objects.exists() and batch.run is None
    assert ground.back_up(batch) is backups.Outcome.BUSY  # not yet
    for minutes in (1, 6, 21, 81, 141):
        assert ground.back_up(batch, NOW + timedelta(minutes=minutes)) is backups.Outcome.WAITS
    (ground.folder / "unmounted").rename(ground.folder / "second")
    assert ground.back_up(batch, NOW + timedelta(hours=9)) is backups.Outcome.COMPLETE
    assert batch.error == ""
    whole(batch, ground)


def test_a_source_that_is_away_makes_no_problem_of_its_records(ground: Ground) -> None:
    ground.records(4)
    batch = ground.batch()
    (ground.folder / "source").rename(ground.folder / "unmounted")
    assert ground.back_up(batch) is backups.Outcome.WAITS
    assert "Recorder" in batch.error and not Problem.objects.exists()


def test_no_room_in_the_spool_stops_the_run(ground: Ground, monkeypatch: Any) -> None:
    ground.records(4)
    batch = ground.batch()

    def full(self: Any, piece: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(packing.Spool, "write", full)
    assert ground.back_up(batch) is backups.Outcome.WAITS
    assert batch.error and not ground.objects() and not Packed.objects.exists()


def test_what_comes_back_changed_never_counts(ground: Ground, monkeypatch: Any) -> None:
    ground.records(4)
    batch, put = ground.batch(), Directory.put

    def forgetful(self: Directory, name: str, content: Any) -> str:
        version = put(self, name, content)
        if self.place.code == "SECOND":
            ground.flip(name, "second")
        return version

    monkeypatch.setattr(Directory, "put", forgetful)
    assert ground.back_up(batch) is backups.Outcome.WAITS
    assert not Packed.objects.exists() and not Copy.objects.exists()
    monkeypatch.undo()
    assert ground.back_up(batch, NOW + timedelta(hours=1)) is backups.Outcome.COMPLETE
    whole(batch, ground)  # and what the first try left is gone


def test_no_store_in_use(ground: Ground) -> None:
    ground.records(1)
    batch = ground.batch()
    Store.objects.update(active=False)
    assert ground.back_up(batch) is backups.Outcome.WAITS


def test_one_run_has_a_batch_until_it_is_silent(ground: Ground) -> None:
    ground.records(2)
    batch = ground.batch()
    Batch.objects.filter(pk=batch.pk).update(run="00000000-0000-4000-8000-000000000000", heard_at=NOW)
    assert ground.back_up(batch, NOW + timedelta(seconds=119)) is backups.Outcome.BUSY
    assert ground.back_up(batch, NOW + timedelta(seconds=121)) is backups.Outcome.COMPLETE


def test_who_was_taken_over_commits_nothing_and_leaves_nothing(ground: Ground, monkeypatch: Any) -> None:
    ground.records(3)
    batch, make = ground.batch(), backups.pack_make

    def slow(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        Batch.objects.filter(pk=batch.pk).update(run="00000000-0000-4000-8000-000000000000")
        return made

    monkeypatch.setattr(backups, "THREADS", 1)
    monkeypatch.setattr(backups, "ThreadPoolExecutor", Inline)
    monkeypatch.setattr(backups, "pack_make", slow)
    assert ground.back_up(batch) is backups.Outcome.BUSY
    assert not Pack.objects.exists() and not ground.objects() and not ground.objects("second")
    assert str(batch.run) == "00000000-0000-4000-8000-000000000000"


class Inline:
    """Threads see the test's transaction only from outside: here there are none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

    def __enter__(self) -> Inline:
        return self

    def __exit__(self, *raised: object) -> None: ...

    def submit(self, deed: Any, *args: Any) -> Any:
        from concurrent.futures import Future

        future: Any = Future()
        try:
            future.set_result(deed(*args))
        except Exception as error:
            future.set_exception(error)
        return future


def test_what_is_waived_while_it_is_packed_keeps_no_key(ground: Ground, monkeypatch: Any) -> None:
    records, make = ground.records(3), backups.pack_make
    batch = ground.batch()

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        Record.objects.filter(pk=records[1].pk).update(state=RecordState.WAIVED)
        return made

    monkeypatch.setattr(backups, "ThreadPoolExecutor", Inline)
    monkeypatch.setattr(backups, "pack_make", meanwhile)
    assert ground.back_up(batch) is backups.Outcome.COMPLETE
    assert set(Packed.objects.values_list("record", flat=True)) == {records[0].pk, records[2].pk}


@pytest.mark.req("RET-4")
def test_batches_gather_sixty_days_before_and_are_due_at_the_first_ones_age(ground: Ground) -> None:
    # 2 November 2025, 23:30 WIB: a year old at the end of 2 November 2026.
    first = ground.record("a.wav", ended_at=ENDED.replace(day=2, hour=16, minute=30))
    ground.record("b.wav", ended_at=ENDED)
    ground.record("c.wav", ended_at=ENDED + timedelta(days=10))  # December
    before = NOW.replace(month=9, day=1, hour=16, minute=59)
    assert batches.batches_gather(now=before) == 0
    assert batches.batches_gather(now=before.replace(day=2)) == 2  # 60 days before 1 November
    batch = Batch.objects.get()
    assert batch.month == date(2025, 11, 1) and batch.due_at == NOW.replace(day=2, hour=17)
    assert batches.batches_gather(now=before.replace(day=2)) == 0
    first.refresh_from_db()
    assert first.batch == batch
    assert Obligation.objects.get().due_at == batch.due_at
    early = ground.record("d.wav", ended_at=ENDED.replace(day=1, hour=0))
    assert batches.batches_gather(now=before.replace(day=3)) == 1
    batch.refresh_from_db()
    early.refresh_from_db()
    assert early.batch == batch and batch.due_at == NOW.replace(day=1, hour=17) and batch.records_count == 3
    assert Obligation.objects.get().due_at == batch.due_at
    assert batches.batches_gather(now=before.replace(month=10, day=2)) == 1
    assert Batch.objects.count() == 2


@pytest.mark.req("RET-4")
def test_what_arrives_late_makes_the_next_part(ground: Ground) -> None:
    ground.records(2)
    batch = ground.batch()
    ground.back_up(batch)
    ground.record("late.wav")
    assert batches.batches_gather(now=NOW) == 1
    later = Batch.objects.latest("pk")
    assert (later.part, later.identifier) == (2, "JKT-recording-202511-2")
    assert batches.batches_gather(now=NOW + timedelta(days=30)) == 0


@pytest.mark.req("RET-4")
def test_what_arrives_while_it_runs_is_taken_along(ground: Ground, monkeypatch: Any) -> None:
    ground.records(2)
    batch, make, came = ground.batch(), backups.pack_make, []

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        if not came:
            came.append(ground.record("late.wav"))
            batches.batches_gather(now=NOW)
        return make(*args, **kwargs)

    monkeypatch.setattr(backups, "ThreadPoolExecutor", Inline)
    monkeypatch.setattr(backups, "pack_make", meanwhile)
    assert ground.back_up(batch) is backups.Outcome.COMPLETE
    assert batch.records_count == batch.done_count == 3
    whole(batch, ground)


@pytest.mark.req("RET-4")
def test_years_of_backlog_gather_at_once_and_are_overdue(ground: Ground) -> None:
    for months in (1, 2, 14, 30):
        ground.record(f"{months}.wav", ended_at=ENDED - timedelta(days=31 * months))
    assert batches.batches_run(now=NOW) == 4 + 4 + 4
    assert {one.status for one in Batch.objects.all()} == {BatchStatus.RUNNING}
    owed = Obligation.objects.filter(rule="retention.backed_up")
    assert owed.count() == 4 and all(one.due_at < NOW and one.breached_at for one in owed)
    ground.record("2-again.wav", ended_at=ENDED - timedelta(days=64))
    assert batches.batches_gather(now=NOW) == 1 and Batch.objects.count() == 4


@pytest.mark.req("RET-4")
def test_a_channel_with_a_longer_period_waits_for_its_own(ground: Ground) -> None:
    Schedule.objects.create(
        record_kind="recording", channel="video", valid_from=date(2026, 1, 1), backup_after_years=2,
        delete_after_years=5, basis="Kontrak", reason="Kontrak", set_at=NOW,
    )  # fmt: skip
    Record.objects.filter(pk=ground.record("video.mp4").pk).update(channel="video")
    ground.record("call.wav")
    assert batches.batches_gather(now=NOW) == 1
    assert Batch.objects.get().records.get().external_id == "call.wav"


@pytest.mark.req("RET-4")
def test_beat_escalates_and_starts_where_nobody_did(ground: Ground) -> None:
    ground.record("a.wav", ended_at=ENDED)  # due 25 November, 24:00
    due = NOW.replace(day=25, hour=17)
    early = due - timedelta(days=31)
    assert batches.batches_run(now=early) == 1
    batch = Batch.objects.get()
    assert batch.status == BatchStatus.GATHERING
    assert batches.batches_run(now=due - timedelta(days=30)) == 1
    batch.refresh_from_db()
    assert batch.status == BatchStatus.ESCALATED
    assert batches.batches_run(now=due - timedelta(days=15)) == 0
    assert batches.batches_run(now=due - timedelta(days=14)) == 1
    batch.refresh_from_db()
    assert batch.status == BatchStatus.RUNNING
    assert list(backups.batches_due(NOW)) == [batch]


@pytest.mark.req("RET-4")
def test_it_is_warned_of_three_times_and_coordinators_hear_of_the_breach(ground: Ground) -> None:
    ground.record("a.wav", ended_at=ENDED)
    users = {role: user(role, ground.jkt) for role in (Role.TEAM_LEADER, Role.IT, Role.COORDINATOR, Role.MANAGER)}
    due, told = NOW.replace(day=25, hour=17), dict[int, set[str]]()
    batches.batches_gather(now=due - timedelta(days=60))
    second = timedelta(seconds=1)
    for days in (30, 14, 3, 0, -1):
        for at_ in (due - timedelta(days=days) - second, due - timedelta(days=days)):
            before = set(Notification.objects.values_list("pk", flat=True))
            sweep(now=at_)
            new = Notification.objects.exclude(pk__in=before).filter(kind__startswith="obligation.")
            heard = {f"{role}: {one.kind.partition('.')[2]}" for one in new for role, who in users.items()
                     if one.user_id == who.pk}  # fmt: skip
            assert at_ == due - timedelta(days=days) or not heard, (days, heard)
        told[days] = heard
    assert told == {
        30: {"team_leader: remind"}, 14: {"it: remind"}, 3: {"it: remind"}, 0: {"coordinator: breach"},
        -1: {"manager: escalate"},
    }  # fmt: skip


@pytest.mark.req("RET-4")
def test_only_whose_turn_it_is(ground: Ground) -> None:
    ground.records(1)
    batches.batches_gather(now=NOW)
    batch = Batch.objects.get()
    leader = user(Role.TEAM_LEADER, ground.jkt)
    for who in (
        ground.it,
        user(Role.COORDINATOR, ground.jkt),
        user(Role.TEAM_LEADER, ground.jkt.__class__.objects.get(code="YGY")),
    ):
        with pytest.raises(NotAllowed):
            batches.batch_escalate(batch_id=batch.pk, actor=who, now=NOW)
    batches.batch_escalate(batch_id=batch.pk, actor=leader, now=NOW)
    with pytest.raises(NotAllowed):
        batches.batch_start(batch_id=batch.pk, actor=leader, now=NOW)
    with pytest.raises(WrongState):
        batches.batch_escalate(batch_id=batch.pk, actor=leader, now=NOW)


def test_a_record_is_packed_once_whatever_the_code_does(ground: Ground) -> None:
    ground.records(2)
    ground.back_up(ground.batch())
    one = Packed.objects.all()[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        Packed(
            record=one.record, pack=one.pack, name="x", offset=999, length=1, size=1, sha256="", sha512="", key=b"x"
        ).save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Packed.objects.filter(pk=one.pk).update(key=None)  # destroyed without saying when


class Killed(BaseException):
    """The worker's limit is over."""


@pytest.mark.req("RET-5")
def test_a_recording_of_hours_gets_the_time_that_it_takes(ground: Ground, monkeypatch: Any, settings: Any) -> None:
    """Under the usual limit each try ends before the record does, and begins anew."""
    settings.CELERY_TASK_TIME_LIMIT = 0.3
    monkeypatch.setattr(sending, "PACE", 20_000)
    ground.record("berjam-jam.wav", b"x" * 4_000)
    ground.record("lebih-besar-dari-kantong.wav", b"x", known=False)
    batch = ground.batch()
    Record.objects.filter(path__startswith="lebih").update(size=BAG_BYTES + 1)  # is not read at all
    kind = type(opened(ground.source))
    real = kind.read

    def slow(self: Any, name: str, *args: Any) -> Any:
        time.sleep(0.6 if name.startswith("berjam") else 0)
        return real(self, name, *args)

    monkeypatch.setattr(kind, "read", slow)
    asked: list[tuple[Any, Any]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **more: asked.append((args, more)))
    tasks.run_batches()
    ((args, more),) = asked
    assert args == (batch.pk,) and more == {"time_limit": 1.3}  # 4 000 bytes read, and twice for each of two stores

    def killed(number: int, frame: Any) -> None:
        raise Killed

    def work(seconds: float) -> backups.Outcome:
        before = signal.signal(signal.SIGALRM, killed)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            return ground.back_up(batch)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    with pytest.raises(Killed):
        work(settings.CELERY_TASK_TIME_LIMIT)
    assert not Pack.objects.exists()
    assert work(more["time_limit"]) is backups.Outcome.INCOMPLETE  # for the one that no bag holds
    assert Record.objects.get(path="berjam-jam.wav").state == "backed_up"
