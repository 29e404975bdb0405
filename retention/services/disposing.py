"""Deleting what was approved (RET-9): in parts, each of which is done or not done, whatever is killed in between.

A part: with holds kept out, look at each line again and mark those that go as begun (one transaction); delete them at
their source; destroy their keys, blank their rows and write their tombstones (one transaction, in which the database
asks for the approval, the cooling-off and holds once more). A line that was begun and not ended is done again: a file
that is gone by then was deleted by whoever died. When a line fails, its fellows go on.
"""

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.models import User
from occ.people.scope import has_role
from occ.texts import kept
from occ.times import local_day
from occ.workflow.services import step
from retention.choices import ItemDecision, ItemState, ProposalStatus
from retention.models import Item, Proposal, Source
from retention.personal import KEEPERS
from retention.services import burying, ending, looking, paper_disposing
from retention.services.holds import holds_kept_out
from retention.services.proposals import proposal_void
from retention.storing import PlaceAway, Unreadable, opened
from retention.workflow import DISPOSER, PROPOSAL

# A part is short, as who sets a hold waits for it.
PART, PART_S3 = 1_000, 200
# A run that has been silent for so long has died.
SILENT = timedelta(minutes=2)
AGAIN_AFTER = timedelta(hours=24)
Clock = Callable[[], datetime]


class TakenOver(Exception):
    """Another run has the proposal by now."""


def proposal_execute(*, proposal_id: int, actor: User, now: datetime) -> Proposal:
    """Team IT starts the deletion, or starts it again where it was left partly done; a worker then does it.

    Raises NotAllowed (also: who approved does not execute), WrongState (cooling off, called back, a changed list).
    """
    proposal = Proposal.objects.select_related("site", "approval").get(pk=proposal_id)
    if not PROPOSAL.find("execute").open_to(actor, proposal.site):
        raise NotAllowed
    if proposal.status in (ProposalStatus.APPROVED, ProposalStatus.PARTIAL):
        _may_begin(proposal, actor, now)
        if burying.list_in_database(proposal) != proposal.list_sha256:
            if proposal.status == ProposalStatus.APPROVED:
                proposal_void(
                    proposal_id=proposal.pk, note=kept(gettext_noop("The list is not the one of its hash.")), now=now
                )
            raise WrongState(_("The list is not the one that was approved."))
    also: dict[str, Any] = {"executed_by": actor, "executed_at": proposal.executed_at or now, "trouble": ""}
    with step(PROPOSAL, Proposal, proposal_id, "execute", actor=actor, now=now, also=also) as found:
        _try_again(found)
        transaction.on_commit(lambda: enqueue(proposal_id))
    return found


def _may_begin(proposal: Proposal, actor: User, now: datetime) -> None:
    approval = proposal.approval
    if approval is None or approval.decision == "refused" or hasattr(approval, "recall"):
        raise WrongState(_("There is no approval of this list."))
    if approval.decided_by_id == actor.pk:
        raise NotAllowed(_("You approved it: somebody else has to execute it."))
    if proposal.cooling_until is None or looking.agreed(now) < proposal.cooling_until:
        raise WrongState(_("The approval can still be called back: wait until the cooling-off is over."))
    barred = proposal.items.filter(decision=ItemDecision.APPROVED, live=True, record__source__may_delete=False)
    if found := barred.values_list("record__source__name", flat=True).first():
        raise WrongState(_("OCC has no right to delete at the source %(name)s.") % {"name": found})


def _try_again(proposal: Proposal) -> None:
    """What failed is tried once more in this execution."""
    proposal.items.filter(state=ItemState.FAILED).update(started_at=None)


def enqueue(proposal_id: int) -> None:
    from occ.celery import app

    with contextlib.suppress(Exception):  # the broker is away: beat finds it later
        app.send_task("retention.tasks.dispose", args=[proposal_id])


def proposal_release(*, proposal_id: int, note: str, actor: User, now: datetime) -> int:
    """Give up what could not be deleted: it stays, and the rest is ended without it. Returns how many lines.

    Raises NotAllowed, WrongState, Invalid (no note).
    """
    proposal = Proposal.objects.select_related("site").get(pk=proposal_id)
    if not has_role(actor, KEEPERS, site=proposal.site):
        raise NotAllowed
    with step(PROPOSAL, Proposal, proposal_id, "retry", actor=DISPOSER, now=now, note=note) as found:
        left = found.items.filter(state=ItemState.FAILED).update(state=ItemState.RELEASED, live=False)
        data = {"lines": left, "note": note}
        record(actor=actor, action="retention.lines_released", subject=found, data=data, now=now, site=found.site)
        transaction.on_commit(lambda: enqueue(proposal_id))
    return left


def proposals_take_up(*, now: datetime) -> list[int]:
    """Beat: what a dead worker left, and what failed a day ago, tried again. The proposals to be worked on."""
    late = Proposal.objects.filter(status=ProposalStatus.PARTIAL, heard_at__lt=now - AGAIN_AFTER)
    late = late.exclude(_waits_for_people())
    for pk in late.values_list("pk", flat=True):
        with contextlib.suppress(WrongState), step(PROPOSAL, Proposal, pk, "retry", actor=DISPOSER, now=now) as found:
            _try_again(found)
    at_work = Proposal.objects.filter(status=ProposalStatus.EXECUTING)
    return list(at_work.filter(_claimable(now)).values_list("pk", flat=True))


def _waits_for_people() -> Q:
    """Nothing is left but papers that somebody has to destroy by hand."""
    mine = Item.objects.filter(proposal=OuterRef("pk"), decision=ItemDecision.APPROVED)
    papers = mine.filter(entry__isnull=False, state=ItemState.STARTED)
    others = mine.filter(Q(state__in=[ItemState.LISTED, ItemState.FAILED]) | Q(entry=None, state=ItemState.STARTED))
    return Q(Exists(papers), ~Exists(others), trouble="")


def _claimable(now: datetime) -> Q:
    return Q(run=None) | Q(heard_at__lt=now - SILENT) | Q(heard_at=None)


@dataclass
class Run:
    """One worker's work on one proposal."""

    proposal: Proposal
    clock: Clock
    actor: Actor = DISPOSER
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    def hear(self) -> None:
        """I live. Raises TakenOver when somebody thought otherwise."""
        mine = Proposal.objects.filter(pk=self.proposal.pk, run=self.id)
        if not mine.update(heard_at=self.clock()):
            raise TakenOver


def proposal_dispose(*, proposal_id: int, clock: Clock, seconds: float = 240) -> bool:
    """Work on an execution for about so long; True when there is more to do. Nobody else works on it meanwhile."""
    began = clock()
    run = Run(Proposal.objects.select_related("site").get(pk=proposal_id), clock)
    at_work = Proposal.objects.filter(pk=proposal_id, status=ProposalStatus.EXECUTING)
    if not at_work.filter(_claimable(began)).update(run=run.id, heard_at=began):
        return False
    try:
        work = paper_disposing.part if run.proposal.of_documents else part
        while work(run):
            if (clock() - began).total_seconds() > seconds:
                return True
        ending.end(run)
    except TakenOver:
        return False
    except PlaceAway as away:
        Proposal.objects.filter(pk=proposal_id, run=run.id).update(trouble=str(away)[:300])
        ending.stop(run, str(away))
    except Exception as error:  # it is shown, and tried again by beat
        Proposal.objects.filter(pk=proposal_id, run=run.id).update(trouble=f"{type(error).__name__}: {error}"[:300])
        raise
    finally:
        Proposal.objects.filter(pk=proposal_id, run=run.id).update(run=None, heard_at=clock())
    return False


def part(run: Run) -> bool:
    """The next lines; False when there are none left to be tried."""
    untried = Q(state__in=[ItemState.LISTED, ItemState.STARTED]) | Q(state=ItemState.FAILED, started_at=None)
    waiting = run.proposal.items.filter(untried, decision=ItemDecision.APPROVED)
    first = waiting.order_by("position").values_list("record__source__kind", flat=True).first()
    if first is None:
        return False
    some = waiting.order_by("position")[: PART_S3 if first == "s3" else PART]
    looking.verify_packs(run, some)
    with holds_kept_out():
        lines = _begin(run, list(some.values_list("pk", flat=True)))
        gone = _delete(lines)
        now = run.clock()
        with transaction.atomic():
            run.hear()
            burying.bury(run.proposal, lines, gone, now=now)
    return True


def _begin(run: Run, pks: list[int]) -> list[looking.Line]:
    """Look at each again; those that may go are marked as begun, the others as what they are."""
    now = run.clock()
    with transaction.atomic():
        run.hear()
        day = local_day(looking.agreed(now), run.proposal.site.zone)
        found = looking.lines(pks, proposal=run.proposal, day=day)
        by_state: dict[tuple[str, str], list[int]] = {}
        for one in found:
            by_state.setdefault(one.verdict, []).append(one.item)
        for (state, error), items in by_state.items():
            fields: dict[str, Any] = {"state": state, "error": error}
            if state in (ItemState.STARTED, ItemState.FAILED):
                fields["started_at"] = now
            elif state in (ItemState.PULLED, ItemState.RELEASED):
                fields["live"] = False
            Item.objects.filter(pk__in=items).update(**fields)
    return [one for one in found if one.verdict[0] == ItemState.STARTED]


def _delete(lines: list[looking.Line]) -> dict[int, str]:
    """What became of each line's file at its source, by line: an outcome, or "!" and why it is still there."""
    done: dict[int, str] = {}
    by_source: dict[int, list[looking.Line]] = {}
    for one in lines:
        by_source.setdefault(one.source, []).append(one)
    sources = Source.objects.select_related("credential").in_bulk(list(by_source))
    for pk, some in by_source.items():
        shelf, known = opened(sources[pk]), {one.path: one.known for one in some}
        try:
            gone = shelf.delete_many(list(known), known)
            went = [one.path for one in some if one.sidecar and not isinstance(gone[one.path], str)]
            beside = looking.companions(pk, went)  # of a file that stays, so does what lies beside it
            gone |= shelf.delete_many([name for them in beside.values() for name in them])
            there = looking.there(pk, shelf, gone)
        except (PlaceAway, Unreadable) as away:
            done |= {one.item: f"!{away}" for one in some}
            continue
        for one in some:
            names = [one.path, *beside.get(one.path, [])]
            there_for_it = there or shelf.vouches(one.path)
            done[one.item] = _outcome(one, [gone[name] for name in names], there=there_for_it)
    return done


def _outcome(line: looking.Line, gone: list[bool | str], *, there: bool) -> str:
    """`there`: the place is the one that is known, and no empty mount point in its stead."""
    if failed := [one for one in gone if isinstance(one, str)]:
        return f"!{failed[0]}"
    if gone[0]:
        return "deleted"
    if not there:
        return "!" + kept(gettext_noop("It is not there, and no other file of this source either: is the disk?"))
    if line.begun_before:
        return "deleted"
    if line.known_gone:
        return "was gone"
    words = gettext_noop("It was not there, and no scan of the source has said so: scan the source and try again.")
    return "!" + kept(words)
