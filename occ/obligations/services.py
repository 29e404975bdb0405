"""Opening, moving, fulfilling and cancelling obligations. Every function runs in its caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from occ.ledger.services import record, record_many
from occ.obligations.climbing import climb
from occ.obligations.models import EventKind, Obligation, ObligationEvent, State
from occ.obligations.rules import RULES, ladder, pending
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.models import Site, Team, User
from occ.policies.services import policy_value

ONE_DAY = timedelta(days=1)


def of(subject: models.Model, *, rule: str, owner: User | None = None) -> Obligation | None:
    """The subject's open obligation under the rule, of `owner` where each has one, locked; None when there is none."""
    kind = ContentType.objects.get_for_model(subject)
    found = Obligation.objects.select_for_update(of=("self",), no_key=True).select_related("site", "team")
    return found.filter(rule=rule, content_type=kind, object_id=subject.pk, owner=owner, state=State.OPEN).first()


def is_breached(subject: models.Model, *, rule: str) -> bool:
    """Whether the open obligation under the rule has been breached, by this deadline or an earlier one."""
    found = of(subject, rule=rule)
    return found is not None and found.breached_at is not None


@transaction.atomic
def obligation_open(
    *, rule: str, subject: models.Model, label: str, site: Site, team: Team | None, starts_at: datetime,
    due_at: datetime, late_cause: str = "", owner_role: str = "", owner: User | None = None, clause: str = "",
    actor: Actor, now: datetime,
) -> Obligation:  # fmt: skip
    """Open an obligation. One that is opened after its own due time is breached at once, with `late_cause`.

    `owner_role`: who owes this one, if not who owes the rule's; its ladder then tells nobody below (`told_at`).
    `owner`: who alone can do it, of a rule that is personal. `clause`: where another one than the rule's asks for it.
    """
    definition = RULES[rule]
    obligation = Obligation.objects.create(
        rule=rule, clause=clause or definition.clause, owner=owner, subject=subject, subject_label=label[:200],
        site=site, team=team, url=subject.get_absolute_url(),  # type: ignore[attr-defined]
        owner_role=owner_role or definition.owner_role, opened_at=now, starts_at=starts_at, due_at=due_at, next_at=now,
        cause=late_cause if due_at <= now else "",
    )  # fmt: skip
    _event(obligation, EventKind.OPENED, actor=actor, now=now, starts_at=starts_at)
    climb(obligation, now=now)
    return obligation


@dataclass(frozen=True)
class Owed:
    """One of many obligations to be opened together; as the arguments of `obligation_open`."""

    subject: models.Model
    label: str
    site: Site
    team: Team | None
    starts_at: datetime
    due_at: datetime


@transaction.atomic
def obligations_open(*, rule: str, owed: Sequence[Owed], actor: Actor, now: datetime) -> None:
    """Open many of one rule at once. Steps of the ladder that have come already are taken by the next sweep."""
    definition, ladders = RULES[rule], {}
    rows = []
    for one in owed:
        if one.site.pk not in ladders:
            ladders[one.site.pk] = ladder(policy_value(definition.ladder_policy, at=now, site=one.site))
        times = {"starts_at": one.starts_at, "due_at": one.due_at}
        come, later = pending(ladders[one.site.pk], **times, opened_at=now, done=(), now=now)
        rows.append(
            Obligation(
                rule=rule, clause=definition.clause, subject=one.subject, subject_label=one.label[:200], site=one.site,
                team=one.team, url=one.subject.get_absolute_url(), owner_role=definition.owner_role,  # type: ignore[attr-defined]
                opened_at=now, next_at=now if come else later, **times,
            )
        )  # fmt: skip
    Obligation.objects.bulk_create(rows, batch_size=2_000)
    events = [
        _event_row(row, EventKind.OPENED, actor=actor, now=now, starts_at=one.starts_at)
        for row, one in zip(rows, owed, strict=True)
    ]
    ObligationEvent.objects.bulk_create(events, batch_size=2_000)


@transaction.atomic
def obligations_fulfil(
    *, subjects: Sequence[models.Model], rules: Sequence[str], at: datetime, evidence: dict[str, Any], actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """End the clocks of many subjects of one model at `at`; those too late go through their breach one by one."""
    if not subjects:
        return
    kind = ContentType.objects.get_for_model(subjects[0])
    found = Obligation.objects.select_for_update(of=("self",), no_key=True).select_related("site").order_by("pk")
    wanted = {"content_type": kind, "object_id__in": [one.pk for one in subjects], "rule__in": rules}
    rows = list(found.filter(state=State.OPEN, **wanted))
    by_pk = {one.pk: one for one in subjects}
    for row in rows:
        if at > row.due_at:
            obligation_fulfil(
                subject=by_pk[row.object_id], rule=row.rule, at=at, evidence=evidence, actor=actor, now=now
            )
    timely = [row for row in rows if at <= row.due_at]
    Obligation.objects.filter(pk__in=[row.pk for row in timely]).update(
        state=State.FULFILLED, fulfilled_at=at, closed_at=now, evidence=evidence, next_at=None
    )
    events = [_event_row(row, EventKind.FULFILLED, actor=actor, now=now, fulfilled_at=at) for row in timely]
    ObligationEvent.objects.bulk_create(events, batch_size=2_000)
    facts = [(row, {"fulfilled_at": at, "due_at": row.due_at, "on_time": True}, row.site) for row in timely]
    record_many(actor=actor, action="obligation.fulfilled", facts=facts, now=now)


@transaction.atomic
def obligation_move(
    *, subject: models.Model, rule: str, starts_at: datetime, due_at: datetime, reason: str, late_cause: str = "",
    breach_stays: bool = False, actor: Actor, now: datetime,
) -> Obligation | None:  # fmt: skip
    """Move the open obligation's deadline, keeping the old one in its events. The ladder is climbed anew.

    `breach_stays`: one that was breached by the old deadline stays so; the new one counts from now on.
    """
    obligation = of(subject, rule=rule)
    if obligation is None or (obligation.starts_at, obligation.due_at) == (starts_at, due_at):
        return obligation
    was = obligation.due_at
    obligation.starts_at, obligation.due_at = starts_at, due_at
    if not breach_stays or obligation.breached_at is None:
        obligation.breached_at = None
        obligation.cause = late_cause if due_at <= now else ""
    obligation.save(update_fields=["starts_at", "due_at", "breached_at", "cause"])
    _event(obligation, EventKind.MOVED, actor=actor, now=now, was=was, reason=reason)
    data = {"was": was, "due_at": due_at, "reason": reason}
    record(actor=actor, action="obligation.moved", subject=obligation, data=data, now=now, site=obligation.site)
    climb(obligation, now=now)
    return obligation


@transaction.atomic
def obligation_team(
    *, subject: models.Model, rule: str, team: Team | None, actor: Actor, now: datetime
) -> Obligation | None:
    """Another team owes it from now on: reminders to come go there. What was sent stays sent."""
    obligation = of(subject, rule=rule)
    if obligation is None or obligation.team == team:
        return obligation
    was, obligation.team = obligation.team, team
    obligation.save(update_fields=["team"])
    data = {"was": was.code if was else None, "team": team.code if team else None}
    record(actor=actor, action="obligation.team", subject=obligation, data=data, now=now, site=obligation.site)
    return obligation


@transaction.atomic
def obligations_take_along(
    *, subject: models.Model, rules: Iterable[str], site: Site, team: Team | None, actor: Actor, now: datetime,
    due: Mapping[str, datetime] | None = None, left_url: str = "",
) -> None:  # fmt: skip
    """The subject belongs to another site or team: who is there owes what is not late, by the same time, and is told.

    What is late stays with the place whose breach it is, until it is done; the other place owes it too, by a time of
    its own (`due` by rule; else as long as it had, a day at least), under the rule that stands for it after a move.
    A team is a place of its own for what its leader owes; of all else only the reminders go there. `left_url`: where
    those left behind read of it, if not where it leads to now.
    """
    where: dict[str, Any] = {"subject": subject, "site": site, "team": team, "actor": actor, "now": now}
    for rule in rules:
        duty, again = of(subject, rule=rule), RULES[rule].after_move
        if duty is None:
            continue
        if _owed_at(duty, site, team):
            if again:
                obligation_cancel(subject=subject, rule=again, reason="moved", actor=actor, now=now)
            obligation_team(subject=subject, rule=rule, team=team, actor=actor, now=now)
            _leads_to(duty, subject.get_absolute_url())  # type: ignore[attr-defined]
        elif duty.due_at > now:
            _along(duty, **where)
        elif again and (second := of(subject, rule=again)) is not None:
            if _owed_at(second, site, team):
                obligation_team(subject=subject, rule=again, team=team, actor=actor, now=now)
            elif second.due_at > now:
                _along(second, **where)
        elif again:
            due_at = (due or {}).get(rule) or now + max(duty.due_at - duty.starts_at, ONE_DAY)
            obligation_open(
                rule=again, label=duty.subject_label, starts_at=now, due_at=due_at, owner_role=duty.owner_role, **where
            )
            _leads_to(duty, left_url or duty.url)


def _owed_at(duty: Obligation, site: Site, team: Team | None) -> bool:
    return duty.site == site and (duty.owner_role != Role.TEAM_LEADER or duty.team == team)


def _leads_to(duty: Obligation, url: str) -> None:
    if duty.url != url:
        duty.url = url
        duty.save(update_fields=["url"])


def _along(duty: Obligation, *, actor: Actor, now: datetime, **where: Any) -> None:
    """From one place to the next, by the same time."""
    obligation_cancel(subject=where["subject"], rule=duty.rule, reason="moved", actor=actor, now=now)
    obligation_open(
        rule=duty.rule, label=duty.subject_label, starts_at=duty.starts_at, due_at=duty.due_at,
        owner_role=duty.owner_role, actor=actor, now=now, **where,
    )  # fmt: skip


@transaction.atomic
def obligation_judge(
    *, subject: models.Model, rule: str, starts_at: datetime, due_at: datetime, reason: str, actor: Actor, now: datetime
) -> Obligation | None:
    """Give a fulfilled obligation another deadline. Late by that one it is breached, which is told, as ever, once.

    A breach that there was stays: who may judge it takes it back by `obligation_acquit`.
    """
    kind = ContentType.objects.get_for_model(subject)
    found = Obligation.objects.select_for_update(of=("self",), no_key=True).select_related("site", "team")
    rows = found.filter(rule=rule, content_type=kind, object_id=subject.pk, state=State.FULFILLED)
    obligation = rows.order_by("-pk").first()
    if obligation is None or obligation.due_at == due_at:
        return obligation
    was = obligation.due_at
    obligation.starts_at, obligation.due_at = starts_at, due_at
    late = obligation.fulfilled_at is not None and obligation.fulfilled_at > due_at
    obligation.breached_at = due_at if late else obligation.breached_at
    obligation.save(update_fields=["starts_at", "due_at", "breached_at"])
    _event(obligation, EventKind.MOVED, actor=actor, now=now, was=was, reason=reason)
    data = {"was": was, "due_at": due_at, "reason": reason}
    record(actor=actor, action="obligation.moved", subject=obligation, data=data, now=now, site=obligation.site)
    if late:
        climb(obligation, now=now)
        obligation.next_at = None
        obligation.save(update_fields=["next_at"])
    return obligation


@transaction.atomic
def obligation_fulfil(
    *, subject: models.Model, rule: str, at: datetime, evidence: dict[str, Any], breached: bool = False,
    owner: User | None = None, actor: Actor, now: datetime,
) -> Obligation | None:  # fmt: skip
    """End the clock at `at`: the instant that the evidence shows, which may be before the click at `now`.

    Too late, and the breach step not taken yet, it is taken now: a breach that ended before a sweep is one too.
    `breached`: nothing was shown by the due time, so that it is one although `at` lies before.
    """
    if again := RULES[rule].after_move:
        obligation_fulfil(subject=subject, rule=again, at=at, evidence=evidence, actor=actor, now=now)
    obligation = of(subject, rule=rule, owner=owner)
    if obligation is None:
        return None
    late = at > obligation.due_at or breached
    if late:
        climb(obligation, now=now)
    obligation.state, obligation.fulfilled_at, obligation.closed_at = State.FULFILLED, at, now
    obligation.evidence, obligation.next_at = evidence, None
    if late:
        obligation.breached_at = obligation.breached_at or obligation.due_at
    elif obligation.breached_at == obligation.due_at:
        obligation.breached_at = None  # shown in time after all; the breach of an earlier deadline stays
    obligation.save(update_fields=["state", "fulfilled_at", "closed_at", "evidence", "next_at", "breached_at"])
    _event(obligation, EventKind.FULFILLED, actor=actor, now=now, fulfilled_at=at)
    data = {"fulfilled_at": at, "due_at": obligation.due_at, "on_time": obligation.on_time}
    record(actor=actor, action="obligation.fulfilled", subject=obligation, data=data, now=now, site=obligation.site)
    return obligation


@transaction.atomic
def obligation_acquit(
    *, subject: models.Model, rule: str, reason: str, actor: Actor, now: datetime
) -> Obligation | None:
    """Its breach was none, as who may judge it says. What was, or is, too late by its own due time stays so."""
    kind = ContentType.objects.get_for_model(subject)
    found = Obligation.objects.select_for_update(of=("self",), no_key=True).select_related("site")
    rows = found.filter(rule=rule, content_type=kind, object_id=subject.pk).exclude(state=State.CANCELLED)
    obligation = rows.order_by("-pk").first()
    if obligation is None or obligation.breached_at is None:
        return obligation
    if (obligation.fulfilled_at or now) > obligation.due_at:
        return obligation
    was, obligation.breached_at = obligation.breached_at, None
    obligation.save(update_fields=["breached_at"])
    data = {"breached_at": was, "reason": reason}
    record(actor=actor, action="obligation.acquitted", subject=obligation, data=data, now=now, site=obligation.site)
    return obligation


@transaction.atomic
def obligation_cancel(
    *, subject: models.Model, rule: str, reason: str, owner: User | None = None, actor: Actor, now: datetime
) -> Obligation | None:
    """End the obligation without counting it, late or not; also what another site owes of it after a move."""
    if again := RULES[rule].after_move:
        obligation_cancel(subject=subject, rule=again, reason=reason, actor=actor, now=now)
    obligation = of(subject, rule=rule, owner=owner)
    if obligation is None:
        return None
    obligation.state, obligation.closed_at, obligation.next_at = State.CANCELLED, now, None
    obligation.save(update_fields=["state", "closed_at", "next_at"])
    _event(obligation, EventKind.CANCELLED, actor=actor, now=now, reason=reason)
    data = {"reason": reason}
    record(actor=actor, action="obligation.cancelled", subject=obligation, data=data, now=now, site=obligation.site)
    return obligation


def _event(obligation: Obligation, kind: EventKind, *, actor: Actor, now: datetime, **data: Any) -> None:
    _event_row(obligation, kind, actor=actor, now=now, **data).save(force_insert=True)


def _event_row(obligation: Obligation, kind: EventKind, *, actor: Actor, now: datetime, **data: Any) -> ObligationEvent:
    said = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in data.items()}
    return ObligationEvent(
        obligation=obligation, kind=kind, at=now, due_at=obligation.due_at, actor_label=str(actor)[:150], data=said
    )
