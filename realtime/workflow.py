"""The flow charts of SOP-RTM and MO 4.3.6 as tables."""

from django.utils.translation import gettext_lazy as _

from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from realtime.choices import HandoverStatus as H
from realtime.choices import PlanStatus as P

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
