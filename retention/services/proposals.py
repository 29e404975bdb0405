"""Disposal proposals (RET-7, RET-8): gathering the list, the five conditions, freezing, the client's decision.

What is approved is the frozen list by its hash. Silence never approves: the answer is owed, and its ladder climbs.
What a hold does to a list: docs/decisions/2026-11-21-disposal.md.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, Max, Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.approvals.choices import Decision
from occ.approvals.proving import Proof
from occ.approvals.services import approval_give, approval_recall
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations.services import obligation_cancel, obligation_fulfil, obligation_open
from occ.people.actors import BEAT, Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role, site_ids
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import end_of_day, local_day
from occ.workflow.services import begin, step
from retention.choices import DOCUMENTS, ConditionKey, ItemDecision, ItemState, ProposalStatus, RecordKind
from retention.models import Condition, DocumentTombstone, Hold, Item, Proposal, Record, Tombstone, Unsaid
from retention.personal import APPROVERS, PROPOSERS, SAYERS
from retention.policies import ANSWER, ANSWER_DAYS, COOLING_DAYS, PAPERS
from retention.services import paper_lists, record_lists
from retention.services.lines import list_sha256
from retention.services.record_lists import BEHIND, SOME
from retention.workflow import DISPOSER, PROPOSAL

# What a hold contradicts: that nothing is pending, and that no law or contract asks for it to be kept.
ASKED_AGAIN = (ConditionKey.CASE, ConditionKey.LAW)


@transaction.atomic
def proposal_new(*, site: Site, kind: str, reason: str, actor: Actor, now: datetime) -> Proposal:
    """Gather what may go of that kind at that site into a draft, the oldest first.

    Raises NotAllowed, Invalid (no reason, nothing to propose), WrongState (there is a draft).
    """
    if kind not in RecordKind.values:
        raise Invalid(_("Choose a kind."), field="kind")
    return _new(site=site, kind=kind, reason=reason, actor=actor, now=now)


@transaction.atomic
def document_proposal_new(*, site: Site, reason: str, actor: Actor, now: datetime) -> Proposal:
    """The same of the register (RET-11): issued documents and entries of the site whose last day is over."""
    return _new(site=site, kind=DOCUMENTS, reason=reason, actor=actor, now=now)


def _new(*, site: Site, kind: str, reason: str, actor: Actor, now: datetime) -> Proposal:
    if actor != BEAT and not (isinstance(actor, User) and has_role(actor, PROPOSERS, site=site)):
        raise NotAllowed
    if not reason.strip():
        raise Invalid(_("Say why it is proposed."), field="reason")
    # One gathers at a time: numbers, and nothing twice.
    site = Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    if Proposal.objects.filter(site=site, kind=kind, status=ProposalStatus.DRAFT).exists():
        raise WrongState(_("There is a draft of that kind already: work on that one."))
    today = local_day(now, site.zone)
    proposal = Proposal(
        number=_number(site, today), site=site, kind=kind, reason=reason.strip()[:300], proposed_at=now,
        proposed_by=actor if isinstance(actor, User) else None,
    )  # fmt: skip
    sign(proposal, actor, reason, now=now)
    proposal.save()
    begin(PROPOSAL, proposal, actor=actor, now=now, note=reason)
    lists = _lists(proposal)
    if not lists.gather(proposal, today):
        raise Invalid(_("Nothing of that kind may be destroyed now."), field="kind")
    lists.count(proposal)
    sign(proposal, actor, kept(gettext_noop("Gathered")), now=now)
    proposal.save(update_fields=["items_count", "bytes_count", "first_day", "last_day"])
    return proposal


def _lists(proposal: Proposal) -> Any:
    """What knows the lines of its kind: record_lists or paper_lists."""
    return paper_lists if proposal.of_documents else record_lists


def _number(site: Site, today: date) -> str:
    """The next of the site and year; not one that a store's journal has from before a restore."""
    prefix = f"MUS-{site.code}-{today.year}-"
    used = [
        rows.filter(number__startswith=prefix).aggregate(last=Max("number"))["last"]
        for rows in (Proposal.objects.all(), Tombstone.objects.all(), DocumentTombstone.objects.all())
    ]
    return f"{prefix}{max((int(one.removeprefix(prefix)) for one in used if one), default=0) + 1:04}"


def drafts_open(*, now: datetime) -> int:
    """Beat: the month's draft of each site and kind where something may go, and one anew for each that became void."""
    opened = 0
    for site in Site.objects.all():
        month = end_of_day(local_day(now, site.zone).replace(day=1) - timedelta(days=1), site.zone)
        for kind in (*RecordKind.values, DOCUMENTS):
            there = Proposal.objects.filter(site=site, kind=kind)
            if there.open().exists() or there.filter(proposed_at__gte=month).exclude(status="void").exists():
                continue
            try:
                with transaction.atomic():
                    _new(site=site, kind=kind, reason=kept(gettext_noop("Gathered by itself")), actor=BEAT, now=now)
            except (Invalid, WrongState):  # nothing may go, or somebody was quicker
                continue
            opened += 1
    return opened


@transaction.atomic
def condition_say(
    *, proposal_id: int, key: str, note: str, seen: int | None = None, actor: User, now: datetime
) -> Condition:
    """Say that a condition is met, and by what one knows it: a destruction rests on it that nobody takes back.

    `seen`: how many lines the list had for who says so; a hold may have taken some since. Raises NotAllowed, Invalid
    (also: no note), WrongState (said already, not a draft, another list).
    """
    proposal = _locked(proposal_id)
    if key not in ConditionKey.values:
        raise Invalid(_("There is no such condition."), field="key")
    if not has_role(actor, SAYERS[key], site=proposal.site):
        raise NotAllowed
    if proposal.status != ProposalStatus.DRAFT:
        raise WrongState(_("The conditions were settled before the list went to the client."))
    if Condition.objects.standing().filter(proposal=proposal, key=key).exists():
        raise WrongState(_("Somebody has said so already."))
    if seen is not None and seen != proposal.items_count:
        raise WrongState(_("The list has changed since you looked at it. Look at it again."))
    if not note.strip():
        raise Invalid(_("Say by what you know that it is met."), field="note")
    before = list(Unsaid.objects.filter(condition__proposal=proposal, condition__key=key).order_by("pk"))
    said = Condition.objects.create(
        proposal=proposal, key=key, said_by=actor, said_at=now, note=note.strip()[:300],
        after_id=before[-1].hold_id if before else None, again=len(before),
    )  # fmt: skip
    data = {"condition": key, "note": said.note}
    record(actor=actor, action="retention.condition_said", subject=proposal, data=data, now=now, site=proposal.site)
    return said


@transaction.atomic
def proposal_submit(*, proposal_id: int, actor: Actor, now: datetime) -> Proposal:
    """Freeze the list and put it before the client; who has to answer, owes it from now on.

    What may not go any more falls out of the list first. Raises NotAllowed, WrongState (conditions, nothing left).
    """
    proposal = _locked(proposal_id)
    if not PROPOSAL.find("submit").open_to(actor, proposal.site):
        raise NotAllowed
    if proposal.status == ProposalStatus.DRAFT:  # else `step` says how it stands
        if why := hinders(proposal, "submit"):
            raise WrongState(why)
        today = local_day(now, proposal.site.zone)
        lists = _lists(proposal)
        lists.drop(proposal, today)
        proposal.list_sha256 = _freeze(proposal)
        lists.count(proposal)
        if not proposal.items_count:
            raise WrongState(_("Nothing on the list may go any more: withdraw it."))
    also = {
        "frozen_at": now, "list_sha256": proposal.list_sha256, "items_count": proposal.items_count,
        "bytes_count": proposal.bytes_count, "first_day": proposal.first_day, "last_day": proposal.last_day,
        "answer_due_at": end_of_day(
            local_day(now, proposal.site.zone) + timedelta(days=policy_value(ANSWER_DAYS, at=now)), proposal.site.zone
        ),
    }  # fmt: skip
    with step(PROPOSAL, Proposal, proposal_id, "submit", actor=actor, now=now, also=also) as found:
        assert found.answer_due_at is not None
        obligation_open(
            rule=ANSWER, subject=found, label=found.number, site=found.site, team=None, starts_at=now,
            due_at=found.answer_due_at, actor=actor, now=now,
        )  # fmt: skip
    return found


# Of many proposals: what `standing` says of each.
STANDING = Prefetch("conditions", Condition.objects.standing(), to_attr="standing_conditions")


def standing(proposal: Proposal) -> list[Condition]:
    """What was said of its conditions and counts; of proposals read with STANDING without another question."""
    fetched: list[Condition] | None = getattr(proposal, "standing_conditions", None)
    return list(Condition.objects.standing().filter(proposal=proposal)) if fetched is None else fetched


def unsaid(proposal: Proposal) -> list[ConditionKey]:
    """The conditions of which nobody has said yet that they are met."""
    said = {one.key for one in standing(proposal)}
    return [key for key in ConditionKey if key not in said]


def hinders(proposal: Proposal, name: str) -> str:
    """Why it cannot be put before the client yet, and whose turn it is; "" where nothing is missing."""
    if name != "submit":
        return ""
    if missing := unsaid(proposal):
        return _("Nobody has said yet: %(what)s.") % {
            "what": "; ".join(f"{key.label} ({_whose(key)})" for key in missing)
        }
    if len({one.said_by_id for one in standing(proposal)}) < 2:
        return _("One person alone cannot vouch for all conditions: somebody else has to say one of them.")
    return ""


def _whose(key: ConditionKey) -> str:
    return ", ".join(str(role.label) for role in Role if role in SAYERS[key])


def _freeze(proposal: Proposal) -> str:
    """Number the lines from 1, those that fell out behind all others, and write what each stands for; the hash over
    them."""
    proposal.items.filter(live=False, position__lt=BEHIND).update(position=F("position") + BEHIND)
    rows = proposal.items.filter(live=True).order_by("position")
    rows.update(position=F("position") + BEHIND * 2)  # no number is taken twice while they are given anew
    lines, some = [], []
    for at, (pk, line) in enumerate(_lists(proposal).lines(proposal), 1):
        lines.append(line)
        some.append((pk, at, line))
        if len(some) == SOME:
            _write_lines(some)
            some = []
    _write_lines(some)
    return list_sha256(lines)


def _write_lines(some: Iterable[tuple[int, int, str]]) -> None:
    pks, positions, lines = zip(*some, strict=True) if some else ((), (), ())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE retention_item i SET position = n.position, line = n.line"
            " FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS n(id, position, line) WHERE i.id = n.id",
            [list(pks), list(positions), list(lines)],
        )


@transaction.atomic
def proposal_withdraw(*, proposal_id: int, note: str, actor: Actor, now: datetime) -> Proposal:
    """Raises NotAllowed, WrongState, Invalid (no note)."""
    with step(PROPOSAL, Proposal, proposal_id, "withdraw", actor=actor, now=now, note=note) as proposal:
        _let_go(proposal, reason=note, actor=actor, now=now)
    return proposal


def _let_go(proposal: Proposal, *, reason: str, actor: Actor, now: datetime) -> None:
    """Nothing on the list is proposed any more; nobody owes an answer."""
    proposal.items.filter(live=True).update(live=False)
    for rule in (ANSWER, PAPERS):
        obligation_cancel(subject=proposal, rule=rule, reason=reason, actor=actor, now=now)


@transaction.atomic
def proposal_decide(
    *, proposal_id: int, list_sha256: str, refused: Collection[int], refuse_all: bool = False, reason: str = "",
    again_on: date | None = None, proof: Proof, actor: User, now: datetime,
) -> Proposal:  # fmt: skip
    """The client's decision on the list of that hash: all approved, the lines `refused` (ids) excepted, or none.

    Refused lines are proposed again on `again_on`. Raises NotAllowed, WrongState (another list, decided already),
    Invalid (no reason or day for what is refused).
    """
    proposal = _locked(proposal_id)
    if not PROPOSAL.find("approve").open_to(actor, proposal.site):
        raise NotAllowed
    if proposal.status != ProposalStatus.WITH_CLIENT:
        raise WrongState(_("This list is not before you for a decision any more."))
    if list_sha256 != proposal.list_sha256:
        raise WrongState(_("The list has changed since you looked at it. Look at it again."))
    lines = proposal.items.filter(live=True)
    some = lines.filter(pk__in=set(refused))
    if not refuse_all and some.count() != len(set(refused)):
        raise Invalid(_("A line that you refuse is not on this list."), field="numbers")
    whole = refuse_all or some.count() == lines.count()
    if not whole:
        _must_speak_for_all(actor, lines.exclude(pk__in=some.values("pk")))
    if whole or refused:
        _say_why(reason, again_on, local_day(now, proposal.site.zone))
    decision = Decision.REFUSED if whole else Decision.IN_PART if refused else Decision.APPROVED
    approval = approval_give(
        subject=proposal, list_sha256=list_sha256, decision=decision, reason=reason, proof=proof, site=proposal.site,
        actor=actor, now=now,
    )  # fmt: skip
    no = {"decision": ItemDecision.REFUSED, "decision_reason": reason.strip()[:300], "again_on": again_on}
    also: dict[str, Any] = {"approval": approval}
    (lines if whole else some).update(**no, live=False)
    if not whole:
        lines.update(decision=ItemDecision.APPROVED)  # those that are still live
        cooling = timedelta(days=policy_value(COOLING_DAYS, at=now))
        also |= {"approved_count": lines.count(), "cooling_until": now + cooling}
    name = "refuse" if whole else "approve"
    with step(PROPOSAL, Proposal, proposal_id, name, actor=actor, now=now, note=reason, also=also) as found:
        evidence = {"decision": str(decision), "approval": approval.pk}
        obligation_fulfil(subject=found, rule=ANSWER, at=now, evidence=evidence, actor=actor, now=now)
    return found


def _must_speak_for_all(actor: User, approved: Any) -> None:
    """Documents for all sites are on the list of one; its approver alone does not speak for the others."""
    if site_ids(actor, APPROVERS) is not None and (numbers := paper_lists.for_all_sites(approved)):
        words = _("Only an approver for all sites approves documents for all sites. Refuse these lines: %(n)s.")
        raise Invalid(words % {"n": ", ".join(map(str, numbers))}, field="numbers", code="all_sites")


def _say_why(reason: str, again_on: date | None, today: date) -> None:
    if not reason.strip():
        raise Invalid(_("Say why it is refused."), field="reason")
    if again_on is None or again_on <= today:
        raise Invalid(_("Say when it may be proposed again: a day to come."), field="again_on")


@transaction.atomic
def proposal_recall(*, proposal_id: int, note: str, actor: User, now: datetime) -> Proposal:
    """Call the approval back before the deletion is begun. Raises NotAllowed, WrongState, Invalid (no note)."""
    with step(PROPOSAL, Proposal, proposal_id, "recall", actor=actor, now=now, note=note) as proposal:
        assert proposal.approval_id is not None
        approval_recall(approval_id=proposal.approval_id, reason=note, site=proposal.site, actor=actor, now=now)
        _let_go(proposal, reason=note, actor=actor, now=now)
    return proposal


@transaction.atomic
def proposal_void(*, proposal_id: int, note: str, now: datetime) -> Proposal:
    """The list is not what it was: nothing of it goes. Beat proposes anew what may."""
    with step(PROPOSAL, Proposal, proposal_id, "void", actor=DISPOSER, now=now, note=note) as proposal:
        _let_go(proposal, reason=note, actor=DISPOSER, now=now)
    return proposal


@transaction.atomic
def held_pull(*, hold: Hold, actor: Actor, now: datetime) -> int:
    """A hold was set: take what it covers out of every list; how many lines.

    A list that lies before the client becomes void; of an approved one the rest may still go, for less than what was
    approved is approved. What is being deleted is saved as far as it is there. Of a draft, what was said of pending
    cases has to be said again.
    """
    covered = Q(record__in=Record.objects.filter(Exists(Hold.objects.filter(pk=hold.pk).covering())))
    if wide := paper_lists.wide(Hold.objects.filter(pk=hold.pk)):
        covered |= paper_lists.held_lines_q(wide)
    lines = Item.objects.filter(
        covered, live=True, proposal__in=Proposal.objects.open(),
        state__in=[ItemState.LISTED, ItemState.STARTED, ItemState.FAILED],
    )  # fmt: skip
    count = 0
    for pk in sorted(set(lines.values_list("proposal_id", flat=True))):
        proposal = _locked(pk)
        pulled = lines.filter(proposal=proposal).update(state=ItemState.PULLED, live=False)
        if not pulled:
            continue
        if proposal.status == ProposalStatus.DRAFT:
            _lists(proposal).count(proposal)
            proposal.save(update_fields=["items_count", "bytes_count", "first_day", "last_day"])
            _unsay(proposal, hold, actor=actor, now=now)
        count += pulled
        data = {"hold": hold.number, "lines": pulled}
        record(actor=actor, action="retention.lines_pulled", subject=proposal, data=data, now=now, site=proposal.site)
        if proposal.status == ProposalStatus.WITH_CLIENT:
            note = kept(gettext_noop("%(hold)s covers %(count)s of its lines."), hold=hold.number, count=pulled)
            proposal_void(proposal_id=pk, note=note, now=now)
    return count


def _unsay(proposal: Proposal, hold: Hold, *, actor: Actor, now: datetime) -> None:
    """What was said before the hold and speaks of such cases counts no more; the proposal is locked."""
    touched = Condition.objects.standing().filter(proposal=proposal, key__in=ASKED_AGAIN)
    made = Unsaid.objects.bulk_create(Unsaid(condition=one, hold=hold, at=now) for one in touched)
    if not made:
        return
    keys = sorted(one.condition.key for one in made)
    data = {"hold": hold.number, "conditions": keys}
    record(actor=actor, action="retention.conditions_unsaid", subject=proposal, data=data, now=now, site=proposal.site)


def _locked(proposal_id: int) -> Proposal:
    return (
        Proposal.objects.select_for_update(of=("self",), no_key=True)
        .select_related("site", "approval")
        .get(pk=proposal_id)
    )
