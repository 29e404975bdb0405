"""Whoever deletes issued documents is killed with -9, again and again: in the end what was approved is gone once."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import timedelta

from _house import ROOT, House, check, run

DOCUMENTS = 40  # of each round


def fault(house: House, small: bool) -> None:
    sys.path.insert(0, str(ROOT))
    from django.db import connections
    from django.utils import timezone

    from occ.documents.models import IssuedDocument
    from retention.models import DocumentTombstone, Proposal
    from retention.services import disposing, paper_disposing, probing
    from tests.retention import papers

    wanted, kills, rounds, chance = (8 if small else 60), 0, 0, random.Random(11)
    paper_disposing.PART = 2
    world = papers.papers(house.folder / "papers", documents=0, entries=0)
    began = time.monotonic()

    def die(proposal: Proposal) -> bool:
        """A child works on it and is killed; False when it was quicker."""
        connections.close_all()
        child = os.fork()
        if not child:
            disposing.proposal_dispose(proposal_id=proposal.pk, clock=timezone.now)
            os._exit(0)
        time.sleep(chance.uniform(0.01, 0.3))
        os.kill(child, signal.SIGKILL)
        _pid, status = os.waitpid(child, 0)
        Proposal.objects.filter(pk=proposal.pk).update(heard_at=timezone.now() - timedelta(minutes=3))
        return os.WIFSIGNALED(status)

    while kills < wanted:
        rounds += 1
        check(rounds < 20, "it is never killed in time")
        world.documents += [papers.issue(world.site, world.control) for _n in range(DOCUMENTS)]
        proposal = world.approved()
        disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=timezone.now())
        while kills < wanted and Proposal.objects.get(pk=proposal.pk).status == "executing":
            kills += die(proposal)
        Proposal.objects.filter(pk=proposal.pk).update(heard_at=timezone.now() - timedelta(minutes=3))
        world.run(proposal, timezone.now)
        probing.probes_run_due(now=timezone.now())
        proposal.refresh_from_db()
        check(proposal.status == "destroyed", f"{proposal.number} is {proposal.status}: {proposal.trouble}")
        check(set(probing.recount(proposal).values()) == {DOCUMENTS}, f"counted anew: {probing.recount(proposal)}")
        check(proposal.probes.order_by("due_at")[0].result == "ok", "something was found that should be gone")
    house.say(f"killed {kills} times in {rounds} deletions of {DOCUMENTS} documents, {time.monotonic() - began:.0f} s")
    kept = IssuedDocument.objects.exclude(status="destroyed")
    check(kept.exclude(pk__in=[one.pk for one in world.documents]).count() == kept.count() >= 1, "one too many is kept")
    check(all(world.path(one).exists() for one in kept), "a kept document's file is gone")
    check(not any(world.path(one).exists() for one in world.documents), "a file is left")
    check(DocumentTombstone.objects.count() == rounds * DOCUMENTS, "a tombstone too many or too few")
    house.say(f"{rounds * DOCUMENTS} documents are gone once, what was not approved is there")


if __name__ == "__main__":
    run(fault)
