"""What repeated violations propose: opened when one is upheld, accepted or dismissed by the team leader (RTM-9)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from occ.errors import NotAllowed
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.obligations.services import obligation_fulfil, obligation_open
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import local_day
from occ.workflow.services import begin, step
from realtime.choices import FollowUp
from realtime.models import RotgProposal, Violation
from realtime.rotg import notices, taking
from realtime.rotg.counting import Repeated, Upheld, repeated
from realtime.rotg.deadlines import due_in_days
from realtime.rotg.policies import PROPOSED, PROPOSED_DAYS, REPEATS
from realtime.rotg.workflow import DECIDERS, PROPOSAL
from sdm.ranks import decides_of


def proposals_open(violation: Violation, *, actor: User, now: datetime) -> list[RotgProposal]:
    """What the violation, just upheld, leads to. The caller holds the person's lock, so that two upheld at once are
    counted one after the other. An open proposal takes in what comes later."""
    steps = policy_value(REPEATS, at=now, site=violation.site)
    if not steps:
        return []
    reach = timedelta(days=max(one["days"] for one in steps))
    rows = Violation.objects.upheld().filter(
        person_id=violation.person_id, seen_at__gte=violation.seen_at - reach, seen_at__lte=violation.seen_at + reach
    )
    upheld = [Upheld(*row) for row in rows.values_list("pk", "version__rule_id", "version__severity", "seen_at")]
    last = next(one for one in upheld if one.pk == violation.pk)
    known = list(RotgProposal.objects.filter(person_id=violation.person_id).prefetch_related("violations"))
    counted: dict[tuple[str, str, int | None], set[int]] = defaultdict(set)
    for one in known:
        counted[one.kind, one.basis, one.rule_id] |= {each.pk for each in one.violations.all()}
    taken_in = [one for one in known if one.status == "open" and _same_basis(one, violation)]
    for one in taken_in:
        one.violations.add(violation)
    has_one = {(one.kind, one.basis) for one in taken_in}
    return [
        _open(violation, found, actor, now)
        for found in repeated(steps, upheld, last, counted)
        if (found.step["proposes"], found.step["basis"]) not in has_one
    ]


def _same_basis(proposal: RotgProposal, violation: Violation) -> bool:
    if proposal.severity != violation.version.severity:
        return False
    return proposal.rule_id is None or proposal.rule_id == violation.version.rule_id


def _open(violation: Violation, found: Repeated, actor: User, now: datetime) -> RotgProposal:
    site, person = violation.site, violation.person
    made = RotgProposal(
        site=site, person=person, kind=found.step["proposes"], basis=found.step["basis"], rule_id=found.rule,
        severity=violation.version.severity, count=found.step["count"], days=found.step["days"], opened_at=now,
        due_at=due_in_days(now, float(policy_value(PROPOSED_DAYS, at=now, site=site)), site.zone),
    )  # fmt: skip
    sign(made, actor, "repeated violations", now=now)
    made.save()
    made.violations.set(found.violations)
    begin(PROPOSAL, made, actor=actor, now=now)
    obligation_open(
        rule=PROPOSED, subject=made, label=person.name, site=site, team=person.team_on(local_day(now, site.zone)),
        starts_at=now, due_at=made.due_at, actor=actor, now=now,
    )  # fmt: skip
    taking.proposed.send(RotgProposal, proposal=made, actor=actor, now=now)
    return made


def leads(user: User, person_id: int, site: Site) -> bool:
    """Whether that user decides about that person: who leads the team or the site, and ranks above."""
    return has_role(user, DECIDERS, site=site) and decides_of(user, person_id, local_day(timezone.now(), site.zone))


def _may(actor: User, proposal_id: int) -> None:
    """Takes the person's lock: a violation upheld meanwhile is counted before or after, and is not swallowed."""
    proposal = RotgProposal.objects.select_related("site").get(pk=proposal_id)
    person_locked(proposal.person_id)
    if not leads(actor, proposal.person_id, proposal.site):
        raise NotAllowed


@transaction.atomic
def proposal_accept(*, proposal_id: int, note: str = "", actor: User, now: datetime) -> RotgProposal:
    """It is done: the module that takes up such proposals begins it; where none does, who leads it is told.

    Raises NotAllowed (another team's, one's own), WrongState.
    """
    _may(actor, proposal_id)
    also = {"decided_at": now, "decided_by": actor, "decision": note.strip()}
    with step(PROPOSAL, RotgProposal, proposal_id, "accept", actor=actor, now=now, note=note, also=also) as proposal:
        taker = taking.taker_of(proposal.kind)
        if taker is not None:
            taken = taker(proposal, actor, now)
            proposal.taken_up = {"label": taken.label, "url": taken.url}
            proposal.save(update_fields=["taken_up"])
        _fulfil(proposal, actor, now)
        taking.accepted.send(RotgProposal, proposal=proposal, actor=actor, now=now)
        _tell(proposal, actor, now)
        return proposal


@transaction.atomic
def proposal_dismiss(*, proposal_id: int, note: str, actor: User, now: datetime) -> RotgProposal:
    """It is not needed, and why. Its violations do not count again. Raises as `proposal_accept`, and Invalid."""
    _may(actor, proposal_id)
    also = {"decided_at": now, "decided_by": actor, "decision": note.strip()}
    with step(PROPOSAL, RotgProposal, proposal_id, "dismiss", actor=actor, now=now, note=note, also=also) as proposal:
        _fulfil(proposal, actor, now)
        taking.dismissed.send(RotgProposal, proposal=proposal, actor=actor, now=now)
        return proposal


def _fulfil(proposal: RotgProposal, actor: User, now: datetime) -> None:
    evidence = {"proposal": proposal.pk, "outcome": proposal.status}
    obligation_fulfil(subject=proposal, rule=PROPOSED, at=now, evidence=evidence, actor=actor, now=now)


TRANSITIONS: dict[str, Any] = {"accept": proposal_accept, "dismiss": proposal_dismiss}
LED_BY = {FollowUp.COACHING: Role.TEAM_LEADER, FollowUp.PEMBINAAN: Role.HR_RELATIONS}


@transaction.atomic
def _tell(proposal: RotgProposal, actor: User, now: datetime) -> None:
    """Who leads it, and the coordinator."""
    site = proposal.site
    team = proposal.person.team_on(local_day(now, site.zone))
    to = {one.pk: one for one in audience(Role.COORDINATOR, site=site, now=now)}
    to |= {one.pk: one for one in audience(LED_BY[FollowUp(proposal.kind)], site=site, team=team, now=now)}
    params = {
        "msg_kind": FollowUp(proposal.kind).name.capitalize(),
        "person": proposal.person.name, "who": str(actor), "count": proposal.violations.count(),
    }  # fmt: skip
    url = proposal.get_absolute_url()
    notify(
        to=to.values(), kind=notices.ACCEPTED.key, params=params, key=f"rotg:accepted:{proposal.pk}", url=url, now=now
    )
