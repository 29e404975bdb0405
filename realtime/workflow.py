"""The flow charts of SOP-RTM and MO 4.3.6 as tables."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from occ.people.actors import SystemActor
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from realtime.choices import CheckStatus as C
from realtime.choices import HandoverStatus as H
from realtime.choices import PlanStatus as P
from realtime.choices import RosterStatus as R
from realtime.choices import SwapStatus as S

PLANNERS = frozenset({Role.TEAM_LEADER, Role.RTFM})
VERIFIERS = frozenset({Role.COORDINATOR})
RECOVERY = register(
    Flow(
        key="realtime.recovery",
        clause="SOP-RTM 6.6",
        states=P,
        initial=P.DRAFT,
        path=(P.DRAFT, P.RUNNING, P.DONE, P.VERIFIED),
        off_path={P.CANCELLED: P.VERIFIED},
        transitions=(
            transition("start", P.DRAFT, P.RUNNING, by=PLANNERS, label=_("Carry it out")),
            transition("finish", P.RUNNING, P.DONE, by=PLANNERS, label=_("It was carried out"), needs={"note"}),
            # "Tercapai? Tidak": the plan goes on with other actions.
            transition("resume", P.DONE, P.RUNNING, by={*PLANNERS, *VERIFIERS}, label=_("Not enough: go on"),
                       needs={"note"}),
            transition("verify", P.DONE, P.VERIFIED, by=VERIFIERS, label=_("Verify"), needs={"note"}),
            transition("cancel", {P.DRAFT, P.RUNNING}, P.CANCELLED, by={*PLANNERS, *VERIFIERS}, label=_("Cancel"),
                       needs={"note"}),
        ),
    )
)  # fmt: skip

# What follows from what somebody whose role covers it did: a version's publication revises the one before, an approved
# swap is published, a changed roster reopens its sign-off.
ROSTERING = SystemActor("rostering")
# MO 2.1.2: WFM draws up and publishes the roster; MO 4.3.6: the team leader validates it. Whoever wrote in a version
# neither validates it nor signs off what it plans.
ROSTER_MAKERS = frozenset({Role.WFM, Role.TEAM_LEADER})
ROSTER_VALIDATORS = frozenset({Role.TEAM_LEADER})
ROSTER_PUBLISHERS = frozenset({Role.WFM, Role.COORDINATOR})
SIGNERS = frozenset({Role.TEAM_LEADER, Role.WFM})


def hands_of(roster: Any) -> set[int]:
    return set(roster.hands.values_list("pk", flat=True))


def planners_of(check: Any) -> set[int]:
    return check.planners()


ROSTER = register(
    Flow(
        key="realtime.roster",
        clause="MO 2.1.2",
        states=R,
        initial=R.DRAFT,
        path=(R.DRAFT, R.VALIDATED, R.PUBLISHED, R.REVISED),
        off_path={R.DISCARDED: R.VALIDATED},
        transitions=(
            transition("validate", R.DRAFT, R.VALIDATED, by=ROSTER_VALIDATORS, label=_("Validate"),
                       apart_from=hands_of),
            transition("reopen", R.VALIDATED, R.DRAFT, by={*ROSTER_MAKERS, ROSTERING}, label=_("Back to the draft"),
                       needs={"note"}),
            transition("publish", R.VALIDATED, R.PUBLISHED, by=ROSTER_PUBLISHERS, label=_("Publish")),
            transition("cancel", {R.DRAFT, R.VALIDATED}, R.DISCARDED, by=ROSTER_MAKERS, label=_("Discard"),
                       needs={"note"}),
            transition("amend", R.DRAFT, R.PUBLISHED, by={ROSTERING}, label=_("Publish an approved swap")),
            transition("revise", R.PUBLISHED, R.REVISED, by={ROSTERING}, label=_("Revised by the next version")),
        ),
    )
)  # fmt: skip
CHECK = register(
    Flow(
        key="realtime.roster_check",
        clause="SOP-RTM 8.2",
        states=C,
        initial=C.OPEN,
        path=(C.OPEN, C.SIGNED),
        off_path={C.REOPENED: C.OPEN, C.VOID: C.SIGNED},
        waiting=frozenset({C.REOPENED}),
        transitions=(
            transition("sign", {C.OPEN, C.REOPENED}, C.SIGNED, by=SIGNERS, label=_("Sign off"),
                       apart_from=planners_of),
            transition("reopen", {C.SIGNED, C.VOID}, C.REOPENED, by={ROSTERING}, label=_("The roster has changed"),
                       needs={"note"}),
            transition("void", {C.OPEN, C.REOPENED, C.SIGNED}, C.VOID, by={ROSTERING}, label=_("Nobody works it"),
                       needs={"note"}),
        ),
    )
)  # fmt: skip
SWAP = register(
    Flow(
        key="realtime.swap",
        clause="SOP-RTM 8.2",
        states=S,
        initial=S.REQUESTED,
        path=(S.REQUESTED, S.ACCEPTED, S.APPROVED),
        off_path={S.DECLINED: S.ACCEPTED, S.REFUSED: S.APPROVED, S.WITHDRAWN: S.APPROVED},
        transitions=(
            transition("accept", S.REQUESTED, S.ACCEPTED, by={Role.AGENT}, label=_("Agree")),
            transition("decline", S.REQUESTED, S.DECLINED, by={Role.AGENT}, label=_("Decline"), needs={"note"}),
            transition("approve", S.ACCEPTED, S.APPROVED, by={Role.TEAM_LEADER}, label=_("Approve the swap"),
                       four_eyes=True),
            transition("refuse", {S.REQUESTED, S.ACCEPTED}, S.REFUSED, by={Role.TEAM_LEADER}, label=_("Refuse"),
                       needs={"note"}, four_eyes=True),
            transition("withdraw", {S.REQUESTED, S.ACCEPTED}, S.WITHDRAWN, by={Role.AGENT}, label=_("Withdraw"),
                       needs={"note"}),
        ),
    )
)  # fmt: skip
LEADERS = frozenset({Role.TEAM_LEADER})
HANDOVER = register(
    Flow(
        key="realtime.handover",
        clause="MO 4.3.6",
        states=H,
        initial=H.DRAFT,
        path=(H.DRAFT, H.HANDED, H.TAKEN),
        off_path={H.CANCELLED: H.TAKEN},
        transitions=(
            transition("hand", H.DRAFT, H.HANDED, by=LEADERS, label=_("Sign and hand over")),
            transition("take", H.HANDED, H.TAKEN, by=LEADERS, label=_("Sign and take over")),
            # "Sesuai? Tidak": it is drawn up and signed again.
            transition("refuse", H.HANDED, H.DRAFT, by=LEADERS, label=_("Not so: give it back"), needs={"note"}),
            transition("cancel", H.DRAFT, H.CANCELLED, by={*LEADERS, *VERIFIERS}, label=_("Cancel"), needs={"note"}),
        ),
    )
)
