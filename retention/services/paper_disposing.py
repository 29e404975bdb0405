"""Deleting documents that were approved (RET-9, RET-11): as `disposing` does it with records, from OCC's own storage.

A part: with holds kept out, look at each line again and mark those that go as begun; delete every file of theirs; write
their rows as destroyed, in which the database asks for the approval once more. What lies outside OCC (an entry of the
register: a paper, a file on a server) is begun, and waits: a person destroys it by hand, with a witness, and says so.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.approvals.proving import Proof
from occ.approvals.services import name_of, position_of
from occ.documents import files
from occ.documents.choices import Status
from occ.documents.models import IssuedDocument
from occ.documents.services import document_destroy
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry as Evidence
from occ.ledger.services import record
from occ.obligations.models import Obligation
from occ.obligations.services import obligation_fulfil, obligation_open
from occ.people.models import User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import end_of_day, local_day
from occ.workflow.services import step
from retention.choices import EntryStatus, ItemDecision, ItemState, Medium, ProposalStatus, Way
from retention.marks import document_mark, entry_mark
from retention.models import DocumentTombstone, Entry, Hold, Item, Proposal, Shredding
from retention.personal import KEEPERS
from retention.policies import PAPER_DAYS, PAPERS
from retention.services import looking, paper_lists, paper_minutes
from retention.services.holds import holds_kept_out, holds_lock
from retention.services.paper_probing import storage_asked
from retention.services.register import entry_destroy
from retention.services.witnesses import Witness, names_of, witnesses_named
from retention.workflow import DISPOSER, PROPOSAL

if TYPE_CHECKING:
    from retention.services.disposing import Run

STORAGE = "documents"
FILE_DELETED = "document.file_deleted"
# A part is short, as who sets a hold waits for it.
PART = 100
LONGEST_PLACE = 120


@dataclass(frozen=True, kw_only=True)
class ByHand:
    """How papers were destroyed, in the words of who did it; `witness`: another person, who saw it."""

    on_day: date
    place: str
    way: str
    witness: Witness | None


def part(run: "Run") -> bool:
    """The next lines; False when there are none left to be tried. Raises PlaceAway."""
    begun = Q(state=ItemState.STARTED, document__isnull=False)
    untried = Q(state=ItemState.LISTED) | begun | Q(state=ItemState.FAILED, started_at=None)
    waiting_lines = run.proposal.items.filter(untried, decision=ItemDecision.APPROVED)
    some = list(waiting_lines.order_by("position").values_list("pk", flat=True)[:PART])
    if not some:
        return False
    storage_asked()
    with holds_kept_out():
        lines = _begin(run, some)
        failed = _delete(lines)
        now = run.clock()
        with transaction.atomic():
            run.hear()
            _bury(run.proposal, lines, failed, now)
    return True


def _begin(run: "Run", pks: Sequence[int]) -> list[tuple[Item, bool]]:
    """Look at each again; those issued documents that go, each with whether its deletion was begun before."""
    now = run.clock()
    today = local_day(looking.agreed(now), run.proposal.site.zone)
    going: list[tuple[Item, bool]] = []
    with transaction.atomic():
        run.hear()
        found = _looked_at(pks, today, paper_lists.holds_at(looking.agreed(now)))
        for one, (state, error) in found:
            fields: dict[str, Any] = {"state": state, "error": error[:300]}
            if state in (ItemState.STARTED, ItemState.FAILED):
                fields["started_at"] = now
            else:
                fields["live"] = False
            Item.objects.filter(pk=one.pk).update(**fields)
            if state == ItemState.STARTED and one.document is not None:
                going.append((one, one.state == ItemState.STARTED))
    return going


def _looked_at(pks: Sequence[int], today: date, holds: Sequence[Hold]) -> list[tuple[Item, tuple[str, str]]]:
    """Each locked line, and what is to become of it: (state, error)."""
    states = [ItemState.LISTED, ItemState.STARTED, ItemState.FAILED]
    rows = (
        Item.objects.filter(pk__in=pks, state__in=states)
        .select_for_update(of=("self",), no_key=True)
        .order_by("position")
    )
    items = list(rows.select_related("document").defer("document__data"))
    # Locked, then read: who changes an entry meanwhile has changed it before this look, or finds it begun.
    entries = Entry.objects.filter(pk__in=[one.entry_id for one in items if one.entry_id])
    there = entries.select_for_update(of=("self",), no_key=True).order_by("pk").in_bulk()
    for one in items:
        one.entry = there.get(one.entry_id) if one.entry_id else None
    mine = Item.objects.filter(pk__in=pks)
    held = mine.filter(paper_lists.held_lines_q(holds))
    documents = IssuedDocument.objects.filter(pk__in=[one.document_id for one in items if one.document_id])
    needed = documents.filter(paper_lists.proofs() | paper_lists.in_a_process(documents))
    facts = set(held.values_list("pk", flat=True)), set(needed.values_list("pk", flat=True))
    return [(one, _verdict(one, *facts, today)) for one in items]


def _verdict(one: Item, held: set[int], needed: set[int], today: date) -> tuple[str, str]:
    thing = one.document or one.entry
    assert thing is not None
    if thing.status in (Status.DESTROYED, EntryStatus.DESTROYED):
        return ItemState.RELEASED, kept(gettext_noop("It was destroyed before."))
    if one.pk in held:
        return ItemState.PULLED, ""
    if one.document_id in needed:
        return ItemState.RELEASED, kept(gettext_noop("An open process needs it again: it stays."))
    if paper_lists.line_of_item(one) != one.line:
        if one.entry is not None:
            return ItemState.RELEASED, kept(gettext_noop("Its entry was changed after the list was frozen: it stays."))
        if thing.status == Status.SUPERSEDED:
            return ItemState.RELEASED, kept(gettext_noop("It was revised after the list was frozen: it stays."))
        return ItemState.FAILED, kept(gettext_noop("The document is not what it was when it was approved."))
    if thing.expires_on >= today:
        return ItemState.RELEASED, kept(gettext_noop("It must still be kept."))
    return ItemState.STARTED, ""


def _delete(lines: Sequence[tuple[Item, bool]]) -> dict[int, str]:
    """Delete every file of each; by item, why something of it is still there or nobody knows whether it is."""
    names = {one.pk: one.document.file for one, _begun in lines if one.document is not None}
    there = files.copies(STORAGE, list(names.values()))
    said = files.remove_all(STORAGE, [name for found in there.values() for name in found])
    left = files.copies(STORAGE, list(names.values()))
    failed: dict[int, str] = {}
    for one, begun in lines:
        name = names[one.pk]
        if why := [said[each] for each in there[name] if said[each]] or left[name]:
            failed[one.pk] = why[0]
        elif not there[name] and not begun and not _deleted_before(one):
            failed[one.pk] = kept(
                gettext_noop("Its file was not where it should be, and nobody knows where it is: look for it first.")
            )
    return failed


def _deleted_before(one: Item) -> bool:
    """A deletion of ours got as far as its file, and the database then refused its row."""
    kind = IssuedDocument._meta.label_lower
    said = Evidence.objects.filter(subject_type=kind, subject_id=str(one.document_id), action=FILE_DELETED)
    return bool(said.exists())


def _bury(proposal: Proposal, lines: Sequence[tuple[Item, bool]], failed: dict[int, str], now: datetime) -> None:
    """In the caller's transaction: rows, tombstones and lines of what is gone; the database may still refuse one."""
    mine = set(
        Item.objects.filter(pk__in=[one.pk for one, _begun in lines], state=ItemState.STARTED)
        .select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True)
    )  # fmt: skip
    for one, _begun in lines:
        if one.pk not in mine or one.document is None or one.pk in failed:
            continue
        try:
            with transaction.atomic():
                document_destroy(
                    document_id=one.document.pk, note=proposal.number, by=proposal.executed_by, actor=DISPOSER, now=now
                )
                _end_line(proposal, one, {"file": "deleted"}, local_day(now, proposal.site.zone), now)
        except (IntegrityError, WrongState) as refusal:
            why = str(refusal).partition("\n")[0]
            failed[one.pk] = kept(gettext_noop("Refused by the database: %(why)s."), why=str(why)[:160])
            data = {"proposal": proposal.number, "why": why}
            record(actor=DISPOSER, action=FILE_DELETED, subject=one.document, data=data, now=now, site=proposal.site)
    for pk, error in failed.items():
        Item.objects.filter(pk=pk, state=ItemState.STARTED).update(state=ItemState.FAILED, error=error[:300])


def _end_line(proposal: Proposal, one: Item, outcome: dict[str, Any], day: date, now: datetime) -> None:
    """The document's or entry's row says already that it is destroyed."""
    document, entry = one.document, one.entry
    if document is not None:
        facts = {"mark": document_mark(document.code), "name": document.full_number, "sha256": document.sha256,
                 "size": document.size}  # fmt: skip
    else:
        assert entry is not None
        facts = {"mark": entry_mark(proposal.site.code, entry.number), "name": entry.number}
    DocumentTombstone.objects.create(
        document=document, entry=entry, proposal=proposal, number=proposal.number, destroyed_on=day, destroyed_at=now,
        outcome=outcome, **facts,
    )  # fmt: skip
    Item.objects.filter(pk=one.pk).update(state=ItemState.DESTROYED, destroyed_at=now, error="")


# By hand --------------------------------------------------------------------------------------------------------------


def waiting(proposal: Proposal) -> Any:
    """Lines whose paper is to be destroyed by hand, in their order."""
    rows = proposal.items.filter(entry__isnull=False, state=ItemState.STARTED, live=True)
    return rows.select_related("entry").order_by("position")


def ask_for_papers(proposal: Proposal, *, now: datetime) -> None:
    """From now on Team IT owes their destruction, once."""
    rows = Obligation.objects.filter(rule=PAPERS, content_type__model="proposal", object_id=proposal.pk)
    if rows.exists():
        return
    due = local_day(now, proposal.site.zone) + timedelta(days=policy_value(PAPER_DAYS, at=now))
    obligation_open(
        rule=PAPERS, subject=proposal, label=proposal.number, site=proposal.site, team=None, starts_at=now,
        due_at=end_of_day(due, proposal.site.zone), actor=DISPOSER, now=now,
    )  # fmt: skip


def papers_done(proposal: Proposal, *, now: datetime) -> None:
    evidence = {"papers": Shredding.objects.filter(item__proposal=proposal).count()}
    obligation_fulfil(subject=proposal, rule=PAPERS, at=now, evidence=evidence, actor=DISPOSER, now=now)


def papers_destroy(
    *, proposal_id: int, items: Collection[int], done: ByHand, proof: Proof, actor: User, now: datetime
) -> int:
    """Team IT says that the papers of these lines are destroyed: how, where, before whom. Returns how many.

    Raises NotAllowed (also: who approved), Invalid, WrongState (not waiting any more, held).
    """
    if proof.user_id != actor.pk:
        raise NotAllowed
    with transaction.atomic():
        holds_lock(shared=True)
        proposal, lines = _chosen(proposal_id, items, actor)
        seen_by = _check(proposal, done, lines, actor, local_day(now, proposal.site.zone))
        with _executing(proposal, kept(gettext_noop("Papers destroyed by hand: %(count)s"), count=len(lines)), now):
            for one in lines:
                _by_hand(proposal, one, done, seen_by, proof, actor, now)
        _go_on(proposal.pk)
    return len(lines)


def _by_hand(
    proposal: Proposal, one: Item, done: ByHand, seen_by: tuple[str, str], proof: Proof, actor: User, now: datetime
) -> None:
    assert one.entry is not None
    Shredding.objects.create(
        item=one, on_day=done.on_day, place=done.place.strip(), way=done.way, witness=seen_by[0],
        witness_position=seen_by[1] or "-", said_by=actor, name=name_of(actor),
        position=position_of(actor), second_factor=proof.second_factor, said_at=now,
    )  # fmt: skip
    try:
        entry_destroy(entry_id=one.entry.pk, on=done.on_day, note=proposal.number, actor=actor, now=now)
    except IntegrityError as refusal:
        raise WrongState(
            kept(gettext_noop("Refused by the database: %(why)s."), why=str(refusal).partition("\n")[0][:160])
        ) from refusal
    _end_line(proposal, one, {"by_hand": done.way}, done.on_day, now)
    data = {
        "entry": one.entry.number,
        "way": done.way,
        "place": done.place,
        "witness": ", ".join(seen_by),
        "on": done.on_day,
    }
    record(actor=actor, action="retention.paper_destroyed", subject=proposal, data=data, now=now, site=proposal.site)


def papers_missing(*, proposal_id: int, items: Collection[int], note: str, actor: User, now: datetime) -> int:
    """Team IT could not destroy these papers, and says why: they are asked for again, or given up. How many.

    Raises NotAllowed, Invalid (no note), WrongState.
    """
    if not note.strip():
        raise Invalid(_("Say why it could not be destroyed."), field="note")
    with transaction.atomic():
        proposal, lines = _chosen(proposal_id, items, actor)
        with _executing(proposal, note, now):
            pks = [one.pk for one in lines]
            Item.objects.filter(pk__in=pks).update(state=ItemState.FAILED, error=note.strip()[:300], started_at=now)
        data = {"lines": [one.position for one in lines], "note": note}
        record(actor=actor, action="retention.papers_missing", subject=proposal, data=data, now=now, site=proposal.site)
        _go_on(proposal.pk)
    return len(lines)


def _chosen(proposal_id: int, items: Collection[int], actor: User) -> tuple[Proposal, list[Item]]:
    """The locked proposal and those of its waiting lines. Raises NotAllowed, Invalid (none), WrongState."""
    rows = Proposal.objects.select_for_update(of=("self",), no_key=True).select_related("site", "approval")
    proposal = rows.get(pk=proposal_id)
    if not has_role(actor, KEEPERS, site=proposal.site):
        raise NotAllowed
    if proposal.approval is None or proposal.approval.decided_by_id == actor.pk:
        raise NotAllowed(_("You approved it: somebody else has to execute it."))
    if not items:
        raise Invalid(_("Tick the papers that you speak of."), field="items")
    lines = list(waiting(proposal).filter(pk__in=set(items)).select_for_update(of=("self",), no_key=True))
    if proposal.status not in (ProposalStatus.PARTIAL, ProposalStatus.EXECUTING) or len(lines) != len(set(items)):
        raise WrongState(_("One of these papers does not wait to be destroyed any more: look at the list again."))
    return proposal, lines


def _executing(proposal: Proposal, note: str, now: datetime) -> Any:
    """Around what the database allows only while the proposal is being executed."""
    if proposal.status == ProposalStatus.EXECUTING:
        return transaction.atomic()
    return step(PROPOSAL, Proposal, proposal.pk, "retry", actor=DISPOSER, now=now, note=note)


def _check(proposal: Proposal, done: ByHand, lines: Sequence[Item], actor: User, today: date) -> tuple[str, str]:
    """Raises Invalid, WrongState; else the witness's name and position."""
    zone = proposal.site.zone
    if paper_minutes.saw(proposal, actor):
        raise WrongState(_("You are named as a witness of other papers of this list: somebody else destroys these."))
    if not done.place.strip():
        raise Invalid(_("This is empty."), field="place", code="empty")
    if len(done.place.strip()) > LONGEST_PLACE:
        words = _("This is longer than %(n)s characters.") % {"n": LONGEST_PLACE}
        raise Invalid(words, field="place", code="too_long")
    witnesses = [done.witness] if done.witness is not None else []
    (seen_by,) = witnesses_named(witnesses, parties=_parties(proposal, actor), day=today)
    if done.way not in Way.values:
        raise Invalid(_("Say how it was destroyed."), field="way")
    begun = max(local_day(one.started_at, zone) for one in lines if one.started_at)
    if not begun <= done.on_day <= today:
        raise Invalid(_("It was destroyed between the start of the deletion and today."), field="on_day")
    paper = any(one.entry is not None and one.entry.medium == Medium.HARDCOPY for one in lines)
    if paper and done.way == Way.ERASED:
        raise Invalid(_("A paper cannot be erased: choose how it was destroyed."), field="way")
    return seen_by


def _parties(proposal: Proposal, actor: User) -> set[str]:
    """Who approved the list, and who destroys what is on it: none of them is its witness (RET-10)."""
    approval, executor = proposal.approval, proposal.executed_by
    assert approval is not None
    names = {approval.name} | names_of(approval.decided_by) | names_of(actor)
    names |= names_of(executor) if executor else set()
    by_hand = Shredding.objects.filter(item__proposal=proposal)
    return names | set(by_hand.values_list("name", flat=True))


def _go_on(proposal_id: int) -> None:
    from retention.services.disposing import enqueue

    transaction.on_commit(lambda: enqueue(proposal_id))
