"""How a violation and a proposal go (MO 4.3.6 "monitoring tata tertib")."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from occ.people.actors import BEAT
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from realtime.choices import ProposalStatus as P
from realtime.choices import ViolationStatus as V

KEEPERS = frozenset({Role.COORDINATOR, Role.QUALITY_ASSURANCE})  # of the list of rules
WALKERS = frozenset({Role.TEAM_LEADER, Role.RTFM})
RECORDERS = WALKERS | {Role.COORDINATOR}
# Of those who rank below: sdm/ranks.py.
DECIDERS = frozenset({Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER})
# Whoever works here may be told of a violation, and answers it; the service lets in nobody but that person.
ANSWERERS = frozenset(Role) - {Role.CLIENT, Role.AUDITOR}


def recorders(violation: Any) -> set[int]:
    """Whoever saw it does not say whether it stands."""
    return {violation.seen_by_id}


VIOLATION = register(
    Flow(
        key="realtime.violation",
        clause="SOP-RTM 7.5",
        states=V,
        initial=V.RECORDED,
        path=(V.RECORDED, V.ANSWERED, V.UPHELD),
        off_path={V.UNANSWERED: V.ANSWERED, V.DROPPED: V.UPHELD},
        waiting=frozenset({V.UNANSWERED}),
        transitions=(
            transition("answer", V.RECORDED, V.ANSWERED, by=ANSWERERS, label=_("Answer in your own words"),
                       needs={"note"}),
            transition("lapse", V.RECORDED, V.UNANSWERED, by={BEAT}, label=_("No answer in time")),
            transition("uphold", {V.ANSWERED, V.UNANSWERED}, V.UPHELD, by=DECIDERS, label=_("Uphold"), needs={"note"},
                       four_eyes=True, apart_from=recorders),
            # One recorded by mistake need not wait for the agent.
            transition("drop", {V.RECORDED, V.ANSWERED, V.UNANSWERED}, V.DROPPED, by=DECIDERS, label=_("Drop"),
                       needs={"note"}, four_eyes=True, apart_from=recorders),
        ),
    )
)  # fmt: skip
PROPOSAL = register(
    Flow(
        key="realtime.rotg_proposal",
        clause="SOP-RTM 7.5",
        states=P,
        initial=P.OPEN,
        path=(P.OPEN, P.ACCEPTED),
        off_path={P.DISMISSED: P.ACCEPTED},
        transitions=(
            transition("accept", P.OPEN, P.ACCEPTED, by=DECIDERS, label=_("Accept the proposal"), four_eyes=True),
            transition("dismiss", P.OPEN, P.DISMISSED, by=DECIDERS, label=_("Dismiss the proposal"), needs={"note"},
                       four_eyes=True),
        ),
    )
)  # fmt: skip
