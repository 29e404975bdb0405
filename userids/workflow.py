"""The flow charts of SOP-UID 8.1 and 8.2 as tables: the service obeys them, the page draws them, a test walks them."""

from django.utils.translation import gettext_lazy as _

from occ.people.actors import LIFECYCLE
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from userids.choices import DeactivationStatus as D
from userids.choices import ReplacementStatus as R

DEACTIVATION = register(
    Flow(
        key="userids.deactivation",
        clause="SOP-UID 8.1",
        states=D,
        initial=D.RECORDED,
        path=(D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.DEACTIVATED, D.DOCUMENTED),
        off_path={D.FAILED: D.IN_PROGRESS, D.CANCELLED: D.DOCUMENTED},
        transitions=(
            transition("request", D.RECORDED, D.REQUESTED, by={Role.SUPPORT}, label=_("Request the team leader")),
            transition("start", {D.REQUESTED, D.FAILED}, D.IN_PROGRESS, by={Role.TEAM_LEADER}, label=_("Start")),
            transition(
                "fail", D.IN_PROGRESS, D.FAILED, by={Role.TEAM_LEADER}, label=_("It did not work"), needs={"note"}
            ),
            transition(
                "confirm",
                D.IN_PROGRESS,
                D.DEACTIVATED,
                by={Role.TEAM_LEADER},
                label=_("Confirm as deactivated"),
                needs={"evidence"},
            ),
            transition("document", D.DEACTIVATED, D.DOCUMENTED, by={Role.SUPPORT}, label=_("Mark as documented")),
            transition(
                "cancel",
                {D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.FAILED},
                D.CANCELLED,
                by={Role.SUPPORT, LIFECYCLE},
                label=_("Cancel: resignation withdrawn"),
                needs={"note"},
            ),
        ),
    )
)

REPLACEMENT = register(
    Flow(
        key="userids.replacement",
        clause="SOP-UID 8.2",
        states=R,
        initial=R.REQUESTED,
        path=(R.REQUESTED, R.IN_PROGRESS, R.REPLACED, R.DOCUMENTED),
        off_path={R.FAILED: R.IN_PROGRESS, R.CANCELLED: R.DOCUMENTED},
        transitions=(
            transition("start", {R.REQUESTED, R.FAILED}, R.IN_PROGRESS, by={Role.TEAM_LEADER}, label=_("Start")),
            transition(
                "fail", R.IN_PROGRESS, R.FAILED, by={Role.TEAM_LEADER}, label=_("It did not work"), needs={"note"}
            ),
            transition(
                "confirm",
                R.IN_PROGRESS,
                R.REPLACED,
                by={Role.TEAM_LEADER},
                label=_("Confirm as replaced"),
                needs={"evidence"},
            ),
            transition("document", R.REPLACED, R.DOCUMENTED, by={Role.SUPPORT}, label=_("Mark as documented")),
            transition(
                "cancel",
                {R.REQUESTED, R.IN_PROGRESS, R.FAILED},
                R.CANCELLED,
                by={Role.SUPPORT},
                label=_("Cancel"),
                needs={"note"},
            ),
        ),
    )
)
