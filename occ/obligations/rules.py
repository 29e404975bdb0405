"""Rules: what a procedure makes somebody do by a time, and the ladder that is climbed as the time runs.

A ladder's step is an offset from the start or from the due time. Ladders are pure data: `pending` says which
steps of an obligation have come, given what was done already and the time; it reads no clock and no database.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.people.choices import Role
from occ.policies.registry import Column, Definition
from occ.policies.registry import register as register_policy


class StepKind(StrEnum):
    REMIND = "remind"
    BREACH = "breach"
    ESCALATE = "escalate"


COLUMNS = (
    Column(
        "kind", gettext_lazy("Step"),
        choices=[
            (StepKind.REMIND, gettext_lazy("Reminder")), (StepKind.BREACH, gettext_lazy("Breach")),
            (StepKind.ESCALATE, gettext_lazy("Escalation")),
        ],
    ),
    Column("hours", gettext_lazy("How long after (before: negative)"), unit="hours"),
    Column("anchor", gettext_lazy("Counted from"),
           choices=[("due", gettext_lazy("the due time")), ("start", gettext_lazy("the beginning"))]),
    Column("role", gettext_lazy("Who is told"), choices=Role.choices),
)  # fmt: skip


@dataclass(frozen=True)
class LadderStep:
    """`offset` is counted from `anchor` ("start" or "due"); `role` is told."""

    key: str
    kind: StepKind
    anchor: str
    offset: timedelta
    role: str

    def at(self, starts_at: datetime, due_at: datetime, opened_at: datetime) -> datetime:
        """When the step comes. One counted from the start never waits for a clock that begins later."""
        return opened_at + self.offset if self.anchor == "start" else due_at + self.offset


@dataclass(frozen=True)
class Rule:
    """`title` is a message id with %(subject)s; `policy` names the policy that holds the ladder.

    `after_move`: the rule by which another site owes what was late when its subject moved there.
    """

    key: str
    clause: str
    title: str
    owner_role: str
    ladder_policy: str
    after_move: str = ""


RULES: dict[str, Rule] = {}
# Rules that only stand beside another one, for the site to which its subject moved.
AFTER_MOVE: set[str] = set()


def register(
    *, key: str, clause: str, title: str, label: Any, owner_role: str, ladder: Iterable[dict[str, Any]],
    moves: bool = False,
) -> Rule:  # fmt: skip
    """Register a rule together with the policy that holds its ladder (`<key>.ladder`, changeable by date).

    `moves`: its subjects may come to another site. What is late there stays the first site's breach, and the other one
    owes it by a time of its own, under a second rule with the same ladder (obligations_take_along).
    """
    if key in RULES:
        raise ValueError(f"rule {key} is registered twice")
    register_policy(
        Definition(
            key=f"{key}.ladder",
            label=label,
            unit="offsets",
            clause=clause,
            default=list(ladder),
            valid=valid_ladder,
            columns=COLUMNS,
        )
    )
    again = f"{key}_after_move" if moves else ""
    if again:
        RULES[again] = Rule(again, clause, title, owner_role, f"{key}.ladder")
        AFTER_MOVE.add(again)
    RULES[key] = Rule(key, clause, title, owner_role, f"{key}.ladder", again)
    return RULES[key]


def step(key: str, kind: StepKind, anchor: str, hours: float, role: str) -> dict[str, Any]:
    """A ladder's step as the policy keeps it (JSON): `hours` after the anchor, negative is before."""
    return {"key": key, "kind": str(kind), "anchor": anchor, "hours": hours, "role": role}


def ladder(value: list[dict[str, Any]]) -> list[LadderStep]:
    """The policy's JSON as steps. Raises ValueError or KeyError on nonsense."""
    return [
        LadderStep(s["key"], StepKind(s["kind"]), s["anchor"], timedelta(hours=s["hours"]), s["role"]) for s in value
    ]


def valid_ladder(value: Any) -> None:
    if not isinstance(value, list) or not value:
        raise ValueError(_("there is at least one step"))
    try:
        steps = ladder(value)
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"a step lacks {error}") from error
    if len({s.key for s in steps}) != len(steps):
        raise ValueError("two steps have the same key")
    if len({(s.kind, s.anchor, s.offset, s.role) for s in steps}) != len(steps):
        raise ValueError(_("the same step stands there twice"))
    if any(abs(s.offset) > timedelta(days=3_650) for s in steps):
        raise ValueError(_("a step lies more than ten years away"))
    if any(s.anchor not in {"start", "due"} or s.role not in Role.values for s in steps):
        raise ValueError("a step's anchor is start or due, and its role one of the roles")
    if any(s.anchor == "start" and s.offset < timedelta() for s in steps):
        raise ValueError(_("nobody can be told before the beginning"))
    if any(s.kind is StepKind.ESCALATE and (s.anchor != "due" or s.offset <= timedelta()) for s in steps):
        raise ValueError(_("an escalation comes after the due time"))
    breaches = [s for s in steps if s.kind is StepKind.BREACH]
    if len(breaches) != 1 or breaches[0].anchor != "due" or breaches[0].offset:
        raise ValueError(_("there is one breach step, just at the due time"))


@dataclass(frozen=True)
class Come:
    """A step that has come. `superseded`: a reminder whose moment to help has gone, since a later step came with it."""

    step: LadderStep
    at: datetime
    superseded: bool


def pending(
    steps: Iterable[LadderStep], *, starts_at: datetime, due_at: datetime, opened_at: datetime,
    done: Collection[str], now: datetime,
) -> tuple[list[Come], datetime | None]:  # fmt: skip
    """The steps that have come and were not done, in order, and when the next one comes (None: no more).

    After a sleep several may have come at once: reminders before the due time are then superseded by the last one
    that came, so that nobody reads "2 hours left" when nothing is left; breach and escalation are never dropped.
    """
    timed = sorted(
        ((s.at(starts_at, due_at, opened_at), s) for s in steps if s.key not in done), key=lambda one: one[0]
    )
    ripe = [(at, s) for at, s in timed if at <= now]
    later = [at for at, _s in timed if at > now]
    come = [
        Come(s, at, superseded=s.kind is StepKind.REMIND and i < len(ripe) - 1 and (s.anchor == "due" or now >= due_at))
        for i, (at, s) in enumerate(ripe)
    ]
    return come, min(later, default=None)
