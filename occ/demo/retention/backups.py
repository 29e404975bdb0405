"""The demo's backups: two years of batches as they came due, one that lacks a file, one whose key was lost, a damaged
copy, restore drills.

To be called after the sources were scanned, with the same `now`; it works on what lies in the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from django.conf import settings

from occ.demo.clockwork import until
from occ.demo.people import Staff
from occ.people.actors import BEAT, COMMAND
from retention.choices import BatchStatus, FindingKind
from retention.models import Batch, Finding, Pack, Record, Store
from retention.services import drilling, store_lists, verifying
from retention.services.backups import batch_back_up, batches_due
from retention.services.batches import batch_escalate, batch_start, batches_gather, batches_run
from retention.services.losing import loss_declare
from retention.services.repairing import finding_repair
from retention.storing import local_path

STEP = timedelta(days=9)


def backups(staff: Staff, *, now: datetime) -> None:
    first = Record.objects.order_by("ended_at").values_list("ended_at", flat=True).first()
    if first is None:
        return
    day, lost = first + timedelta(days=300), False
    old = Fernet.generate_key().decode()
    shut: list[int] = []
    while day < now:
        batches_gather(now=until(day))
        by_hand(staff, day)
        batches_run(now=day)
        if not shut and day > now - timedelta(days=150):
            with keys(old):
                shut = back_up(day, most=1)
        lost = lost or lose(now)
        back_up(day)
        day += STEP
    batches_run(now=until(now - timedelta(hours=20)))
    back_up(now - timedelta(hours=20))
    with keys(*settings.ENCRYPTION_KEYS, old):
        readable(now)
    checked(staff, shut, now)


def by_hand(staff: Staff, day: datetime) -> None:
    """At Jakarta the team leader and Team IT are quicker than beat."""
    soon = Batch.objects.filter(site__code="JKT", due_at__lte=day + timedelta(days=35)).select_related("site")
    for one in soon.filter(status=BatchStatus.GATHERING):
        batch_escalate(batch_id=one.pk, actor=staff.users["team_leader.jkt"], now=day)
    for one in soon.filter(status=BatchStatus.ESCALATED, due_at__lte=day + timedelta(days=20)):
        batch_start(batch_id=one.pk, actor=staff.users["it"], now=day + timedelta(hours=1))


def back_up(day: datetime, *, most: int = 1_000) -> list[int]:
    """What is due; which batches."""
    at = day + timedelta(hours=2)
    due = list(batches_due(at).order_by("pk").values_list("pk", flat=True)[:most])
    for pk in due:
        batch_back_up(batch_id=pk, clock=clock(at))
    return due


@contextmanager
def keys(*given: str) -> Iterator[None]:
    """`old` is that of a machine which was replaced two days ago; nobody took it along."""
    kept = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = list(given)
    try:
        yield
    finally:
        settings.ENCRYPTION_KEYS = kept


def clock(at: datetime) -> Callable[[], datetime]:
    return lambda: at


def lose(now: datetime) -> bool:
    """A recording that is no longer there when its batch is backed up, so that the batch stays incomplete."""
    since, until = now - timedelta(days=45), now - timedelta(days=2)
    late = Batch.objects.filter(status=BatchStatus.RUNNING, due_at__gt=since, due_at__lt=until)
    batch = late.order_by("due_at").last()
    record = batch.records.select_related("source").order_by("pk").first() if batch else None
    if record is None:
        return False
    (local_path(record.source.url) / record.path).unlink(missing_ok=True)
    return True


def readable(now: datetime) -> None:
    """Drills and fixity as beat did them while every key was there."""
    for days in (36, 6):
        drilling.drill_run(clock=clock(now - timedelta(days=days)))
    for one in Store.objects.active().order_by("pk"):
        verifying.store_verify(store=one, actor=BEAT, clock=clock(now - timedelta(days=30)))


def checked(staff: Staff, shut: list[int], now: datetime) -> None:
    """The last fixity, which finds that the key of `shut` is gone; a bit flips in one store, another was put right."""
    stores = list(Store.objects.active().order_by("pk"))
    for one in stores:
        verifying.store_verify(store=one, actor=BEAT, clock=clock(now - timedelta(days=2)))
    missing = Finding.objects.open().filter(kind=FindingKind.KEY_MISSING).order_by("pk")
    if unread := missing.first():
        why = "Kunci lama tertinggal di server yang diganti dan tidak ditemukan lagi."
        loss_declare(finding_id=unread.pk, reason=why, actor=staff.users["it"], now=now - timedelta(hours=30))
    packs = list(Pack.objects.filter(number=1).exclude(bag__batch__in=shut).order_by("pk"))
    if len(stores) < 2 or len(packs) < 6:
        return
    damage(stores[0], packs[3])
    verifying.packs_verify(packs=[packs[3].pk], actor=COMMAND, clock=clock(now - timedelta(days=5)))
    for mended in Finding.objects.open().filter(store=stores[0], kind=FindingKind.DAMAGED):
        finding_repair(finding_id=mended.pk, actor=staff.users["it"], now=now - timedelta(days=5, hours=-3))
    damage(stores[1], packs[-2])
    for one in stores:
        store_lists.store_list(store=one, actor=BEAT, clock=clock(now - timedelta(hours=9)))
    verifying.packs_verify(packs=[packs[-2].pk], actor=COMMAND, clock=clock(now - timedelta(hours=7)))


def damage(store: Store, pack: Pack) -> None:
    path = Path(local_path(store.url)) / pack.name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
