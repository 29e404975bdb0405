"""What becomes of a finding: its owner says how it is settled, a run or another person sees whether it is."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from occ.people.actors import SystemActor
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from userids.choices import STAYING, Way
from userids.choices import FindingStatus as F

RECONCILER = SystemActor("reconciliation")
OWNERS = frozenset({Role.TEAM_LEADER, Role.DOCUMENT_CONTROL, Role.IT})
# To leave a difference as it is for a time is no owner's own decision.
ACCEPTERS = frozenset({Role.COORDINATOR, Role.MANAGER})


def may_stay(one: Any) -> bool:
    """A grave one stays as it is only where its owner asks for it: by two persons."""
    return not one.critical or (one.status == F.CLAIMED and one.way == Way.AS_IT_IS)


def is_answered(one: Any) -> bool:
    """What no list can show to be put right: somebody else looks at it."""
    return one.kind in STAYING and one.way != Way.AS_IT_IS


def who_said(one: Any) -> set[int]:
    return {one.said_by_id} - {None}


FINDING = register(
    Flow(
        key="userids.finding",
        clause="SOP-UID 5.3",
        states=F,
        initial=F.OPEN,
        path=(F.OPEN, F.CLAIMED, F.RESOLVED),
        off_path={F.ACCEPTED: F.RESOLVED, F.GONE: F.RESOLVED},
        transitions=(
            transition(
                "resolve", F.OPEN, F.CLAIMED, by=OWNERS, label=_("Say how it is settled"), needs={"evidence"}
            ),
            transition(
                "confirm", F.CLAIMED, F.RESOLVED, by=ACCEPTERS, label=_("Confirm that it is settled"), needs={"note"},
                four_eyes=True, apart_from=who_said, only_for=is_answered,
            ),
            transition(
                "accept", {F.OPEN, F.CLAIMED}, F.ACCEPTED, by=ACCEPTERS, label=_("Accept for a time"), needs={"note"},
                four_eyes=True, apart_from=who_said, only_for=may_stay,
            ),
            transition("refuse", F.CLAIMED, F.OPEN, by=ACCEPTERS, label=_("It is not settled"), needs={"note"}),
            transition(
                "shown", F.CLAIMED, F.RESOLVED, by={RECONCILER}, label=_("Shown by a list"), needs={"evidence"}
            ),
            transition("still", F.CLAIMED, F.OPEN, by={RECONCILER}, label=_("Was not put right"), needs={"note"}),
            transition(
                "gone", {F.OPEN, F.CLAIMED, F.ACCEPTED, F.RESOLVED}, F.GONE, by={RECONCILER},
                label=_("No longer found"),
            ),
            transition(
                "reopen", {F.RESOLVED, F.ACCEPTED, F.GONE}, F.OPEN, by={RECONCILER}, label=_("Found again"),
                needs={"note"},
            ),
        ),
    )
)  # fmt: skip
