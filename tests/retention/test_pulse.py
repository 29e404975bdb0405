"""A check that reads one package for long is alive, and nobody begins it anew."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from occ.errors import WrongState
from occ.people.actors import COMMAND
from retention import tasks
from retention.choices import CheckKind
from retention.models import Check, Finding, Pack, Store
from retention.services import pulse, repairing, store_lists, verifying
from retention.services.checking import check_go_on
from retention.services.pulse import SILENT, beating
from tests.factories import Floor
from tests.retention.backups import NOW, Ground, at

pytestmark = pytest.mark.req("RET-6")


def test_a_run_that_reads_for_long_is_heard_of_and_one_that_was_killed_is_not(live_floor: Floor) -> None:
    long_ago, run = timezone.now() - 2 * SILENT, uuid.uuid4()
    of = {"kind": CheckKind.FIXITY, "started_at": long_ago, "by": "IT", "run": run, "heard_at": long_ago}
    mine, ended = Check.objects.create(**of), Check.objects.create(**of, ended_at=long_ago)
    with beating(mine.pk, uuid.uuid4(), every=timedelta(seconds=0.02)):
        time.sleep(0.2)
    mine.refresh_from_db()
    assert mine.heard_at == long_ago, "another run's check is not spoken for"
    with beating(mine.pk, run, every=timedelta(seconds=0.02)), beating(ended.pk, run, every=timedelta(seconds=0.02)):
        until = time.monotonic() + 20
        while mine.heard_at == long_ago and time.monotonic() < until:
            time.sleep(0.02)
            mine.refresh_from_db()
        assert mine.heard_at > timezone.now() - timedelta(seconds=20)
        assert check_go_on(check_id=mine.pk, clock=timezone.now) == 0
        mine.refresh_from_db()
        assert mine.run == run, "nobody took it over"
    ended.refresh_from_db()
    assert ended.heard_at == long_ago
    said = Check.objects.get(pk=mine.pk).heard_at
    time.sleep(0.1)
    assert Check.objects.get(pk=mine.pk).heard_at == said, "it falls silent with the run"


@pytest.fixture
def ground(tmp_path: Path, settings: Any, floor: Floor) -> Ground:
    """Three records in a package of each of two stores; the one in the first is damaged, and found to be."""
    settings.VAR = tmp_path / "var"
    made = Ground(tmp_path)
    made.records(3)
    batch = made.batch()
    made.back_up(batch)
    pack = Pack.objects.filter(bag__batch=batch).latest("number")
    (tmp_path / "main" / pack.name).write_bytes(b"x" * pack.size)
    verifying.packs_verify(packs=[pack.pk], actor=made.it, clock=at())
    return made


@pytest.mark.django_db
def test_a_repair_that_is_delivered_twice_is_made_once_and_leaves_no_complaint(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding, again = Finding.objects.open().get(), list[object]()
    repair = repairing.finding_repair

    def meanwhile(**given: Any) -> Finding:
        again.extend((tasks.repair(finding.pk, ground.it.pk), tasks.reverify(finding.pk, ground.it.pk)))
        return repair(**given)

    with monkeypatch.context() as patched:
        patched.setattr(repairing, "finding_repair", meanwhile)
        patched.setattr(verifying, "packs_verify", lambda **given: pytest.fail("somebody is at it"))
        assert tasks.repair(finding.pk, ground.it.pk) is True and again == [False, 0]
    finding.refresh_from_db()
    said = finding.detail
    assert (finding.status, finding.run) == ("resolved", None)
    assert tasks.repair(finding.pk, ground.it.pk) is False  # the late one
    finding.refresh_from_db()
    assert finding.detail == said

    Finding.objects.filter(pk=finding.pk).update(run=uuid.uuid4(), heard_at=timezone.now())
    with pulse.finding_claimed(finding.pk) as claimed:
        assert not claimed
    Finding.objects.filter(pk=finding.pk).update(heard_at=timezone.now() - 2 * SILENT)
    with pulse.finding_claimed(finding.pk) as claimed:
        assert claimed, "what a dead worker left is taken over"


@pytest.mark.django_db
def test_a_list_that_is_being_read_is_not_begun_beside_it(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    look, beside = store_lists.journals_look, list[int]()
    store = Store.objects.order_by("pk").first()
    assert store is not None

    def meanwhile(**given: Any) -> Any:
        beside.append(store_lists.listing_run(clock=at()))
        with pytest.raises(WrongState):
            store_lists.store_list(store=given["shelf"].place, actor=COMMAND, clock=at())
        return look(**given)

    Store.objects.exclude(pk=store.pk).update(active=False)
    with monkeypatch.context() as patched:
        patched.setattr(store_lists, "journals_look", meanwhile)
        assert store_lists.listing_run(clock=at()) == 1 and beside == [0]
    lists = Check.objects.filter(kind=CheckKind.LISTING)
    only = lists.get()
    assert (only.result, only.run, only.ended_at, only.objects_count) == ("ok", None, NOW, 2)

    # One that died is begun anew after a while, in its own row; one that was taken over writes nothing down.
    Check.objects.filter(pk=only.pk).update(run=uuid.uuid4(), heard_at=NOW, ended_at=None, result="not_run")
    assert store_lists.listing_run(clock=at(NOW + SILENT / 2)) == 0

    def taken_over(**given: Any) -> Any:
        lists.update(run=other)
        return look(**given)

    other, later = uuid.uuid4(), NOW + SILENT
    monkeypatch.setattr(store_lists, "journals_look", taken_over)
    check = store_lists.store_list(store=store, actor=COMMAND, clock=at(later))
    assert (check.pk, check.run, check.ended_at, check.started_at) == (only.pk, other, None, later)
