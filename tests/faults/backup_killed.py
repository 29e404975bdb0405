"""A worker is killed with -9 again and again while it backs up a batch, at whatever it is doing then: in the end every
file is in a package exactly once and reads as it was, every object in the stores has a row, and no spool is left.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from pathlib import Path

from _house import House, check, run


def fault(house: House, small: bool) -> None:
    from django.db import connection, connections
    from django.utils import timezone

    from retention.models import Bag, Batch, Copy, Pack, Packed, Record
    from retention.services import batches
    from retention.services.restoring import Restorer, packed_rows
    from tests.factories import site, user
    from tests.retention.backups import Ground

    kills, files = (5, 1_000) if small else (50, 6_000)
    now, rng = timezone.now(), random.Random()
    ground = Ground(house.folder / "ground")
    ended = now - timedelta(days=360)
    for i in range(files):
        ground.record(f"{i % 20:02}/call-{i:05}.wav", rng.randbytes(rng.randrange(1, 200_000)), ended_at=ended)
    batches.batches_gather(now=now)
    batch = Batch.objects.get()
    batches.batch_escalate(batch_id=batch.pk, actor=user("team_leader", site("JKT")), now=now)
    batches.batch_start(batch_id=batch.pk, actor=ground.it, now=now)
    spool = Path(house.environment["OCC_VAR"]) / "retention-spool"
    killed = long = 0
    while killed < kills:
        house.worker("worker", "-Q", "default,jobs")
        Batch.objects.filter(pk=batch.pk).update(heard_at=now - timedelta(hours=1))  # two minutes have passed
        before = Batch.objects.get(pk=batch.pk).run
        send(house, batch.pk)
        house.until(60, lambda was=before: Batch.objects.get(pk=batch.pk).run not in {None, was}, "the run begins")
        done = Batch.objects.get(pk=batch.pk).done_count
        # Always short of the end: it may get on beyond the goal before it is killed.
        goal = done + rng.randrange(max(1, (files - done) // (kills - killed + 2)))
        house.until(60, lambda goal=goal: Batch.objects.get(pk=batch.pk).done_count >= goal, "it gets on")
        time.sleep(rng.uniform(0, 0.2))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND xact_start < now() - interval '3 seconds'"
            )
            long += cursor.fetchone()[0]
        house.kill("worker")
        batch.refresh_from_db()
        check(batch.status == "running", f"it was {batch.status} before the worker could be killed {kills} times")
        killed += 1
        connections.close_all()
    done = Batch.objects.get(pk=batch.pk).done_count
    house.say(f"killed {killed} times; by then {done} of {files} files were in {Pack.objects.count()} packages")
    house.worker("worker", "-Q", "default,jobs")
    Batch.objects.filter(pk=batch.pk).update(heard_at=now - timedelta(hours=1))
    send(house, batch.pk)
    house.until(240, lambda: Batch.objects.get(pk=batch.pk).status == "complete", "the batch completes")
    house.kill("worker")
    check(not long, "a transaction was open while bytes were worked on")
    names = set(Pack.objects.values_list("name", flat=True))
    for store in ("main", "second"):
        check(set(ground.objects(store)) == names, f"objects that no row names, or rows without one, in {store}")
    check(Copy.objects.count() == 2 * len(names), "a package without its copies")
    check(Packed.objects.count() == Record.objects.filter(state="backed_up").count() == files, "a hole or a double")
    check(Bag.objects.filter(status="building").count() == 0, "a bag was left open")
    check(not spool.exists() or not any(spool.iterdir()), "a spool file was left")
    restorer = Restorer()
    for packed in packed_rows().order_by("pack_id", "offset"):
        check(
            b"".join(restorer.bytes_of(packed)) == ground.path(packed.record).read_bytes(), f"{packed} reads otherwise"
        )
    house.say(f"each of {files} files is in one package, in both stores, and reads as it was; nothing else is there")


def send(house: House, pk: int) -> None:
    from retention.tasks import back_up

    back_up.delay(pk)


if __name__ == "__main__":
    import os

    os.environ["RETENTION_PACK_MIB"] = "1"  # many packages out of little
    run(fault)
