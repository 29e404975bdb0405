"""A key that opens nothing (RET-6): tried again, declared lost by two persons, backed up anew; nothing is erased."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from occ.api.models import IdempotentAnswer
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.people.models import User
from occ.workflow.drawing import history
from retention.choices import FindingKind, RecordKind
from retention.models import Bag, Batch, Copy, Finding, Loss, LostPacked, Pack, Packed, Record, Transcript
from retention.selectors import packs_of
from retention.services import backups, batches, findings, losing, transcripts, verifying
from retention.services.restoring import record_bytes
from retention.tasks import reverify
from tests.factories import user
from tests.retention.backups import NOW, Ground, at
from tests.retention.disposal import make_bag
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-6")]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Backed up into two stores, in several packages of one bag."""
    settings.VAR = tmp_path / "var"
    monkeypatch.setattr(backups, "PACK_BYTES", 150_000)
    found = Ground(tmp_path)
    found.records(8)
    assert found.back_up(found.batch()) is backups.Outcome.COMPLETE
    return found


def verify(ground: Ground) -> None:
    for store in ground.stores:
        verifying.store_verify(store=store, actor=COMMAND, clock=at(LATER))


def missing() -> list[Finding]:
    return list(Finding.objects.open().filter(kind=FindingKind.KEY_MISSING).order_by("pk"))


def other_keys(settings: Any) -> list[str]:
    """As after a restore without the keys that were in use; what they were."""
    was = list(settings.ENCRYPTION_KEYS)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    return was


def wrong_key(record: Record) -> bytes:
    kept = bytes(Packed.objects.get(record=record).key or b"")
    with past_the_triggers():
        Packed.objects.filter(record=record).update(key=os.urandom(60))
    return kept


def manager(ground: Ground) -> User:
    return user(Role.MANAGER, ground.jkt, name="manajer")


def lost(ground: Ground, finding: Finding) -> Loss:
    made = losing.loss_declare(finding_id=finding.pk, reason="Kunci hilang", actor=ground.it, now=LATER)
    return losing.loss_confirm(loss_id=made.pk, note="Dicari di brankas", actor=manager(ground), now=LATER)


# Tried again ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("english")
def test_with_the_old_key_back_the_finding_is_settled(
    ground: Ground, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(losing, "send", lambda *args: sent.append(args) or True)
    was = other_keys(settings)
    verify(ground)
    found = missing()
    assert [(one.name, one.store, one.record) for one in found] == [(Bag.objects.get().identifier, None, None)]
    assert set(packs_of(found[0])) == set(Pack.objects.values_list("name", flat=True))
    with pytest.raises(losing.StillShut, match="8 of 8"):
        losing.finding_keys_try(finding_id=found[0].pk, actor=ground.it, now=LATER)
    assert not sent and Entry.objects.get(action="retention.keys_tried").data == {"tried": 8, "shut": 8}
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, *was]
    assert losing.finding_keys_try(finding_id=found[0].pk, actor=ground.it, now=LATER) == 8
    assert sent == [("reverify", found[0].pk, ground.it.pk)]
    with pytest.raises(WrongState, match="nothing is lost"):
        losing.loss_declare(finding_id=found[0].pk, reason="x", actor=ground.it, now=LATER)
    assert reverify(found[0].pk, ground.it.pk) == 2 * Pack.objects.count()
    assert history(found[0])[-1].who == f"System, asked by {ground.it}"
    assert not missing()
    with pytest.raises(WrongState):
        losing.finding_keys_try(finding_id=found[0].pk, actor=ground.it, now=LATER)


@pytest.mark.req("RET-13")
def test_with_the_key_back_the_search_words_are_made_anew(tmp_path: Path, settings: Any, floor: Any) -> None:
    """Of what only the backup has, and of a customer whom no key opened: at the next run, and not hours later."""
    settings.VAR = tmp_path / "var"
    ground = Ground(tmp_path)
    gone = ground.record("1.txt", b"halo emas", kind=RecordKind.CHAT)
    shut = ground.record("2.txt", b"halo perak", kind=RecordKind.CHAT, customer="Budi")
    assert ground.back_up(ground.batch()) is backups.Outcome.COMPLETE
    ground.path(gone).unlink()
    Record.objects.filter(pk=gone.pk).update(gone_at=NOW)
    was = other_keys(settings)
    assert transcripts.transcripts_make(now=LATER, seconds=60) == 0
    assert not Transcript.objects.exclude(words=None).exists() and Transcript.objects.count() == 2
    verify(ground)
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, *was]
    assert transcripts.transcripts_make(now=LATER, seconds=60) == 0
    (finding,) = missing()
    reverify(finding.pk, ground.it.pk)
    assert not missing() and transcripts.transcripts_make(now=LATER, seconds=60) == 2
    assert "emas" in str(gone.transcript.words) and "perak" in str(shut.transcript.words)
    assert transcripts.transcripts_make(now=LATER, seconds=60) == 0


@pytest.mark.usefixtures("english")
def test_a_store_that_is_away_says_nothing_against_a_key(ground: Ground) -> None:
    one = Record.objects.order_by("pk")[0]
    wrong_key(one)
    verify(ground)
    (finding,) = missing()
    assert finding.record == one and packs_of(finding) == [one.packed.pack.name]
    for name in ("main", "second"):
        (ground.folder / name).rename(ground.folder / f"{name}-away")
    with pytest.raises(losing.StillShut, match="1 of 1"):  # it cannot even be unwrapped
        losing.finding_keys_try(finding_id=finding.pk, actor=ground.it, now=LATER)
    by = losing.bag_key(one.packed.pack.bag_id)
    name = f"{one.packed.pack.bag.identifier}/{one.packed.name}"
    with past_the_triggers():  # a key that can be unwrapped and opens another thing
        Packed.objects.filter(record=one).update(key=losing.keys.wrap(losing.keys.new_key(), by=by, name=name))
    assert losing.keys_try(finding).shut == []
    for name in ("main", "second"):
        (ground.folder / f"{name}-away").rename(ground.folder / name)
    assert losing.keys_try(finding).shut == [one.pk]


# Declared lost --------------------------------------------------------------------------------------------------------


def test_one_record_s_key_is_lost_and_it_is_backed_up_anew(ground: Ground) -> None:
    one = Record.objects.order_by("pk")[2]
    content, old = ground.path(one).read_bytes(), one.batch
    wrong_key(one)
    verify(ground)
    assert len(missing()) == 1  # whatever stores its package lies in
    loss = losing.loss_declare(finding_id=missing()[0].pk, reason="Rusak", actor=ground.it, now=LATER)
    assert (loss.number, loss.status, loss.records_count) == ("LOSS-JKT-2026-0001", "declared", 1)
    boss = manager(ground)
    assert Record.objects.get(pk=one.pk).state == "backed_up"  # nothing has happened yet
    with pytest.raises(WrongState):
        losing.loss_declare(finding_id=missing()[0].pk, reason="Lagi", actor=ground.it, now=LATER)
    losing.loss_confirm(loss_id=loss.pk, note="Ya", actor=boss, now=LATER)
    one.refresh_from_db()
    assert (one.state, one.batch) == ("catalogued", None) and not Packed.objects.filter(record=one).exists()
    kept = LostPacked.objects.get(loss=loss)
    assert (kept.record, kept.size) == (one, len(content)) and kept.key is not None
    assert not missing()
    old.refresh_from_db()
    assert (old.records_count, old.done_count) == (7, 7)
    entry = Entry.objects.get(action="retention.records_lost")
    assert entry.actor == boss and entry.data["records"] == 1
    assert losing.became(Loss.objects.all()) == {loss.pk: {"catalogued": 1}}
    verify(ground)
    assert not missing()

    batches.batches_gather(now=LATER)
    batch = Batch.objects.latest("pk")
    assert (batch.part, batch.records_count) == (2, 1)
    Batch.objects.filter(pk=batch.pk).update(status="escalated")
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=LATER)
    assert ground.back_up(batch, LATER) is backups.Outcome.COMPLETE, batch.error
    assert b"".join(record_bytes(Record.objects.get(pk=one.pk))) == content
    assert losing.became(Loss.objects.all()) == {loss.pk: {"backed_up": 1}}


def test_a_bag_s_key_is_lost_with_all_that_it_wrapped(ground: Ground, settings: Any) -> None:
    bag = Bag.objects.get()
    gone = Record.objects.order_by("pk")[0]
    ground.path(gone).unlink()  # of one the source has the file no more
    other_keys(settings)
    verify(ground)
    loss = lost(ground, missing()[0])
    assert (loss.status, Loss.objects.get().records_count, LostPacked.objects.count()) == ("lost", 8, 8)
    assert not Packed.objects.exists() and not missing()
    verify(ground)
    assert not missing()  # what nobody reads needs no key, and its packages are still looked after
    assert Copy.objects.filter(result="ok", checked_at=LATER).count() == 2 * Pack.objects.count()
    batches.batches_gather(now=LATER)
    batch = Batch.objects.latest("pk")
    Batch.objects.filter(pk=batch.pk).update(status="escalated")
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=LATER)
    assert ground.back_up(batch, LATER) is backups.Outcome.INCOMPLETE
    problem = batch.problems.get()
    assert (problem.record, problem.kind) == (gone, "missing")  # it is shown, and a coordinator may waive it
    Record.objects.filter(pk=gone.pk).update(gone_at=LATER)
    seen = [findings.Seen("a.wav", ground.jkt, record=gone)]
    (missed,) = findings.findings_keep(
        kind=FindingKind.FILE_GONE, place=gone.source, seen=seen, complete=False, now=LATER
    )  # fmt: skip
    batches.record_waive(
        record_id=gone.pk, reason=loss.number, actor=user(Role.COORDINATOR, ground.jkt, name="koor"), now=LATER
    )
    assert losing.became(Loss.objects.all()) == {loss.pk: {"backed_up": 7, "waived": 1}}
    missed.refresh_from_db()
    assert missed.status == "resolved"
    assert bag.batch_id != batch.pk


@pytest.mark.req("KER-9")
@pytest.mark.usefixtures("english")
def test_two_persons_decide_and_only_over_what_does_not_open(ground: Ground) -> None:
    one, other = Record.objects.order_by("pk")[:2]
    kept = wrong_key(one)
    verify(ground)
    finding = missing()[0]
    boss = manager(ground)
    both = user(Role.IT, ground.jkt, name="rangkap")
    both.roles.create(role=Role.MANAGER, site=ground.jkt, starts_on=NOW.date() - timedelta(days=9))
    for actor in (boss, user(Role.COORDINATOR, ground.jkt, name="k")):
        with pytest.raises(NotAllowed):
            losing.loss_declare(finding_id=finding.pk, reason="x", actor=actor, now=LATER)
    with pytest.raises(Invalid):
        losing.loss_declare(finding_id=finding.pk, reason=" ", actor=ground.it, now=LATER)
    loss = losing.loss_declare(finding_id=finding.pk, reason="x", actor=both, now=LATER)
    for actor in (both, ground.it):  # neither who declared it, though a manager too, nor another role
        for deed in (losing.loss_confirm, losing.loss_refuse):
            with pytest.raises(NotAllowed):
                deed(loss_id=loss.pk, note="x", actor=actor, now=LATER)
    with pytest.raises(Invalid):
        losing.loss_confirm(loss_id=loss.pk, note=" ", actor=boss, now=LATER)
    with past_the_triggers():  # the key was found meanwhile
        Packed.objects.filter(record=one).update(key=kept)
    with pytest.raises(WrongState, match="nothing is lost"):
        losing.loss_confirm(loss_id=loss.pk, note="x", actor=boss, now=LATER)
    assert Packed.objects.count() == 8 and Loss.objects.get().status == "declared"
    losing.loss_refuse(loss_id=loss.pk, note="ditemukan", actor=boss, now=LATER)
    with pytest.raises(WrongState):
        losing.loss_confirm(loss_id=loss.pk, note="x", actor=boss, now=LATER)
    wrong_key(one)
    again = losing.loss_declare(finding_id=finding.pk, reason="x", actor=ground.it, now=LATER)
    assert again.number.endswith("0002")
    with pytest.raises(IntegrityError, match="loss_four_eyes"), transaction.atomic():
        Loss.objects.filter(pk=again.pk).update(status="lost", decided_by=ground.it, decided_at=LATER)
    assert Packed.objects.filter(record=other).exists()


def test_words_do_not_settle_what_a_check_can_see_nor_what_waits_as_a_loss(ground: Ground, english: None) -> None:
    one = Record.objects.order_by("pk")[0]
    kept = wrong_key(one)
    verify(ground)
    finding = missing()[0]
    said = {"finding_id": finding.pk, "evidence": {"text": "Sudah dicek, semua baik"}, "actor": ground.it, "now": LATER}
    with pytest.raises(WrongState, match="checked again"):
        findings.finding_propose(**said)
    loss = losing.loss_declare(finding_id=finding.pk, reason="x", actor=ground.it, now=LATER)
    with pytest.raises(WrongState, match="declared lost"):
        findings.finding_propose(**said)
    losing.loss_refuse(loss_id=loss.pk, note="ditemukan", actor=manager(ground), now=LATER)
    with past_the_triggers():
        Packed.objects.filter(record=one).update(key=kept)
    verify(ground)
    assert not missing()


def test_what_no_check_sees_is_resolved_by_some_words(ground: Ground) -> None:
    source = Record.objects.order_by("pk")[0].source
    seen = [findings.Seen("asing.wav", ground.jkt)]
    found = findings.findings_keep(kind=FindingKind.UNKNOWN_FILE, place=source, seen=seen, complete=False, now=NOW)[0]
    said = {"finding_id": found.pk, "actor": ground.it, "now": LATER}
    with pytest.raises(Invalid):
        findings.finding_resolve(**said, evidence={"text": "ok"})
    assert findings.finding_resolve(**said, evidence={"text": "Berkas uji, dihapus"}).status == "resolved"


def refused(statement: str, *values: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_nothing_is_erased_by_sql_in_the_name_of_a_loss(ground: Ground, settings: Any) -> None:
    one, other = Record.objects.order_by("pk")[:2]
    refused("DELETE FROM retention_packed WHERE record_id = %s", one.pk)
    wrong_key(one)
    verify(ground)
    finding = missing()[0]
    loss = losing.loss_declare(finding_id=finding.pk, reason="x", actor=ground.it, now=LATER)
    columns = 'record_id, pack_id, name, "offset", length, size, sha256, sha512'
    keep = f"INSERT INTO retention_lostpacked (loss_id, {columns}, key) SELECT %s, {columns}, "
    refused(keep + "'\\x00' FROM retention_packed WHERE record_id = %s", loss.pk, other.pk)  # not with another key
    with connection.cursor() as cursor:  # as it is, in the name of a loss that nobody confirmed
        cursor.execute(keep + "key FROM retention_packed WHERE record_id = %s", [loss.pk, other.pk])
    refused("DELETE FROM retention_packed WHERE record_id = %s", other.pk)
    kept = LostPacked.objects.get()
    for statement in (
        "UPDATE retention_lostpacked SET key = NULL, erased_at = now() WHERE id = %s",
        "UPDATE retention_lostpacked SET key = '\\x00' WHERE id = %s",
        "UPDATE retention_lostpacked SET record_id = record_id + 1 WHERE id = %s",
        "DELETE FROM retention_lostpacked WHERE id = %s",
    ):
        refused(statement, kept.pk)
    refused("DELETE FROM retention_loss")
    pack = kept.pack_id
    with past_the_triggers():
        Packed.objects.filter(pack=pack).update(key=None, destroyed_at=NOW)
    refused("UPDATE retention_copy SET gone_at = now() WHERE pack_id = %s", pack)  # the lost one's key is still there


@pytest.mark.req("RET-9")
def test_a_lost_key_goes_when_its_record_is_destroyed(tmp_path: Path, settings: Any) -> None:
    """Backed up anew and then destroyed: neither the new key nor the lost one is left, nor the packages of either."""
    from tests.retention.disposal import dead

    settings.VAR = tmp_path / "var"
    world = dead(tmp_path, count=3, in_pack=3)
    loss = Loss.objects.create(
        number="LOSS-JKT-2026-0001", site=world.site, bag=Bag.objects.get(), reason="x", declared_by=world.it,
        declared_at=NOW, finding=Finding.objects.create(
            kind="key_missing", store=world.store, name="x", site=world.site, bag=Bag.objects.get(), found_at=NOW,
            seen_at=NOW, due_at=NOW,
        ),
    )  # fmt: skip
    fields = ("record_id", "pack_id", "name", "offset", "length", "size", "sha256", "sha512", "key")
    LostPacked.objects.bulk_create(LostPacked(loss=loss, **row) for row in Packed.objects.values(*fields))
    Loss.objects.filter(pk=loss.pk).update(status="lost", decided_by=world.leader, decided_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM retention_packed")
    make_bag(world, world.records, 3)
    world.destroyed()
    assert not Packed.objects.filter(key__isnull=False).exists()
    assert not LostPacked.objects.filter(key__isnull=False).exists()
    old = Pack.objects.filter(lost__isnull=False).distinct()
    assert not Copy.objects.filter(pack__in=old, gone_at=None).exists()
    assert set(Bag.objects.values_list("status", "key")) == {("gone", "")}


# Pages and API --------------------------------------------------------------------------------------------------------


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def test_from_the_finding_to_the_compliance_page(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    monkeypatch.setattr(losing, "send", lambda *args: True)
    wrong_key(Record.objects.order_by("pk")[0])
    verify(ground)
    finding = missing()[0]
    it, boss = acting(ground.it), manager(ground)
    url = finding.get_absolute_url()
    text = it.get(url).content.decode()
    assert "Try again with the present keys" in text and "Declare it lost" in text
    assert "Try again with the present keys" not in acting(boss).get(url).content.decode()
    keys = reverse("retention:finding_keys", args=[finding.pk])
    assert "1 of 1 records still do not open" in it.post(keys, follow=True).content.decode()
    declare = reverse("retention:finding_lost", args=[finding.pk])
    assert it.post(declare, {"reason": ""}).status_code == 422
    assert acting(boss).post(declare, {"reason": "x"}).status_code == 403
    done = it.post(declare, {"reason": "Kunci hilang saat migrasi"})
    loss = Loss.objects.get()
    assert done.status_code == 302 and done["Location"] == loss.get_absolute_url()
    assert "Declare it lost" not in it.get(url).content.decode()
    assert Notification.objects.filter(kind="retention.lost", user=boss).count() == 1
    page = it.get(loss.get_absolute_url()).content.decode()
    assert "somebody else has to decide" in page and "/confirm/" not in page
    step = reverse("retention:loss_step", args=[loss.pk, "confirm"])
    assert it.post(step, {"note": "x"}).status_code == 403
    page = acting(boss).get(loss.get_absolute_url()).content.decode()
    assert "Confirm that it is lost" in page
    assert acting(boss).post(step, {"note": ""}).status_code == 422
    assert acting(boss).post(step, {"note": "Sudah dicari"}).status_code == 302
    leader = acting(user(Role.TEAM_LEADER, ground.jkt, name="ketua"))
    with django_assert_max_num_queries(30):
        page = leader.get(reverse("retention:compliance")).content.decode()
    assert loss.number in page and "1 waiting to be backed up anew" in page
    with django_assert_max_num_queries(16):
        page = leader.get(reverse("retention:losses")).content.decode()
    assert loss.number in page
    assert loss.number in leader.get(reverse("retention:losses"), {"q": "migrasi", "status": "lost"}).content.decode()
    assert loss.number not in leader.get(reverse("retention:losses"), {"status": "refused"}).content.decode()
    assert "call-0000.wav" in leader.get(loss.get_absolute_url()).content.decode()


@pytest.mark.req("RET-15")
def test_stores_are_asked_before_a_transaction_begins_and_a_try_is_kept(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong_key(Record.objects.order_by("pk")[0])
    verify(ground)
    it, boss, base = acting(ground.it), acting(manager(ground)), "/api/v1/retention"
    pk, tries, outside = missing()[0].pk, losing.keys_try, len(connection.savepoint_ids)
    within: list[int] = []

    def tried(finding: Finding) -> losing.Tried:
        within.append(len(connection.savepoint_ids) - outside)
        return tries(finding)

    monkeypatch.setattr(losing, "keys_try", tried)

    def post(client: Client, url: str, key: str, **data: str) -> Any:
        return client.post(
            f"{base}/{url}/", data, content_type="application/json", headers={"Idempotency-Key": key}
        )  # fmt: skip

    assert post(it, f"findings/{pk}/try-keys", "a").json()["code"] == "still_shut"
    assert Entry.objects.filter(action="retention.keys_tried").count() == 1 and not IdempotentAnswer.objects.exists()
    made = post(it, f"findings/{pk}/declare-lost", "b", reason="Hilang").json()
    assert post(boss, f"losses/{made['id']}/confirm", "c", note="x").json()["status"] == "lost"
    again = post(boss, f"losses/{made['id']}/confirm", "c", note="x")
    assert (again.status_code, again.json()["status"]) == (200, "lost")  # the same answer, and nobody asks the stores
    assert within == [0, 0, 0]


def test_a_loss_is_confirmed_on_its_page_without_a_transaction_that_waits_for_stores(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong_key(Record.objects.order_by("pk")[0])
    verify(ground)
    loss = losing.loss_declare(finding_id=missing()[0].pk, reason="Hilang", actor=ground.it, now=LATER)
    tries, outside = losing.keys_try, len(connection.savepoint_ids)

    def tried(finding: Finding) -> losing.Tried:
        assert len(connection.savepoint_ids) == outside
        return tries(finding)

    monkeypatch.setattr(losing, "keys_try", tried)
    url = reverse("retention:loss_step", args=[loss.pk, "confirm"])
    assert acting(manager(ground)).post(url, {"note": "Sudah dicari"}).status_code == 302


@pytest.mark.req("RET-15")
def test_the_api_tries_declares_and_decides(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losing, "send", lambda *args: True)
    wrong_key(Record.objects.order_by("pk")[0])
    verify(ground)
    it, boss, base = acting(ground.it), acting(manager(ground)), "/api/v1/retention"
    rows = it.get(f"{base}/findings/", {"kind": "key_missing", "status": "open"}).json()["results"]
    assert [row["store"] for row in rows] == [None] and rows[0]["record"] and rows[0]["bag"]
    pk = rows[0]["id"]
    assert it.get(f"{base}/findings/{pk}/").json()["kind"] == "key_missing"
    still = it.post(f"{base}/findings/{pk}/try-keys/", {}, content_type="application/json")
    assert still.status_code == 409 and still.json()["code"] == "still_shut"
    assert it.post(f"{base}/findings/{pk}/declare-lost/", {}, content_type="application/json").status_code == 400
    made = it.post(f"{base}/findings/{pk}/declare-lost/", {"reason": "Hilang"}, content_type="application/json")
    assert made.status_code == 201 and made.json()["status"] == "declared"
    loss = made.json()["id"]
    assert it.post(f"{base}/losses/{loss}/confirm/", {"note": "x"}, content_type="application/json").status_code == 403
    done = boss.post(f"{base}/losses/{loss}/confirm/", {"note": "x"}, content_type="application/json")
    assert done.status_code == 200 and done.json()["status"] == "lost" and done.json()["became"] == {"catalogued": 1}
    assert boss.post(f"{base}/losses/{loss}/refuse/", {"note": "x"}, content_type="application/json").status_code == 409
    assert it.get(f"{base}/losses/").json()["results"][0]["id"] == it.get(f"{base}/losses/{loss}/").json()["id"]
