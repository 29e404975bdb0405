"""Files that were rightly changed before their backup, and who decides about what cannot be backed up (RET-5)."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job
from occ.jobs.services import job_run
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import User
from occ.workflow.drawing import history
from retention.choices import FindingKind
from retention.models import Batch, Finding, Packed, Problem, Record
from retention.services import backups, batches, findings, taking
from retention.storing import opened
from tests.factories import user
from tests.retention.backups import NOW, Ground, troubles, whole

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-5")]


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any) -> Ground:
    settings.VAR = tmp_path / "var"
    return Ground(tmp_path)


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def taken(record: Record, boss: User, reason: str = "Suara diperbaiki vendor") -> Record:
    looked = taking.file_look(record_id=record.pk, actor=boss)
    return taking.record_take_file(record_id=record.pk, reason=reason, looked=looked, actor=boss, now=NOW)


def read(record: Record, boss: User) -> Job:
    """As the background does it."""
    job = taking.file_look_ask(record_id=record.pk, actor=boss, now=timezone.now())
    assert job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    return job


def incomplete(ground: Ground) -> tuple[Batch, Record, Record]:
    """A batch that lacks two records: the file of one was changed, that of the other is gone."""
    ground.records(2)
    changed, gone = ground.record("berubah.wav", b"lama"), ground.record("hilang.wav")
    ground.path(changed).write_bytes(b"hasil perbaikan suara")
    ground.path(gone).unlink()
    batch = ground.batch()
    assert ground.back_up(batch) is backups.Outcome.INCOMPLETE
    assert troubles(batch) == {"berubah.wav": "changed", "hilang.wav": "missing"}
    return batch, changed, gone


def test_a_changed_file_is_taken_with_a_reason_and_backed_up(ground: Ground) -> None:
    batch, changed, gone = incomplete(ground)
    boss, content = user(Role.COORDINATOR, ground.jkt), b"hasil perbaikan suara"
    looked = taking.file_look(record_id=changed.pk, actor=boss)
    said: dict[str, Any] = {
        "record_id": changed.pk, "reason": "Suara diperbaiki vendor", "looked": looked, "actor": boss, "now": NOW
    }  # fmt: skip
    for wrong, refusal in (
        ({"actor": ground.it}, NotAllowed), ({"reason": " "}, Invalid), ({"record_id": gone.pk}, WrongState),
    ):  # fmt: skip
        with pytest.raises(refusal):
            taking.record_take_file(**(said | wrong))
    with pytest.raises(NotAllowed):
        taking.file_look(record_id=changed.pk, actor=ground.it)
    taking.record_take_file(**said)
    changed.refresh_from_db()
    assert (changed.size, changed.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    entry = Entry.objects.get(action="retention.record_file_taken")
    assert entry.data["reason"] == said["reason"] and entry.actor == boss
    assert entry.data["was"]["size"] == 4 and entry.data["is"]["sha256"] == changed.sha256
    batch.refresh_from_db()
    assert batch.problems_count == 1 and batch.bytes_count == sum(Record.objects.values_list("size", flat=True))
    with pytest.raises(WrongState):  # it is that file by now
        taking.record_take_file(**said)
    batches.record_waive(record_id=gone.pk, reason="Tidak pernah terekam", actor=boss, now=NOW)
    batches.batches_start(now=NOW)
    assert ground.back_up(batch) is backups.Outcome.COMPLETE
    assert Packed.objects.get(record=changed).sha256 == changed.sha256
    whole(batch, ground)
    ground.path(changed).write_bytes(b"sekali lagi")
    with pytest.raises(WrongState):  # backed up: its bytes stay what they were
        taking.record_take_file(**said)
    with pytest.raises(WrongState):
        taking.file_look(record_id=changed.pk, actor=boss)


def test_what_changes_after_it_was_taken_is_not_backed_up(ground: Ground) -> None:
    batch, changed, _gone = incomplete(ground)
    boss = user(Role.COORDINATOR, ground.jkt)
    looked = taking.file_look(record_id=changed.pk, actor=boss)
    ground.path(changed).write_bytes(b"yang lain lagi, sesudah dilihat")
    taking.record_take_file(record_id=changed.pk, reason="Ya", looked=looked, actor=boss, now=NOW)
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=NOW)
    ground.back_up(batch)
    assert troubles(batch)["berubah.wav"] == "changed"


def test_what_was_decided_while_it_is_tried_again_stays_decided(ground: Ground, monkeypatch: Any) -> None:
    batch, changed, gone = incomplete(ground)
    boss, commit = user(Role.COORDINATOR, ground.jkt), backups.Run._commit

    def late(run: Any, made: Any) -> bool:
        if not Record.objects.filter(pk=gone.pk, state="waived").exists():
            batches.record_waive(record_id=gone.pk, reason="Tidak pernah terekam", actor=boss, now=NOW)
            taken(changed, boss)
        return commit(run, made)

    monkeypatch.setattr(backups.Run, "_commit", late)
    tomorrow = NOW + timedelta(days=2)
    batches.batches_start(now=tomorrow)
    first = ground.back_up(batch, tomorrow)
    assert troubles(batch) == {}
    batches.batches_start(now=tomorrow)
    assert backups.Outcome.COMPLETE in {first, ground.back_up(batch, tomorrow)}
    assert Packed.objects.filter(record=changed).exists() and not Packed.objects.filter(record=gone).exists()


def test_bytes_that_are_no_more_the_catalogue_s_are_not_backed_up_as_the_record(
    ground: Ground, monkeypatch: Any
) -> None:
    """The old file lay there again when it was packed, and was taken as changed before the package counted."""
    batch, changed, gone = incomplete(ground)
    boss, commit, new = user(Role.COORDINATOR, ground.jkt), backups.Run._commit, b"hasil perbaikan suara"
    batches.record_waive(record_id=gone.pk, reason="Tidak pernah terekam", actor=boss, now=NOW)
    looked, at_ = taking.file_look(record_id=changed.pk, actor=boss), ground.path(changed).stat()
    ground.path(changed).write_bytes(b"lama")
    when = int(changed.fingerprint.partition(":")[2])
    os.utime(ground.path(changed), ns=(when, when))

    def late(run: Any, made: Any) -> bool:
        if Record.objects.get(pk=changed.pk).sha256 != looked.sha256:
            assert changed.pk in [one.pk for one in made.members]
            ground.path(changed).write_bytes(new)
            os.utime(ground.path(changed), ns=(at_.st_mtime_ns, at_.st_mtime_ns))
            taking.record_take_file(record_id=changed.pk, reason="Ya", looked=looked, actor=boss, now=NOW)
        return commit(run, made)

    monkeypatch.setattr(backups.Run, "_commit", late)
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=NOW)
    assert ground.back_up(batch) is backups.Outcome.COMPLETE
    changed.refresh_from_db()
    assert (changed.size, changed.sha256) == (len(new), looked.sha256)
    assert Packed.objects.get(record=changed).sha256 == looked.sha256
    whole(batch, ground)


def test_a_file_that_never_ends_is_not_read_for_ever(ground: Ground, monkeypatch: Any) -> None:
    _batch, changed, _gone = incomplete(ground)
    pieces = iter(int, 1)
    monkeypatch.setattr(type(opened(ground.source)), "read", lambda self, name: (b"x" * 10 for _endless in pieces))
    with pytest.raises(Invalid) as refusal:
        taking.file_look(record_id=changed.pk, actor=user(Role.COORDINATOR, ground.jkt))
    assert refusal.value.code == "changes"


def test_what_an_earlier_reading_showed_is_not_taken(ground: Ground) -> None:
    """A file that was changed in place and keeps its size and time is known by its bytes alone."""
    _batch, changed, _gone = incomplete(ground)
    boss, at_ = user(Role.COORDINATOR, ground.jkt), ground.path(changed).stat()
    first = read(changed, boss).result
    ground.path(changed).write_bytes(b"HASIL PERBAIKAN SUARA")
    os.utime(ground.path(changed), ns=(at_.st_mtime_ns, at_.st_mtime_ns))
    second = read(changed, boss).result
    assert first["fingerprint"] == second["fingerprint"] and first["sha256"] != second["sha256"]
    with pytest.raises(WrongState) as refusal:
        taking.file_looked(record_id=changed.pk, sha256=first["sha256"], size=first["size"], actor=boss)
    assert refusal.value.code == "not_read"
    assert taking.file_looked(record_id=changed.pk, sha256=second["sha256"], size=second["size"], actor=boss)


def test_nobody_has_more_read_at_once_than_leaves_room_for_others(ground: Ground, monkeypatch: Any) -> None:
    monkeypatch.setattr(taking, "AT_ONCE", 1)
    batch, changed, _gone = incomplete(ground)
    other, boss = ground.record("lain.wav", b"lama"), user(Role.COORDINATOR, ground.jkt)
    Problem.objects.create(record=other, batch=batch, kind="changed", found_at=NOW, tried_at=NOW)
    job = taking.file_look_ask(record_id=changed.pk, actor=boss, now=NOW)
    assert taking.file_look_ask(record_id=changed.pk, actor=boss, now=NOW) == job, "not twice"
    with pytest.raises(WrongState) as refusal:
        taking.file_look_ask(record_id=other.pk, actor=boss, now=NOW)
    assert refusal.value.code == "too_many"
    assert job_run(job_id=job.pk, now=NOW)
    assert taking.file_look_ask(record_id=other.pk, actor=boss, now=NOW) != job


def test_pages_and_api_say_who_decides_and_offer_it_to_them(ground: Ground) -> None:
    batch, changed, gone = incomplete(ground)
    boss = user(Role.COORDINATOR, ground.jkt)
    it, other, url = acting(ground.it), acting(boss), batch.get_absolute_url()
    take, waive = (reverse(f"retention:{name}", args=[pk]) for name, pk in
                   (("record_take_file", changed.pk), ("record_waive", gone.pk)))  # fmt: skip
    page = it.get(url).content.decode()
    assert "Coordinator" in page and boss.username in page and take not in page and waive not in page
    page = other.get(url).content.decode()
    assert take in page and waive in page and reverse("retention:record_take_file", args=[gone.pk]) not in page
    assert take in other.get(changed.get_absolute_url()).content.decode()
    assert waive in other.get(gone.get_absolute_url()).content.decode()
    home = reverse("home")
    assert "records that cannot be backed up: 2" in other.get(home).content.decode()
    assert "that cannot be backed up" not in it.get(home).content.decode()
    shown = other.get(take)
    assert "4\xa0bytes" in shown.content.decode() and "21\xa0bytes" in shown.content.decode()
    reading = reverse("retention:record_read_file", args=[changed.pk])
    assert reading in shown.content.decode() and 'name="reason"' not in shown.content.decode()
    assert it.post(reading).status_code == 403

    def seen() -> dict[str, Any]:
        """Read in the background, which the page waits for and then shows."""
        asked = other.post(reading)
        job = Job.objects.latest("created_at")
        assert asked.status_code == 302 and asked.url == job.get_absolute_url()  # type: ignore[attr-defined]
        assert other.post(reading).url == asked.url  # type: ignore[attr-defined]
        assert asked.url in other.get(take).content.decode()  # type: ignore[attr-defined]
        job_run(job_id=job.pk, now=NOW)
        assert f'href="{take}"' in other.get(job.get_absolute_url()).content.decode()
        form = other.get(take).context["form"]
        return {name: form[name].value() for name in ("sha256", "size")}

    file = seen()
    content = ground.path(changed).read_bytes()
    assert file == {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    assert file["sha256"] in other.get(take).content.decode()
    assert other.post(take, file | {"reason": ""}).status_code == 422
    ground.path(changed).write_bytes(b"hasil perbaikan kedua")
    refused = other.post(take, file | {"reason": "Vendor"})
    assert refused.status_code == 422 and "changed again" in refused.content.decode()
    assert it.post(take, file | {"reason": "x"}).status_code == 403
    assert other.post(take, seen() | {"reason": "Vendor"}).status_code == 302
    assert "The file was taken as it is now" in other.get(changed.get_absolute_url()).content.decode()
    base = "/api/v1/retention/records"
    done = other.post(f"{base}/{gone.pk}/waive/", {"reason": "Tidak terekam"}, content_type="application/json")
    assert done.json()["state"] == "waived"
    assert not Problem.objects.filter(settled_at=None).exists()
    assert "that cannot be backed up" not in other.get(home).content.decode()


def test_the_api_takes_what_was_shown_and_nothing_else(ground: Ground) -> None:
    _batch, changed, gone = incomplete(ground)
    boss = user(Role.COORDINATOR, ground.jkt)
    client, base = acting(boss), f"/api/v1/retention/records/{changed.pk}"

    def take(**given: Any) -> Any:
        return client.post(f"{base}/take-file/", given, content_type="application/json")

    assert take(reason="Vendor").status_code == 400  # says of no file
    real = hashlib.sha256(ground.path(changed).read_bytes()).hexdigest()
    guess = take(reason="Vendor", sha256=real, size=21)
    assert (guess.status_code, guess.json()["code"]) == (409, "not_read")
    assert client.get(f"{base}/read-file/").json()["state"] == "none"
    asked = client.post(f"{base}/read-file/", content_type="application/json")
    assert (asked.status_code, asked.json()["state"], asked.json()["sha256"]) == (202, "queued", None)
    job_run(job_id=Job.objects.get().pk, now=NOW)
    shown = client.get(f"{base}/read-file/").json()
    assert (shown["state"], shown["size"], shown["sha256"]) == ("done", 21, real)
    assert take(reason="Vendor", sha256=real, size=22).json()["code"] == "not_read"
    ground.path(changed).write_bytes(b"hasil perbaikan kedua")
    refused = take(reason="Vendor", sha256=real, size=21)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed")
    changed.refresh_from_db()
    assert changed.size == 4
    job = read(changed, boss)
    done = take(reason="Vendor", sha256=job.result["sha256"], size=job.result["size"])
    assert done.status_code == 200 and done.json()["sha256"] == job.result["sha256"]
    assert take(reason="Vendor", sha256=real, size=21).status_code == 409
    assert client.post(f"/api/v1/retention/records/{gone.pk}/read-file/").status_code == 409


def test_what_cannot_be_read_is_said_by_the_reading(ground: Ground) -> None:
    _batch, changed, _gone = incomplete(ground)
    ground.path(changed).unlink()
    job = read(changed, user(Role.COORDINATOR, ground.jkt))
    assert job.state == "refused" and job.error and not job.result


@pytest.mark.usefixtures("english")
@pytest.mark.req("RET-6")
def test_the_finding_of_a_file_that_is_taken_says_by_whom_and_why(ground: Ground) -> None:
    changed = ground.record("berubah.wav", b"lama")
    ground.path(changed).write_bytes(b"baru")
    boss, seen = user(Role.COORDINATOR, ground.jkt), [findings.Seen(changed.path, ground.jkt, record=changed)]
    kind, place = FindingKind.FILE_CHANGED, ground.source
    (one,) = findings.findings_keep(kind=kind, place=place, seen=seen, complete=False, now=NOW)
    taken(changed, boss)
    one.refresh_from_db()
    duty = Obligation.objects.get(object_id=one.pk, rule="retention.finding_settled")
    assert (one.status, history(one)[-1].transition, duty.state) == ("resolved", "take", "fulfilled")
    page = acting(ground.it).get(one.get_absolute_url()).content.decode()
    assert f"{boss} took the file as it is now: Suara diperbaiki vendor" in page
    assert "found it in order" not in page and "in order" not in str(duty.evidence)
    (again,) = findings.findings_keep(kind=kind, place=place, seen=seen, complete=False, now=NOW)
    assert again == one and Finding.objects.get().status == "open"  # it changes once more
