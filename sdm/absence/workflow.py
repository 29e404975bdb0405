"""Leave as a table: asked for, approved by the team leader, confirmed by WFM against the roster, taken (SDM-9)."""

from django.utils.translation import gettext_lazy as _

from occ.people.actors import BEAT, LIFECYCLE
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from sdm.absence.choices import LeaveStatus as S

# Whoever works here asks for the own leave.
ASKERS = frozenset(Role) - {Role.CLIENT, Role.AUDITOR}
ON_BEHALF = frozenset({Role.TEAM_LEADER, Role.COORDINATOR, Role.HR_RELATIONS})
# Of those who rank below: sdm/ranks.py.
APPROVERS = frozenset({Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER})
# Of who has no superior here: what was decided above the contact center is entered by HR.
ENTERERS = frozenset({Role.HR_RELATIONS})

LEAVE = register(
    Flow(
        key="sdm.leave",
        clause="UU 13/2003 ps. 79",
        states=S,
        initial=S.REQUESTED,
        path=(S.REQUESTED, S.APPROVED, S.CONFIRMED, S.TAKEN),
        off_path={S.REFUSED: S.APPROVED, S.CANCELLED: S.TAKEN},
        transitions=(
            transition("approve", S.REQUESTED, S.APPROVED, by=APPROVERS | ENTERERS, label=_("Approve the leave"),
                       four_eyes=True),
            transition("refuse", S.REQUESTED, S.REFUSED, by=APPROVERS | ENTERERS, label=_("Refuse the leave"),
                       needs={"note"}, four_eyes=True),
            transition("confirm", S.APPROVED, S.CONFIRMED, by={Role.WFM}, label=_("The roster allows it"),
                       four_eyes=True),
            transition("reject", S.APPROVED, S.REFUSED, by={Role.WFM}, label=_("The roster does not allow it"),
                       needs={"note"}, four_eyes=True),
            transition("take", S.CONFIRMED, S.TAKEN, by={BEAT}, label=_("The last day is over")),
            transition("cancel", {S.REQUESTED, S.APPROVED, S.CONFIRMED}, S.CANCELLED, by=ASKERS | {LIFECYCLE},
                       label=_("Cancel the leave"), needs={"note"}),
            transition("annul", {S.CONFIRMED, S.TAKEN}, S.CANCELLED, by={Role.HR_RELATIONS},
                       label=_("It was not taken after all"), needs={"note"}, four_eyes=True),
        ),
    )
)  # fmt: skip
