"""A copy is written anew while the last record in it goes (RET-6, RET-9): nothing unreadable stays in a store."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from occ.errors import WrongState
from occ.ledger.models import Entry
from occ.people.actors import COMMAND
from retention.choices import FindingKind, PlaceKind
from retention.models import Copy, Finding, Packed, Store
from retention.services import repairing, store_lists
from retention.services.findings import Seen, findings_keep
from retention.storing import opened
from tests.retention.disposal import LATER, NOW, Dead, dead
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-6", "RET-9")]


@pytest.fixture
def world(tmp_path: Path, settings: Any) -> Dead:
    settings.VAR = tmp_path / "var"
    return damaged(dead(tmp_path / "world"))


def damaged(found: Dead) -> Dead:
    """Two stores, in the second of which the first package is missing."""
    (found.root / "store").mkdir(exist_ok=True)
    second = Store.objects.create(
        code="SECOND", name="Second", kind=PlaceKind.DIRECTORY, url=f"file://{found.root}/second"
    )
    shutil.copytree(found.root / "store" / "bags", found.root / "second" / "bags")
    opened(second).mark(now=NOW)
    for copy in list(Copy.objects.all()):
        Copy.objects.create(pack=copy.pack, store=second, checked_at=copy.checked_at)
    name = Packed.objects.get(record=found.records[0]).pack.name
    (found.root / "second" / name).unlink()
    seen = [Seen(name, found.site)]
    findings_keep(kind=FindingKind.PACK_MISSING, place=second, seen=seen, complete=False, now=NOW)
    return found


def left(world: Dead) -> list[str]:
    """Packages with records, wherever they lie: of those nothing is to be left."""
    names = set(Packed.objects.values_list("pack__name", flat=True))
    return [name for name in names for store in ("store", "second") if (world.root / store / name).exists()]


def repair(world: Dead) -> None:
    repairing.finding_repair(finding_id=Finding.objects.get().pk, actor=world.it, now=LATER)


def around(real: Callable[..., Any], deed: Callable[[], object], *, before: bool) -> Callable[..., Any]:
    def instead(*args: Any, **kwargs: Any) -> Any:
        if before:
            deed()
        done = real(*args, **kwargs)
        if not before:
            deed()
        return done

    return instead


@pytest.mark.parametrize("before", [True, False])
def test_what_is_destroyed_while_it_is_written_is_not_left(
    world: Dead, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    monkeypatch.setattr(repairing, "written", around(repairing.written, world.destroyed, before=before))
    with pytest.raises(WrongState):
        repair(world)
    assert left(world) == []
    assert not Copy.objects.filter(gone_at=None, pack__number__gt=0).exists()


class Killed(BaseException):
    pass


def test_what_a_repair_leaves_that_was_killed_then_goes_with_the_next_list(
    world: Dead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*args: Any) -> bool:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(repairing, "written", around(repairing.written, world.destroyed, before=True))
        patched.setattr(repairing, "held", dies)
        with pytest.raises(Killed):
            repair(world)
    (name,) = left(world)
    second = Store.objects.get(code="SECOND")
    store_lists.store_list(store=second, actor=COMMAND, clock=lambda: LATER)
    assert left(world) == []
    assert Entry.objects.get(action="store.leftovers_removed").data["packages"] == [name]
    store_lists.store_list(store=second, actor=COMMAND, clock=lambda: LATER)
    assert Entry.objects.filter(action="store.leftovers_removed").count() == 1


def test_a_list_sweeps_nothing_that_can_be_read(world: Dead) -> None:
    """A package whose row is not there yet."""
    Store.objects.filter(code="SECOND").update(active=False)
    packages = sorted((world.root / "second" / "bags").rglob("*.pack"))
    with past_the_triggers():
        Copy.objects.filter(store__code="SECOND").delete()
    store_lists.store_list(store=Store.objects.get(code="SECOND"), actor=COMMAND, clock=lambda: LATER)
    assert packages == sorted((world.root / "second" / "bags").rglob("*.pack"))


@pytest.mark.parametrize("asked", [True, False])
def test_a_deletion_that_has_been_in_the_store_already_is_noticed(
    world: Dead, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    """It has yet to say so in the row of the copy. A repair that does not ask for the keys leaves the object there."""
    records = Packed.objects.get(record=world.records[0]).pack.packed.values("record")

    def half() -> None:
        with past_the_triggers():
            Packed.objects.filter(record__in=records).update(key=None, destroyed_at=LATER)

    monkeypatch.setattr(repairing, "written", around(repairing.written, half, before=True))
    name = Finding.objects.get().name
    if asked:
        with pytest.raises(WrongState):
            repair(world)
    else:
        monkeypatch.setattr(repairing, "held", lambda pack: True)
        repair(world)
    assert (world.root / "second" / name).exists() is not asked


@pytest.mark.django_db(transaction=True)
def test_the_last_record_waits_until_the_repair_is_written_down(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR = tmp_path / "var"
    world = damaged(dead(tmp_path / "world"))
    proposal, inside, done = world.executing(), threading.Event(), threading.Event()

    def destroy() -> None:
        try:
            inside.wait(10)
            world.run(proposal)
        finally:
            done.set()
            connection.close()

    waited: list[bool] = []

    def look(pack: Any) -> bool:
        found: bool = real(pack)
        inside.set()
        waited.append(not done.wait(2))
        return found

    real = repairing.held
    monkeypatch.setattr(repairing, "held", look)
    other = threading.Thread(target=destroy)
    other.start()
    repair(world)
    other.join(20)
    assert waited == [True] and left(world) == []
    assert not Copy.objects.filter(gone_at=None, pack__number__gt=0).exists()
