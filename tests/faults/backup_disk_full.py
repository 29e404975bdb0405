"""The disk of a backup store runs full in the middle of a batch: nothing half counts, the run stops with words; with
room again it goes on and everything is there once. A real full disk (tmpfs) where this process may mount, else a limit.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
from datetime import timedelta

from _house import House, check, run


def fault(house: House, small: bool) -> None:
    from django.utils import timezone

    from retention.models import Batch, Pack, Packed
    from retention.services import backups, batches
    from retention.services.restoring import Restorer, packed_rows
    from tests.factories import site, user
    from tests.retention.backups import Ground

    now, rng, files = timezone.now(), random.Random(3), 60 if small else 600
    full = house.folder / "ground" / "second"
    full.mkdir(parents=True)
    mounted = os.geteuid() == 0 and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", f"size={files * 40}k", "tmpfs", str(full)], stderr=subprocess.DEVNULL
    )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        ground = Ground(house.folder / "ground")
        for i in range(files):
            ground.record(f"call-{i:04}.wav", rng.randbytes(100_000), ended_at=now - timedelta(days=360))
        batches.batches_gather(now=now)
        batch = Batch.objects.get()
        batches.batch_escalate(batch_id=batch.pk, actor=user("team_leader", site("JKT")), now=now)
        batches.batch_start(batch_id=batch.pk, actor=ground.it, now=now)
        if not mounted:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, before[1]))
        outcome = ground.back_up(batch, now)
        check(outcome is backups.Outcome.WAITS, f"it did not stop: {outcome}")
        check(bool(batch.error), "it did not say why")
        named = set(Pack.objects.values_list("name", flat=True))
        check(named <= set(ground.objects("second")) and named <= set(ground.objects()), "a package that is nowhere")
        how = "a tmpfs" if mounted else "a limit on the size of files"
        house.say(f"{how} took {Packed.objects.count()} of {files} files, then it stopped: {batch.error}")
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=400m", str(full)], check=True)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        outcome = ground.back_up(batch, now + timedelta(minutes=2))
        check(outcome is backups.Outcome.COMPLETE, f"with room again: {outcome} {batch.error}")
        names = sorted(Pack.objects.values_list("name", flat=True))
        check(ground.objects() == names == ground.objects("second"), "objects that no row names, or rows without one")
        restorer = Restorer()
        for packed in packed_rows():
            check(b"".join(restorer.bytes_of(packed)) == ground.path(packed.record).read_bytes(), f"{packed} differs")
        check(Packed.objects.count() == files, "a hole or a double")
        house.say(f"with room again all {files} files are there once, in both stores")
    finally:
        if mounted:
            subprocess.run(["umount", str(full)], check=True)


if __name__ == "__main__":
    os.environ["RETENTION_PACK_MIB"] = "1"
    run(fault)
