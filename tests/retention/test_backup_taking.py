"""Files that were rightly changed before their backup, and who decides about what cannot be backed up (RET-5)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.people.choices import Role
from retention.models import Batch, Packed, Problem, Record
from retention.services import backups, batches, taking
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
    said: dict[str, Any] = {"record_id": changed.pk, "reason": "Suara diperbaiki vendor", "actor": boss, "now": NOW}
    for wrong, refusal in (
        ({"actor": ground.it}, NotAllowed), ({"reason": " "}, Invalid), ({"fingerprint": "lain"}, Invalid),
        ({"record_id": gone.pk}, WrongState),
    ):  # fmt: skip
        with pytest.raises(refusal):
            taking.record_take_file(**(said | wrong))
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
            taking.record_take_file(record_id=changed.pk, reason="Suara diperbaiki vendor", actor=boss, now=NOW)
        return commit(run, made)

    monkeypatch.setattr(backups.Run, "_commit", late)
    tomorrow = NOW + timedelta(days=2)
    batches.batches_start(now=tomorrow)
    first = ground.back_up(batch, tomorrow)
    assert troubles(batch) == {}
    batches.batches_start(now=tomorrow)
    assert backups.Outcome.COMPLETE in {first, ground.back_up(batch, tomorrow)}
    assert Packed.objects.filter(record=changed).exists() and not Packed.objects.filter(record=gone).exists()


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
    assert "2 records that cannot be backed up" in other.get(home).content.decode()
    assert "that cannot be backed up" not in it.get(home).content.decode()
    shown = other.get(take)
    assert "4\xa0bytes" in shown.content.decode() and "21\xa0bytes" in shown.content.decode()
    fingerprint = shown.context["form"]["fingerprint"].value()
    assert other.post(take, {"reason": "", "fingerprint": fingerprint}).status_code == 422
    ground.path(changed).write_bytes(b"hasil perbaikan kedua")
    refused = other.post(take, {"reason": "Vendor", "fingerprint": fingerprint})
    assert refused.status_code == 422 and "changed again" in refused.content.decode()
    assert it.post(take, {"reason": "x", "fingerprint": fingerprint}).status_code == 403
    fingerprint = other.get(take).context["form"]["fingerprint"].value()
    assert other.post(take, {"reason": "Vendor", "fingerprint": fingerprint}).status_code == 302
    assert "The file was taken as it is now" in other.get(changed.get_absolute_url()).content.decode()
    base = "/api/v1/retention/records"
    again = other.post(f"{base}/{changed.pk}/take-file/", {"reason": "x"}, content_type="application/json")
    assert again.status_code == 409
    done = other.post(f"{base}/{gone.pk}/waive/", {"reason": "Tidak terekam"}, content_type="application/json")
    assert done.json()["state"] == "waived"
    assert not Problem.objects.filter(settled_at=None).exists()
    assert "that cannot be backed up" not in other.get(home).content.decode()
