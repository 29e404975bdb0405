"""Leave and absence, from the request to the last day of it (SDM-9).

Lock order: the person, the leave, its obligations. Two requests at once of one person: the second is judged after the
first, so that neither the days overlap nor the balance is used twice.
"""

from typing import Any

from sdm.services.absence.asking import PROOF, REASON, TAKERS_UP, leave_ask, leave_take_up, proof_add
from sdm.services.absence.counting import AFTERWARDS, annual_used, balance_on, contract_ends, counted
from sdm.services.absence.deciding import (
    leave_annul,
    leave_approve,
    leave_cancel,
    leave_confirm,
    leave_refuse,
    leave_reject,
)
from sdm.services.absence.following import colleagues_away, leaves_end, leaves_follow_left, leaves_follow_move
from sdm.services.absence.rights import (
    decided_above,
    leads,
    may_act_for,
    may_decide,
    proof_visible,
    reads_why,
)

TRANSITIONS: dict[str, Any] = {
    "approve": leave_approve, "refuse": leave_refuse, "confirm": leave_confirm, "reject": leave_reject,
    "cancel": leave_cancel, "annul": leave_annul,
}  # fmt: skip

__all__ = [
    "AFTERWARDS",
    "PROOF",
    "REASON",
    "TAKERS_UP",
    "TRANSITIONS",
    "annual_used",
    "balance_on",
    "colleagues_away",
    "contract_ends",
    "counted",
    "decided_above",
    "leads",
    "leave_annul",
    "leave_approve",
    "leave_ask",
    "leave_cancel",
    "leave_confirm",
    "leave_refuse",
    "leave_reject",
    "leave_take_up",
    "leaves_end",
    "leaves_follow_left",
    "leaves_follow_move",
    "may_act_for",
    "may_decide",
    "proof_add",
    "proof_visible",
    "reads_why",
]
