"""Whoever deletes is killed with -9, anywhere, again and again: in the end what was approved is gone once."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from _house import ROOT, House, check, run

FILES = 120  # of each round


def fault(house: House, small: bool) -> None:
    sys.path.insert(0, str(ROOT))
    from django.db import connections
    from django.utils import timezone

    from retention.models import Copy, Item, Packed, Proposal, Record, Tombstone
    from retention.services import disposing, probing
    from tests.retention import disposal

    wanted, kills, rounds, chance = (20 if small else 200), 0, 0, random.Random(9)
    disposing.PART = 5
    world = disposal.dead(house.folder / "ret", count=FILES, in_pack=20)
    began = time.monotonic()

    def die(proposal: Proposal) -> bool:
        """A child works on it and is killed; False when it was quicker."""
        connections.close_all()
        child = os.fork()
        if not child:
            disposing.proposal_dispose(proposal_id=proposal.pk, clock=timezone.now)
            os._exit(0)
        time.sleep(chance.uniform(0.01, 0.5))
        os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
        Proposal.objects.filter(pk=proposal.pk).update(heard_at=timezone.now() - timedelta(minutes=3))
        return os.WIFSIGNALED(status)

    while kills < wanted:
        rounds += 1
        check(rounds < 100, "it is never killed in time")
        if rounds > 1:
            made = disposal.make_records(world, FILES, 64, first=rounds * 1_000)
            disposal.make_bag(world, made, 20)
        proposal = world.submitted()
        kept = proposal.items.order_by("?")[:3]
        world.decide(
            proposal, refused={one.pk for one in kept}, reason="x", again_on=disposal.tomorrow(timezone.now())
        )  # fmt: skip
        disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=timezone.now())
        while kills < wanted and Proposal.objects.get(pk=proposal.pk).status == "executing":
            kills += die(proposal)
        Proposal.objects.filter(pk=proposal.pk).update(heard_at=timezone.now() - timedelta(minutes=3))
        world.run(proposal, timezone.now)
        probing.probes_run_due(now=timezone.now())
        proposal.refresh_from_db()
        gone = set(probing.recount(proposal).values())
        check(proposal.status == "destroyed", f"{proposal.number} is {proposal.status}: {proposal.trouble}")
        check(gone == {FILES - 3}, f"counted anew: {probing.recount(proposal)}")
        check(proposal.probes.order_by("due_at")[0].result == "ok", "something was found that should be gone")
    house.say(f"killed {kills} times in {rounds} deletions of {FILES} records, {time.monotonic() - began:.0f} s")
    left = set(Item.objects.filter(decision="refused").values_list("record_id", flat=True))
    alive = Record.objects.exclude(state="destroyed")
    check(set(alive.values_list("pk", flat=True)) == left, "a record too many or too few")
    names = {str(Path(path)) for path in alive.values_list("path", flat=True)}
    check({str(one.relative_to(world.root / "source")) for one in world.files} == names, "files and records differ")
    check(Packed.objects.filter(record__in=left, key=None).count() == 0, "a kept record's key is gone")
    check(Packed.objects.exclude(record__in=left).filter(key__isnull=False).count() == 0, "a key is left")
    check(Tombstone.objects.count() == rounds * (FILES - 3), "a tombstone too many or too few")
    there = set(Copy.objects.filter(gone_at=None).values_list("pack__name", flat=True))
    check({str(one.relative_to(world.root / "store")) for one in world.packages} == there, "packages and rows differ")
    house.say(f"{rounds * (FILES - 3)} records are gone once, {len(left)} that were refused are there with their keys")


if __name__ == "__main__":
    run(fault)
