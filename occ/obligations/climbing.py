"""The ladder of an obligation: reminders, the breach and what comes after it, each step once."""

from datetime import datetime

from django.dispatch import Signal

from occ.notifications.addressees import above, audience, gone
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.obligations.models import EventKind, Obligation, ObligationEvent
from occ.obligations.rules import OWNER, RULES, Come, LadderStep, StepKind, ladder, pending
from occ.people.models import User
from occ.policies.services import policy_value
from occ.times import local_day

# Sent inside the transaction that takes the breach step, once for each due time: obligation, now.
breached = Signal()


def _(message: str) -> str:
    """Mark a message id; it is said in the reader's language."""
    return message


register(
    Kind(
        "obligation.remind",
        _("Due %(due_at)s: %(title)s"),
        _("%(title)s (%(clause)s) is due on %(due_at)s."),
        "info",
    )
)
register(
    Kind(
        "obligation.breach",
        _("Breached: %(title)s"),
        _("%(title)s (%(clause)s) was due on %(due_at)s and has not been done in time."),
        "danger",
    )
)
register(
    Kind(
        "obligation.escalate",
        _("Still open after a breach: %(title)s"),
        _("%(title)s (%(clause)s) was due on %(due_at)s, was reported as breached and is still open."),
        "danger",
    )
)


def climb(obligation: Obligation, *, now: datetime) -> list[Come]:
    """Take every step of the ladder that has come. The caller holds the row's lock (or has just made it)."""
    steps = ladder(policy_value(RULES[obligation.rule].ladder_policy, at=obligation.opened_at, site=obligation.site))
    taken = ObligationEvent.objects.filter(obligation=obligation, kind=EventKind.STEP).values_list("step", "due_at")
    # A step at the start belongs to the obligation, the others to its due time: moving the deadline renews those.
    at_start = {step.key for step in steps if step.anchor == "start"}
    done = {key for key, due_at in taken if due_at == obligation.due_at or key in at_start}
    come, obligation.next_at = pending(
        steps,
        starts_at=obligation.starts_at,
        due_at=obligation.due_at,
        opened_at=obligation.opened_at,
        done=done,
        now=now,
    )
    for one in come:
        _take(obligation, one, now=now)
    obligation.save(update_fields=["next_at", "breached_at"])
    return come


def _take(obligation: Obligation, come: Come, *, now: datetime) -> None:
    event = ObligationEvent.objects.create(
        obligation=obligation, kind=EventKind.STEP, step=come.step.key, at=now, due_at=obligation.due_at,
        superseded=come.superseded, actor_label="system:beat",
    )  # fmt: skip
    if come.step.kind is StepKind.BREACH:
        obligation.breached_at = obligation.due_at
        breached.send(Obligation, obligation=obligation, now=now)
    if not come.superseded:
        _tell(obligation, come.step, event, now=now)


def told_at(step: LadderStep, obligation: Obligation) -> str:
    """The role that a step tells: where others owe it than the rule says, those, and whom it names above them."""
    owner = obligation.owner_role
    if owner == RULES[obligation.rule].owner_role or step.role in above(owner):
        return step.role
    return owner


def _tell(obligation: Obligation, step: LadderStep, event: ObligationEvent, *, now: datetime) -> None:
    notify(
        to=_told(obligation, step, now),
        kind=f"obligation.{step.kind}",
        params={
            "msg_title": RULES[obligation.rule].title,
            "subject": obligation.subject_label,
            "clause": obligation.clause,
            "due_at": obligation.due_at.isoformat(),
            "site_zone": obligation.site.timezone,
        },
        key=f"obligation:{obligation.pk}:{step.key}:{obligation.due_at.timestamp():.0f}",
        url=obligation.url,
        now=now,
    )


def _told(obligation: Obligation, step: LadderStep, now: datetime) -> list[User]:
    """Who owes it by name has no deputy: nobody else can do it."""
    if step.role == OWNER:
        owner, day = obligation.owner, local_day(now, obligation.site.zone)
        return [owner] if owner is not None and not gone(owner, day) else []
    return audience(
        told_at(step, obligation),
        site=obligation.site,
        team=obligation.team if step.kind is StepKind.REMIND else None,
        now=now,
    )
