"""Grave findings are settled by two persons; what cannot be restored counts as no backup (RET-6, RET-14)."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.obligations.models import Obligation
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.timeline import process_entries
from occ.workflow import turns
from occ.workflow.drawing import history
from retention.batching.advice import advice_for
from retention.batching.lists import batch_rows
from retention.choices import GRAVE, FindingKind, RecordState
from retention.models import Bag, Batch, Finding, MonthFigures, Pack, Record, Store
from retention.policies import FINDING_SETTLED
from retention.services import compliance, findings, repairing, verifying
from retention.workflow import FINDING
from tests.factories import site, user
from tests.retention.backups import NOW, Ground, at
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-6")]
LATER = NOW + timedelta(hours=1)
WORDS = {"text": "Objek uji, dihapus dari toko"}


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any) -> Ground:
    settings.VAR = tmp_path / "var"
    return Ground(tmp_path)


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def found(ground: Ground, kind: FindingKind, name: str = "bags/asing.pack", now: datetime = NOW) -> Finding:
    store, seen = Store.objects.get(code="MAIN"), [findings.Seen(name, ground.jkt)]
    return findings.findings_keep(kind=kind, place=store, seen=seen, complete=False, now=now)[0]


def test_who_proposes_does_not_confirm(ground: Ground) -> None:
    it, other, kind = ground.it, user(Role.COORDINATOR, ground.jkt), FindingKind.FOREIGN_PACK
    one = found(ground, kind)
    said: dict[str, Any] = {"finding_id": one.pk, "now": LATER}
    with pytest.raises(WrongState):
        findings.finding_resolve(**said, evidence=WORDS, actor=it)
    with pytest.raises(NotAllowed):
        findings.finding_propose(**said, evidence=WORDS, actor=other)
    with pytest.raises(Invalid):
        findings.finding_propose(**said, evidence={"text": "ok"}, actor=it)
    findings.finding_propose(**said, evidence=WORDS, actor=it)
    owed = Obligation.objects.get(rule="retention.finding_settled", closed_at=None)
    assert Finding.objects.open().get() == one and owed.fulfilled_at is None
    with pytest.raises(NotAllowed):
        findings.finding_confirm(**said, note="Ya", actor=it)
    with pytest.raises(Invalid):
        findings.finding_confirm(**said, note=" ", actor=other)
    with pytest.raises(IntegrityError, match="finding_four_eyes"), transaction.atomic():
        Finding.objects.update(confirmed_by=it)
    findings.finding_refuse(**said, note="Masih ada", actor=other)
    findings.finding_propose(**said, evidence=WORDS, actor=it)
    done = findings.finding_confirm(**said, note="Sudah dilihat di toko", actor=other)
    owed.refresh_from_db()
    assert (done.status, done.proposed_by, done.confirmed_by) == ("resolved", it, other)
    assert owed.fulfilled_at == LATER and owed.evidence["confirmed"] == "Sudah dilihat di toko"
    steps = Entry.objects.filter(subject_type="retention.finding", action__startswith="retention.finding.")
    assert [one.rpartition(".")[2] for one in steps.order_by("pk").values_list("action", flat=True)] == [
        "begin", "propose", "refuse", "propose", "confirm"
    ]  # fmt: skip
    for grave in GRAVE:
        with pytest.raises(WrongState):
            findings.finding_resolve(
                finding_id=found(ground, grave, "lain").pk, evidence=WORDS, actor=it, now=LATER
            )  # fmt: skip
    again = found(ground, kind)  # a check finds it again: nobody has confirmed that
    assert (again.status, again.proposed_by, again.confirmed_by) == ("open", None, None)
    assert (again.found_at, again.due_at) == (one.found_at, one.due_at), "no word begins the clock anew"
    owed = Obligation.objects.get(subject_label=owed.subject_label, closed_at=None)
    assert owed.due_at == one.due_at
    findings.finding_propose(**said, evidence=WORDS, actor=it)
    findings.finding_confirm(**said, note="Sudah dilihat di toko", actor=other)
    later = LATER + timedelta(days=8)
    anew = found(ground, kind, now=later)
    assert anew.found_at == later and anew.due_at > later, "what held for a week has happened again"
    broken = found(ground, FindingKind.DAMAGED, "bags/rusak.pack")
    findings.finding_mend(finding_id=broken.pk, evidence=WORDS, now=LATER)
    again = found(ground, FindingKind.DAMAGED, "bags/rusak.pack", now=LATER + timedelta(hours=1))
    assert again.pk == broken.pk and again.due_at > broken.due_at, "nobody's word: what was read back broke anew"


def test_pages_today_and_api_ask_for_the_second_person(ground: Ground) -> None:
    boss = user(Role.COORDINATOR, ground.jkt)
    one, it, other = found(ground, FindingKind.FOREIGN_PACK), acting(ground.it), acting(boss)
    url, home = one.get_absolute_url(), reverse("home")
    page = it.get(url).content.decode()
    assert "Propose as resolved" in page and "Mark as resolved" not in page
    assert it.post(reverse("retention:finding_step", args=[one.pk, "propose"]), WORDS).status_code == 302
    assert "Decide" not in it.get(home).content.decode()
    assert "Decide" in other.get(home).content.decode()
    page = it.get(url).content.decode()
    assert "/confirm/" not in page and "Whose turn it is" in page
    waits = page.split("Whose turn it is")[1].split("</section>")[0]
    assert boss.username in waits and ground.it.username not in waits
    confirm = reverse("retention:finding_step", args=[one.pk, "confirm"])
    assert it.post(confirm, {"note": "x"}).status_code == 403
    assert "/confirm/" in other.get(url).content.decode()
    base = f"/api/v1/retention/findings/{one.pk}"

    def ask(client: Client, deed: str, **data: str) -> Any:
        return client.post(f"{base}/{deed}/", data, content_type="application/json")

    assert ask(it, "confirm", note="x").status_code == 403
    assert ask(other, "refuse", note="Masih ada").json()["status"] == "open"
    assert ask(it, "resolve", text=WORDS["text"]).status_code == 409
    assert ask(it, "propose", text=WORDS["text"]).json()["proposed_by"] == ground.it.username
    assert other.post(confirm, {"note": "Sudah dilihat"}).status_code == 302
    shown = it.get(f"{base}/").json()
    assert (shown["status"], shown["confirmed_by"]) == ("resolved", boss.username)
    light = found(ground, FindingKind.UNKNOWN_FILE, "x.wav")
    assert it.post(reverse("retention:finding_step", args=[light.pk, "propose"]), WORDS).status_code in {409, 422}
    done = it.post(
        f"/api/v1/retention/findings/{light.pk}/resolve/", WORDS, content_type="application/json"
    )  # fmt: skip
    assert done.json()["status"] == "resolved"


def figures(batch: Batch) -> MonthFigures:
    compliance.figures_count(now=LATER, seconds=60)
    return MonthFigures.objects.get(month=batch.month)


def verify() -> None:
    for store in Store.objects.order_by("pk"):
        verifying.store_verify(store=store, actor=COMMAND, clock=at(LATER))


@pytest.mark.req("RET-14")
def test_what_cannot_be_restored_is_no_backup(ground: Ground) -> None:
    ground.records(4)
    batch = ground.batch()
    ground.back_up(batch)
    it, pack = acting(ground.it), Pack.objects.get(number=1)
    assert (figures(batch).backed_up, figures(batch).unrestorable) == (4, 0)

    def stands() -> tuple[int, int, int, int]:
        row, month = batch_rows(ground.it).get(), figures(batch)
        shown = it.get("/api/v1/retention/batches/").json()["results"][0]
        assert (shown["findings_count"], shown["unrestorable_count"]) == (row.findings_count, row.unrestorable_count)
        assert month.backed_up == row.restorable_count and month.unrestorable == row.unrestorable_count
        assert month.verified <= month.backed_up
        return row.findings_count, row.unrestorable_count, month.backed_up, month.verified

    ground.flip(pack.name)
    verify()
    assert stands() == (1, 0, 4, 0), "the other store's copy is good: it can be restored, and is not in order"
    (ground.folder / "second" / pack.name).unlink()
    verify()
    assert stands() == (2, 4, 0, 0)
    for url in (reverse("retention:batches"), batch.get_absolute_url(), reverse("retention:compliance")):
        page = it.get(url).content.decode()
        assert "cannot be restored" in page, url
    assert "0 of 4 records are backed up" in it.get(batch.get_absolute_url()).content.decode()
    assert "0 % backed up" in page and "100 %" not in page
    listed = it.get(reverse("retention:batches"), {"status": "findings"})
    assert [one.pk for one in listed.context["page"].rows] == [batch.pk]
    rows = it.get(reverse("retention:figure_rows"), {"figure": "unrestorable"})
    assert len(rows.context["page"].rows) == 4
    for one in Finding.objects.open().filter(kind=FindingKind.DAMAGED):
        ground.flip(pack.name)  # put right in the store itself
        verifying.store_verify(store=one.store, actor=COMMAND, clock=at(LATER))  # type: ignore[arg-type]
    missing = Finding.objects.open().get()
    repairing.finding_repair(finding_id=missing.pk, actor=ground.it, now=LATER)
    assert stands() == (0, 0, 4, 4)
    mended = Entry.objects.get(action="retention.finding.mend")
    assert mended.data["evidence"]["asked_by"] == str(ground.it)
    words = f"Sistem, atas permintaan {ground.it}"
    assert process_entries(FINDING, missing, history(missing))[0]["actor"] == words


@pytest.mark.req("RET-14")
def test_a_lost_key_takes_away_what_it_opens(ground: Ground) -> None:
    ground.records(3)
    batch = ground.batch()
    ground.back_up(batch)
    one = Record.objects.order_by("pk")[0]
    with past_the_triggers():
        one.packed.__class__.objects.filter(record=one).update(key=b"x" * 60)
    verify()
    row = batch_rows(ground.it).get()
    assert (row.findings_count, row.unrestorable_count, figures(batch).backed_up) == (1, 1, 2)
    with past_the_triggers():
        Bag.objects.update(key="")
    verify()
    row = batch_rows(ground.it).get()
    assert (row.unrestorable_count, row.restorable_count, figures(batch).backed_up) == (3, 0, 0)
    assert Finding.objects.open().filter(record=None).count() == 1


def test_what_a_check_finds_again_is_nobodys_to_confirm(ground: Ground) -> None:
    it, other = ground.it, user(Role.COORDINATOR, ground.jkt)
    one = found(ground, FindingKind.FOREIGN_PACK)
    due = one.due_at
    findings.finding_propose(finding_id=one.pk, evidence=WORDS, actor=it, now=LATER)
    store, seen = Store.objects.get(code="MAIN"), [findings.Seen(one.name, ground.jkt)]
    findings.findings_keep(kind=FindingKind.FOREIGN_PACK, place=store, seen=seen, complete=False, now=LATER)
    one.refresh_from_db()
    assert (one.status, one.proposed_by, one.due_at) == ("open", None, due)
    with pytest.raises(WrongState):
        findings.finding_confirm(finding_id=one.pk, note="Sudah", actor=other, now=LATER)
    assert Obligation.objects.get(object_id=one.pk, rule=FINDING_SETTLED).state == "open"


@pytest.mark.req("RET-14")
def test_the_number_of_findings_is_that_of_the_rows_behind_it(ground: Ground) -> None:
    found(ground, FindingKind.FOREIGN_PACK)
    found(ground, FindingKind.UNKNOWN_FILE, "x.wav")
    page = acting(user(Role.COORDINATOR, ground.jkt)).get(reverse("retention:compliance"))
    assert page.context["findings"] == 2
    listed = acting(ground.it).get(page.context["findings_url"])
    assert len(listed.context["page"].rows) == 2


def told(who: Any, language: str = "id") -> list[str]:
    """A person's messages about findings, the last first, as they read them."""
    rows = Notification.objects.filter(user=who, kind__startswith="retention.finding").order_by("-pk")
    with translation.override(language):
        return [f"{one.subject} {one.body}" for one in rows]


def test_who_may_confirm_is_told_and_so_is_who_proposed(ground: Ground) -> None:
    it, colleague = ground.it, user(Role.IT, ground.jkt, name="it.dua")
    boss, manager, elsewhere = (
        user(role, place) for role, place in
        ((Role.COORDINATOR, ground.jkt), (Role.MANAGER, ground.jkt), (Role.COORDINATOR, site("YGY")))
    )  # fmt: skip
    one = found(ground, FindingKind.FOREIGN_PACK)
    said: dict[str, Any] = {"finding_id": one.pk}
    findings.finding_propose(**said, evidence=WORDS, actor=it, now=LATER)
    for who in (colleague, boss, manager):
        (words,) = told(who)
        assert one.name in words and str(it) in words and "Paket yang tidak dikenal" in words
    assert told(it) == told(elsewhere) == []
    assert "says that this finding is resolved" in told(boss, "en")[0]
    assert Notification.objects.filter(user=boss, url=one.get_absolute_url()).exists()
    findings.finding_refuse(**said, note="Objek masih ada di toko.", actor=boss, now=LATER)
    (words,) = told(it)
    assert "Objek masih ada di toko." in words and str(boss) in words
    later = LATER + timedelta(hours=1)
    findings.finding_propose(**said, evidence=WORDS, actor=it, now=later)
    assert len(told(boss)) == 2  # again, as it was proposed again
    store, seen = Store.objects.get(code="MAIN"), [findings.Seen(one.name, ground.jkt)]
    findings.findings_keep(kind=FindingKind.FOREIGN_PACK, place=store, seen=seen, complete=False, now=later)
    assert len(told(it)) == 2 and "check has found it again" in told(it, "en")[0]


def test_a_refusal_that_is_refused_tells_nobody(ground: Ground) -> None:
    it = ground.it
    one = found(ground, FindingKind.FOREIGN_PACK)
    findings.finding_propose(finding_id=one.pk, evidence=WORDS, actor=it, now=LATER)
    for actor, note in ((it, "Tidak"), (user(Role.MANAGER, ground.jkt), " ")):
        with pytest.raises((NotAllowed, Invalid)):
            findings.finding_refuse(finding_id=one.pk, note=note, actor=actor, now=LATER)
    assert told(it) == []


def test_today_says_how_many_more_wait_and_where(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.records(1)
    batch = ground.batch()
    Batch.objects.filter(pk=batch.pk).update(run=None, status="incomplete", problems_count=2)
    rows = [Batch(site=batch.site, kind=batch.kind, month=batch.month, part=part, due_at=batch.due_at,
                  opened_at=NOW, status="incomplete", problems_count=1) for part in range(2, 13)]  # fmt: skip
    Batch.objects.bulk_create(rows)
    for n in range(3):
        found(ground, FindingKind.FOREIGN_PACK, f"bags/{n}.pack")
    monkeypatch.setattr(turns, "LIMIT", 2)
    boss = user(Role.COORDINATOR, ground.jkt)
    stuck = turns.stuck_for(boss)
    assert len(stuck) == 11 and stuck[-1].title.startswith("2 ") and "?status=incomplete" in stuck[-1].url
    shown = acting(boss).get(stuck[-1].url)
    assert len(shown.context["page"].rows) == 12
    waits = [one for one in turns.turns_for(ground.it) if one.url == reverse("retention:findings")]
    assert [one.title.split()[0] for one in waits] == ["1"]
    page = acting(ground.it).get(reverse("home")).content.decode()
    assert "1 more may wait for you" in page and f'href="{reverse("retention:findings")}"' in page


# What to do -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", [*FindingKind])
def test_each_kind_says_what_to_do(ground: Ground, kind: FindingKind, language: str) -> None:
    """In both languages; of a file that is gone, whether the backup has it."""
    source, record = ground.source, ground.record("a.wav")
    seen, page = [findings.Seen("a.wav", ground.jkt, record=record)], acting(ground.it)
    page.cookies["django_language"] = language
    (one,) = findings.findings_keep(kind=kind, place=source, seen=seen, complete=False, now=NOW)
    said = page.get(one.get_absolute_url()).context["advice"]
    with translation.override(language):
        words = str(advice_for(one))
    with translation.override("en"):
        assert len(words.split()) > 8 and (words == str(advice_for(one))) == (language == "en") and said
    if kind == FindingKind.FILE_GONE:
        record.state = RecordState.BACKED_UP
        one.record = record
        with translation.override(language):
            assert str(advice_for(one)) != words
