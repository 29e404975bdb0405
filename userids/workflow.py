"""The flow charts of SOP-UID 8.1 and 8.2 as tables: the service obeys them, the page draws them, a test walks them."""

from django.utils.translation import gettext_lazy as _

from occ.people.actors import BEAT, CONNECTOR, LIFECYCLE
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from userids.choices import AccessReviewStatus as A
from userids.choices import BreachReviewStatus as B
from userids.choices import DeactivationStatus as D
from userids.choices import IdRequestStatus as N
from userids.choices import ReplacementStatus as R

DEACTIVATION = register(
    Flow(
        key="userids.deactivation",
        clause="SOP-UID 8.1",
        states=D,
        initial=D.RECORDED,
        path=(D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.DEACTIVATED, D.DOCUMENTED),
        off_path={D.FAILED: D.IN_PROGRESS, D.SHUT: D.DEACTIVATED, D.CANCELLED: D.DOCUMENTED},
        waiting=frozenset({D.SHUT}),
        transitions=(
            transition("request", D.RECORDED, D.REQUESTED, by={Role.SUPPORT}, label=_("Request the team leader")),
            transition(
                "start",
                {D.REQUESTED, D.FAILED},
                D.IN_PROGRESS,
                by={Role.TEAM_LEADER, CONNECTOR},
                label=_("Start"),
                again=_("Try again"),
            ),
            transition(
                "fail",
                D.IN_PROGRESS,
                D.FAILED,
                by={Role.TEAM_LEADER, CONNECTOR},
                label=_("It did not work"),
                needs={"note"},
            ),
            transition(
                "confirm",
                D.IN_PROGRESS,
                D.DEACTIVATED,
                by={Role.TEAM_LEADER, CONNECTOR},
                label=_("Confirm as deactivated"),
                needs={"evidence"},
                four_eyes=True,
            ),
            # At due time, where the application's policy says so, the connector goes on from wherever people stand
            # (UID-6); what it has shut waits for the team leader.
            transition(
                "take_over",
                {D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.FAILED},
                D.IN_PROGRESS,
                by={CONNECTOR},
                label=_("Taken over at due time"),
                needs={"note"},
            ),
            transition(
                "shut", D.IN_PROGRESS, D.SHUT, by={CONNECTOR}, label=_("Shut by the connector"), needs={"evidence"}
            ),
            transition(
                "acknowledge",
                D.SHUT,
                D.DEACTIVATED,
                by={Role.TEAM_LEADER},
                label=_("Confirm what the connector did"),
                four_eyes=True,
            ),
            transition("document", D.DEACTIVATED, D.DOCUMENTED, by={Role.SUPPORT}, label=_("Mark as documented")),
            transition(
                "cancel",
                {D.RECORDED, D.REQUESTED, D.IN_PROGRESS, D.FAILED},
                D.CANCELLED,
                by={Role.SUPPORT, Role.COORDINATOR, LIFECYCLE},
                label=_("Cancel"),
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
            transition(
                "start",
                {R.REQUESTED, R.FAILED},
                R.IN_PROGRESS,
                by={Role.TEAM_LEADER, CONNECTOR},
                label=_("Start"),
                again=_("Try again"),
            ),
            transition(
                "fail",
                R.IN_PROGRESS,
                R.FAILED,
                by={Role.TEAM_LEADER, CONNECTOR},
                label=_("It did not work"),
                needs={"note"},
            ),
            transition(
                "confirm",
                R.IN_PROGRESS,
                R.REPLACED,
                by={Role.TEAM_LEADER, CONNECTOR},
                label=_("Confirm as replaced"),
                needs={"evidence"},
            ),
            transition("document", R.REPLACED, R.DOCUMENTED, by={Role.SUPPORT}, label=_("Mark as documented")),
            transition(
                "cancel",
                {R.REQUESTED, R.IN_PROGRESS, R.FAILED},
                R.CANCELLED,
                by={Role.SUPPORT, LIFECYCLE},
                label=_("Cancel"),
                needs={"note"},
            ),
        ),
    )
)

BREACH_REVIEW = register(
    Flow(
        key="userids.breach_review",
        clause="SOP-UID 8.3",
        states=B,
        initial=B.OPEN,
        path=(B.OPEN, B.ACTION, B.CLOSED),
        off_path={B.VOID: B.CLOSED},
        transitions=(
            transition("analyse", B.OPEN, B.ACTION, by={Role.COORDINATOR}, label=_("Set the corrective action")),
            transition(
                "settle",
                B.OPEN,
                B.CLOSED,
                by={Role.COORDINATOR},
                label=_("Close without a corrective action"),
                needs={"note"},
            ),
            transition(
                "close",
                B.ACTION,
                B.CLOSED,
                by={Role.COORDINATOR},
                label=_("Close: the action is done and works"),
                needs={"evidence"},
            ),
            transition("postpone", B.ACTION, B.ACTION, by={Role.COORDINATOR}, label=_("New date"), needs={"note"}),
            transition("reopen", B.CLOSED, B.OPEN, by={Role.COORDINATOR}, label=_("Open again"), needs={"note"}),
            transition(
                "void",
                {B.OPEN, B.ACTION},
                B.VOID,
                by={Role.COORDINATOR, BEAT},
                label=_("No breach after all"),
                needs={"note"},
            ),
            transition("again", B.VOID, B.OPEN, by={BEAT}, label=_("Late again"), needs={"note"}),
        ),
    )
)

ACCESS_REVIEW = register(
    Flow(
        key="userids.access_review",
        clause="SOP-UID 7.1",
        states=A,
        initial=A.OPEN,
        path=(A.OPEN, A.CLOSED),
        transitions=(transition("close", A.OPEN, A.CLOSED, by={Role.COORDINATOR}, label=_("Close and sign")),),
    )
)

# A new employee's ID (MO 4.1.1 "hiring"; SOP-UID 5.3): it is given by entering a new one or passing one on, which ends
# the request by itself.
ID_REQUEST = register(
    Flow(
        key="userids.id_request",
        clause="SOP-UID 5.3",
        states=N,
        initial=N.REQUESTED,
        path=(N.REQUESTED, N.GIVEN),
        off_path={N.CANCELLED: N.GIVEN},
        transitions=(
            transition(
                "give", N.REQUESTED, N.GIVEN, by={Role.SUPPORT, LIFECYCLE}, label=_("The employee has the user ID")
            ),
            transition(
                "cancel", N.REQUESTED, N.CANCELLED, by={Role.SUPPORT, LIFECYCLE}, label=_("No user ID is needed"),
                needs={"note"},
            ),
        ),
    )
)  # fmt: skip
