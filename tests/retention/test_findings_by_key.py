"""One finding for each key that opens nothing (RET-6): of two checks at once, of many records, and from before."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from occ.jobs.services import job_run
from occ.ledger.models import Entry
from occ.obligations.models import Obligation
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.workflow.drawing import history
from retention.choices import FindingKind
from retention.models import Bag, Finding, Pack, Packed, Record, Store
from retention.policies import FINDING_SETTLED
from retention.services import backups, findings, taking, verifying
from retention.storing import opened
from tests.factories import user
from tests.retention.backups import NOW, Ground, at
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-6")]
LATER = NOW + timedelta(hours=1)
KIND = FindingKind.KEY_MISSING


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Any, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Backed up into two stores, in several packages of one bag."""
    settings.VAR = tmp_path / "var"
    monkeypatch.setattr(backups, "PACK_BYTES", 100_000)
    found = Ground(tmp_path)
    found.records(8)
    assert found.back_up(found.batch()) is backups.Outcome.COMPLETE
    return found


def verify(store: Store, now: Any = LATER) -> None:
    verifying.store_verify(store=store, actor=COMMAND, clock=at(now))


# Many records ---------------------------------------------------------------------------------------------------------


def test_one_record_that_opens_proves_the_bag_s_key_wherever_it_stands(ground: Ground) -> None:
    """More than two hundred before it do not, and none of its own package."""
    first, other = Pack.objects.get(number=1), Pack.objects.get(number=2)
    wrong = list(first.packed.values_list("record_id", flat=True))
    with past_the_triggers():
        Packed.objects.exclude(pack=other).update(key=os.urandom(60))
        Packed.objects.bulk_create(
            Packed(
                record_id=-n, pack=Pack.objects.get(number=0), name=f"data/{n}", offset=10_000 + n, length=1, size=1,
                sha256="", sha512="", key=os.urandom(60),
            )
            for n in range(1, 210)
        )  # fmt: skip
    verifying.packs_verify(packs=[first.pk], actor=COMMAND, clock=at(LATER))
    assert sorted(Finding.objects.open().values_list("record_id", flat=True)) == sorted(wrong)


def test_where_none_opens_one_finding_says_so_whichever_package_is_read(ground: Ground) -> None:
    """That the tag files open, which have a key of their own, is no answer."""
    with past_the_triggers():
        Packed.objects.update(key=os.urandom(60))
    for pack in (*Pack.objects.order_by("-number"), *Pack.objects.order_by("number")):
        verifying.packs_verify(packs=[pack.pk], actor=COMMAND, clock=at(LATER))
        if pack.number:
            assert Finding.objects.open().get().name == Bag.objects.get().identifier
    assert Finding.objects.count() == 1


# Two at once ----------------------------------------------------------------------------------------------------------


def both(first: Callable[[], object], second: Callable[[], object]) -> list[BaseException]:
    """Each in a thread with a connection of its own; what they raised."""
    raised: list[BaseException] = []

    def run(deed: Callable[[], object]) -> None:
        try:
            deed()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[one]) for one in (first, second)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert not any(one.is_alive() for one in threads)
    return raised


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_two_checks_that_find_the_same_leave_one_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """Without the guard the second one fails, and all that it found is lost."""
    ground = Ground(tmp_path)
    user(Role.IT, ground.jkt)
    make, written, waits = findings.create_many, threading.Event(), threading.Event()
    if not guarded:
        monkeypatch.setattr(findings, "create_many", lambda *args, unless_there, **more: make(*args, **more))
    seen = [findings.Seen(name, ground.jkt) for name in ("B-01", "B-01#data/1")]

    def keep(names: slice) -> list[Finding]:
        return findings.findings_keep(kind=KIND, place=None, seen=seen[names], complete=False, now=LATER)

    def first() -> None:
        with transaction.atomic():
            assert len(keep(slice(0, 1))) == 1
            written.set()
            waits.wait(1)  # long enough for the other to wait for the same row

    def second() -> None:
        written.wait(10)
        assert [one.name for one in keep(slice(0, 2))] == ["B-01#data/1"]

    raised = both(first, second)
    if not guarded:
        assert [type(one) for one in raised] == [IntegrityError]
        return
    assert raised == []
    for one in Finding.objects.all():
        assert (
            Obligation.objects.filter(rule=FINDING_SETTLED, object_id=one.pk).count()
            == one.history.count()
            == len(history(one))
            == 1
        )
    assert Finding.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_stores_read_at_once_tell_of_a_lost_key_once(tmp_path: Path, settings: Any) -> None:
    settings.VAR = tmp_path / "var"
    ground = Ground(tmp_path)
    ground.records(3)
    ground.back_up(ground.batch())
    with past_the_triggers():
        Packed.objects.update(key=os.urandom(60))
    main, second = Store.objects.order_by("pk")
    assert both(lambda: verify(main), lambda: verify(second)) == []
    assert Finding.objects.get().name == Bag.objects.get().identifier
    assert set(Store.objects.filter(copies__result="failed")) == {main, second}


# From before ----------------------------------------------------------------------------------------------------------


def before(store: Store, name: str, record: Record | None = None, hours: int = 0) -> Finding:
    """As it was found when each package and record had one in each store."""
    bag = Bag.objects.get()
    seen = [findings.Seen(name, store_site(bag), "⟦The key does not open it.⟧", bag, record)]
    when = NOW + timedelta(hours=hours)
    return findings.findings_keep(kind=KIND, place=store, seen=seen, complete=False, now=when)[0]


def store_site(bag: Bag) -> Any:
    return bag.batch.site


def carry_over() -> None:
    import_module("retention.migrations.0020_findings_by_key").one_per_key(apps, None)


@pytest.mark.usefixtures("english")
def test_findings_from_before_become_one_for_each_key(ground: Ground) -> None:
    main, second = Store.objects.order_by("pk")
    bag, one, two = Bag.objects.get(), *Record.objects.order_by("pk")[:2]
    name = f"{one.packed.pack.name}#{one.packed.name}"
    later, proposed = before(main, name, one, hours=2), before(second, name, one)
    with past_the_triggers():
        Finding.objects.filter(pk=proposed.pk).update(status="proposed", proposed_by=ground.it)
        Obligation.objects.filter(rule=FINDING_SETTLED, object_id=proposed.pk).update(breached_at=LATER)
    packs = [before(store, pack.name, hours=1) for store in (main, second) for pack in Pack.objects.all()]
    settled = before(main, f"{two.packed.pack.name}#{two.packed.name}", two)
    findings.findings_over(rows=Finding.objects.filter(pk=settled.pk), now=LATER)
    alone = before(main, f"{two.packed.pack.name}#tags")
    carry_over()
    alone.refresh_from_db()
    assert alone.name == f"{bag.identifier}#tags" == alone.history.latest().name
    findings.findings_over(rows=Finding.objects.filter(pk=alone.pk), now=LATER)
    stand = Finding.objects.open().order_by("name")
    assert [(row.name, row.record, row.store) for row in stand] == [
        (bag.identifier, None, None), (f"{bag.identifier}#{one.packed.name}", one, None)
    ]  # fmt: skip
    whole, single = stand
    assert single.pk == later.pk and single.status == "open", "what one of them still says is not settled"
    assert (single.found_at, single.due_at) == (proposed.found_at, proposed.due_at)
    owed = Obligation.objects.get(rule=FINDING_SETTLED, object_id=single.pk)
    assert (owed.state, owed.due_at, owed.breached_at) == ("open", proposed.due_at, LATER)
    assert str(proposed.pk) in str(history(single)[-1].note)
    for other in [proposed, *(row for row in packs if row.pk != whole.pk)]:
        other.refresh_from_db()
        goes_on = single if other.pk == proposed.pk else whole
        last = history(other)[-1]
        assert (other.status, last.transition, last.to_state) == ("resolved", "join", "resolved")
        assert f'"{goes_on.pk}"' in last.note and other.history.latest().status == "resolved"
        assert Obligation.objects.get(rule=FINDING_SETTLED, object_id=other.pk).state == "cancelled"
        assert Entry.objects.filter(action="retention.finding.join", subject_id=str(other.pk)).count() == 1
    settled.refresh_from_db()
    assert (settled.status, settled.store) == ("gone", main), "what was settled stays as it was"
    written = Entry.objects.count()
    carry_over()
    assert Entry.objects.count() == written


def test_what_a_check_has_found_since_is_what_goes_on(ground: Ground) -> None:
    main = Store.objects.order_by("pk")[0]
    bag, one = Bag.objects.get(), Record.objects.order_by("pk")[0]
    old = before(main, f"{one.packed.pack.name}#{one.packed.name}", one)
    seen = [findings.Seen(f"{bag.identifier}#{one.packed.name}", bag.batch.site, "", bag, one)]
    (new,) = findings.findings_keep(kind=KIND, place=None, seen=seen, complete=False, now=LATER)
    assert new.due_at > old.due_at
    carry_over()
    stands = Finding.objects.open().get()
    assert (stands.pk, stands.due_at, stands.found_at) == (new.pk, old.due_at, old.found_at)
    assert Obligation.objects.get(state="open").due_at == old.due_at


def test_what_is_in_order_by_now_does_not_come_back(ground: Ground) -> None:
    main = Store.objects.order_by("pk")[0]
    bag, one = Bag.objects.get(), Record.objects.order_by("pk")[0]
    old = before(main, f"{one.packed.pack.name}#{one.packed.name}", one)
    seen = [findings.Seen(f"{bag.identifier}#{one.packed.name}", bag.batch.site, "", bag, one)]
    findings.findings_keep(kind=KIND, place=None, seen=seen, complete=False, now=NOW)
    findings.findings_over(rows=Finding.objects.filter(store=None), now=LATER)
    carry_over()
    old.refresh_from_db()
    duty = Obligation.objects.get(rule=FINDING_SETTLED, object_id=old.pk)
    assert not Finding.objects.open().exists()
    assert (duty.state, duty.fulfilled_at) == ("fulfilled", LATER)


def test_it_takes_as_many_statements_for_many_findings_as_for_few(ground: Ground) -> None:
    main, second = Store.objects.order_by("pk")
    counts = []
    for some in (Record.objects.order_by("pk")[:1], Record.objects.order_by("pk")[1:]):
        for one in some:
            for store in (main, second):
                before(store, f"{one.packed.pack.name}#{one.packed.name}", one)
        with CaptureQueriesContext(connection) as asked:
            carry_over()
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 14
    assert Finding.objects.open().count() == 8 and not Finding.objects.open().exclude(store=None).exists()
    assert Obligation.objects.filter(rule=FINDING_SETTLED, state="open").count() == 8


# No connection while bytes are read ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_while_packages_and_changed_files_are_read(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR = tmp_path / "var"
    ground, held = Ground(tmp_path), list[bool]()
    ground.records(2)
    changed = ground.record("berubah.wav", b"lama")
    ground.path(changed).write_bytes(b"hasil perbaikan suara")
    ground.back_up(ground.batch())
    mine, real = connections["default"], type(opened(ground.source)).read

    def read(self: Any, *args: Any) -> Any:
        held.append(mine.connection is not None)
        return real(self, *args)

    for place in (ground.source, ground.stores[0]):
        monkeypatch.setattr(type(opened(place)), "read", read)
    verify(ground.stores[0])
    packages = len(held)
    job = taking.file_look_ask(record_id=changed.pk, actor=user(Role.COORDINATOR, ground.jkt), now=NOW)
    job_run(job_id=job.pk, now=NOW)
    job.refresh_from_db()
    assert job.state == "done" and packages and len(held) > packages
    assert not any(held)
