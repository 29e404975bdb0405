"""What follows when no line is left to be tried: empty packages go, journals are written, the proposal ends."""

import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_noop

from occ.jobs.models import Job
from occ.ledger.services import record
from occ.policies.services import policy_value
from occ.texts import kept
from occ.workflow.services import step
from retention.choices import BagStatus, ItemState
from retention.disposal import notices
from retention.models import Bag, Copy, LostPacked, Pack, Packed, Probe, Proposal
from retention.policies import PROBE_DAYS
from retention.services import journal, paper_disposing, paper_probing, probing
from retention.services.proposals import proposal_void
from retention.storing import PlaceAway, opened
from retention.workflow import DISPOSER, PROPOSAL

if TYPE_CHECKING:
    from retention.services.disposing import Run

# Kinds of job whose files name customers' conversations: made by this system, and given to it.
IMPORTS = {"retention.import", "retention.import_apply"}
EXPORTS = {"retention.records", "retention.figure_rows", "retention.findings", "retention.disposal_lines", *IMPORTS}
LOOKED_AT = timedelta(days=1)


def end(run: "Run") -> None:
    """Raises PlaceAway when a store cannot take its journal: then it has not ended."""
    documents = run.proposal.of_documents
    if not documents:
        packages_remove(proposal=run.proposal, now=run.clock())
    run.hear()
    journal.journals_write(proposal=run.proposal, now=run.clock())
    if documents:
        paper_probing.outputs_remove(run.proposal)
    else:
        exports_remove(begun_by=run.clock())
    run.hear()
    failed = run.proposal.items.filter(state=ItemState.FAILED).count()
    waiting = paper_disposing.waiting(run.proposal).count()
    if failed or waiting:
        of_records = gettext_noop("%(count)s records could not be deleted.")
        words = gettext_noop("%(count)s documents could not be deleted.") if documents else of_records
        said = [kept(words, count=failed)] if failed else []
        if waiting:
            said.append(kept(gettext_noop("Papers that wait to be destroyed by hand: %(count)s."), count=waiting))
            paper_disposing.ask_for_papers(run.proposal, now=run.clock())
        Proposal.objects.filter(pk=run.proposal.pk).update(trouble="")  # every place answered
        stop(run, " ".join(said))
    elif not run.proposal.items.filter(state=ItemState.DESTROYED).exists():
        note = kept(gettext_noop("Nothing of it was destroyed: all of it is held or was destroyed before."))
        proposal_void(proposal_id=run.proposal.pk, note=note, now=run.clock())
    else:
        _finish(run)


def stop(run: "Run", note: str) -> None:
    with step(PROPOSAL, Proposal, run.proposal.pk, "stop", actor=DISPOSER, now=run.clock(), note=note):
        pass


def _finish(run: "Run") -> None:
    now = run.clock()
    also = {"completed_at": now, "trouble": ""}
    with step(PROPOSAL, Proposal, run.proposal.pk, "finish", actor=DISPOSER, now=now, also=also) as proposal:
        proposal.items.filter(live=True).update(live=False)
        paper_disposing.papers_done(proposal, now=now)
        gone = proposal.items.filter(state=ItemState.DESTROYED).count()
        notices.destroyed_tell(proposal, gone, now=now)
        later = now + timedelta(days=policy_value(PROBE_DAYS, at=now))
        first, _second = (Probe.objects.create(proposal=proposal, due_at=at) for at in (now, later))
    probing.probe_run(probe_id=first.pk, now=now)


def packages_remove(*, proposal: Proposal, now: datetime) -> int:
    """Delete from every store the packages of which nothing can be read any more; how many objects went.

    One that a store keeps all the same (Object Lock) is unreadable; it is tried again when the next probe is run.
    """
    empty, gone = probing.packs_without_key(proposal), 0
    for copy in Copy.objects.filter(pack__in=empty, gone_at=None).select_related("pack", "store__credential"):
        with contextlib.suppress(PlaceAway):
            opened(copy.store).delete(copy.pack.name)
            gone += Copy.objects.filter(pk=copy.pk).update(gone_at=now)
    _bags_end(proposal, empty, now)
    return gone


@transaction.atomic
def _bags_end(proposal: Proposal, empty: list[int], now: datetime) -> None:
    """With the last record of a bag its own key goes; its manifest stays."""
    kept = Packed.objects.filter(pack__bag=OuterRef("pk"), key__isnull=False)
    mine = list(Pack.objects.filter(pk__in=empty).values_list("bag_id", flat=True).distinct())
    lost = LostPacked.objects.filter(pack__bag=OuterRef("pk"), key__isnull=False)
    bags = Bag.objects.filter(~Exists(kept), ~Exists(lost), pk__in=mine, status=BagStatus.COMPLETE)
    for bag in bags.defer("key").select_for_update(no_key=True):
        Bag.objects.filter(pk=bag.pk).update(key="", status=BagStatus.GONE, gone_at=now)
        data = {"bag": bag.identifier, "proposal": proposal.number}
        record(actor=DISPOSER, action="retention.bag_destroyed", subject=bag, data=data, now=now, site=proposal.site)


def exports_begun(by: datetime) -> "QuerySet[Job]":
    """Files of exports in which destroyed records may stand: also one that was ready only after it was read."""
    begun = Q(finished_at__lte=by) | Q(claimed_at__lte=by)
    return Job.objects.filter(begun, kind__in=EXPORTS).exclude(output_file="")


def exports_remove(*, begun_by: datetime) -> int:
    """Files in which destroyed records may stand: their lists are made anew by whoever needs them; how many went.

    What was uploaded to be catalogued goes with them once it has lain for a day: until then somebody may be looking
    at its preview.
    """
    count = sum(_without(job, "output_file") for job in exports_begun(begun_by))
    for job in Job.objects.filter(kind__in=IMPORTS, finished_at__lte=begun_by - LOOKED_AT).exclude(input_file=""):
        count += _without(job, "input_file")
        Job.objects.filter(pk=job.pk).update(result=job.result | {"rows": [], "sample": []})
    return count


def _without(job: Job, field: str) -> int:
    """The file first: while it lies there, its row names it, and a probe finds it."""
    storages["default"].delete(getattr(job, field))
    Job.objects.filter(pk=job.pk).update(**{field: ""})
    return 1
