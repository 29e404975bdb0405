"""The renewal of a contract (MO 4.1.5) and what is owed at a term's end, as tables.

"Dept. OPC", which verifies the achievement against the PKS, is the Head Manager; that and where "Tidak" of HR's check
leads: docs/decisions/2026-11-29-contract.md.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

from occ.people.actors import BEAT, LIFECYCLE
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from sdm.contracts.choices import MADE, UNDECIDED
from sdm.contracts.choices import CompensationStatus as C
from sdm.contracts.choices import CorrectionStatus as X
from sdm.contracts.choices import RenewalStatus as R

OPERATION = frozenset({Role.COORDINATOR, Role.MANAGER})
OPC = frozenset({Role.HEAD_MANAGER})
CHECKERS = frozenset({Role.HR_PAYROLL, Role.HR_RELATIONS})
HI = frozenset({Role.HR_RELATIONS})
PAYROLL = frozenset({Role.HR_PAYROLL})

RENEWAL = register(
    Flow(
        key="sdm.renewal",
        clause="MO 4.1.5",
        states=R,
        initial=R.REMINDED,
        path=(
            R.REMINDED, R.PROPOSED, R.VERIFIED, R.SUBMITTED, R.CHECKED, R.MADE, R.DISTRIBUTED, R.SIGNED, R.REGISTERED,
            R.CLOSED,
        ),
        off_path={R.CANCELLED: R.MADE, R.LAPSED: R.MADE, R.WITHDRAWN: R.MADE},
        transitions=(
            transition("propose", R.REMINDED, R.PROPOSED, by=OPERATION, label=_("Propose the extension"),
                       four_eyes=True),
            transition("cancel", R.REMINDED, R.CANCELLED, by=OPERATION, label=_("It is not renewed"), needs={"note"},
                       four_eyes=True),
            transition("verify", R.PROPOSED, R.VERIFIED, by=OPC, label=_("Achievement and PKS are in order"),
                       four_eyes=True),
            transition("refuse", R.PROPOSED, R.CANCELLED, by=OPC, label=_("Not in order: it is not renewed"),
                       needs={"note"}, four_eyes=True),
            transition("submit", R.VERIFIED, R.SUBMITTED, by=OPERATION | OPC,
                       label=_("Hand the memo (modin) to HR"), four_eyes=True),
            transition("revise", R.VERIFIED, R.REMINDED, by=OPERATION | OPC, label=_("Propose anew"), needs={"note"},
                       four_eyes=True),
            transition("check", R.SUBMITTED, R.CHECKED, by=CHECKERS, label=_("The proposal is in order"),
                       four_eyes=True),
            transition("send_back", R.SUBMITTED, R.VERIFIED, by=CHECKERS, label=_("Not in order: send it back"),
                       needs={"note"}, four_eyes=True),
            transition("make", R.CHECKED, R.MADE, by=HI, label=_("Make the extension"), four_eyes=True),
            transition("distribute", R.MADE, R.DISTRIBUTED, by=HI, label=_("Printed, handed out and explained"),
                       four_eyes=True),
            transition("sign", R.DISTRIBUTED, R.SIGNED, by=HI, label=_("Upload the signed contract"),
                       needs={"evidence"}, four_eyes=True),
            transition("decline", {R.MADE, R.DISTRIBUTED}, R.CANCELLED, by=HI, label=_("It was not signed"),
                       needs={"note"}, four_eyes=True),
            transition("register", R.SIGNED, R.REGISTERED, by=HI, label=_("Registered at the ministry"),
                       needs={"evidence"}, four_eyes=True),
            transition("close", R.REGISTERED, R.CLOSED, by=HI, label=_("Close and issue the report"),
                       four_eyes=True),
            transition("lapse", UNDECIDED, R.LAPSED, by={BEAT}, label=_("The term ran out"), needs={"note"}),
            transition("left", MADE, R.CANCELLED, by={LIFECYCLE},
                       label=_("Left before the extension began"), needs={"note"}),
            transition("withdraw", UNDECIDED, R.WITHDRAWN, by={BEAT, LIFECYCLE}, label=_("No longer needed"),
                       needs={"note"}),
        ),
    )
)  # fmt: skip

COMPENSATION = register(
    Flow(
        key="sdm.compensation",
        clause="PP 35/2021 Pasal 15",
        states=C,
        initial=C.DUE,
        path=(C.DUE, C.PAID),
        off_path={C.VOID: C.PAID},
        transitions=(
            transition("pay", C.DUE, C.PAID, by=PAYROLL, label=_("It is paid"), needs={"evidence"}, four_eyes=True),
            transition("void", C.DUE, C.VOID, by={BEAT}, label=_("Not owed after all"), needs={"note"}),
            transition("owe", C.VOID, C.DUE, by={BEAT}, label=_("Owed again"), needs={"note"}),
        ),
    )
)  # fmt: skip


def approvers(correction: Any) -> set[int]:
    """Whoever approved a difference does not settle it."""
    return {correction.approved_by_id} - {None}


CORRECTION = register(
    Flow(
        key="sdm.compensation_correction",
        clause="PP 35/2021 Pasal 15",
        states=X,
        initial=X.PROPOSED,
        path=(X.PROPOSED, X.APPROVED, X.SETTLED),
        off_path={X.REFUSED: X.APPROVED, X.VOID: X.SETTLED},
        transitions=(
            transition("approve", X.PROPOSED, X.APPROVED, by=HI, label=_("Approve the difference"), four_eyes=True),
            transition("refuse", X.PROPOSED, X.REFUSED, by=HI, label=_("It is not put right"), needs={"note"},
                       four_eyes=True),
            transition("settle", X.APPROVED, X.SETTLED, by=PAYROLL, label=_("Paid, or paid back"), needs={"evidence"},
                       four_eyes=True, apart_from=approvers),
            transition("void", {X.PROPOSED, X.APPROVED}, X.VOID, by={BEAT}, label=_("Not owed after all"),
                       needs={"note"}),
        ),
    )
)  # fmt: skip
