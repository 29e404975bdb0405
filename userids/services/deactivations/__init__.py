"""A leaver's user IDs shut within 1x24 hours (SOP-UID 8.1)."""

from userids.services.deactivations.ending import deactivation_cancel, deactivations_end
from userids.services.deactivations.opening import (
    deactivations_follow_move,
    deactivations_follow_shift,
    deactivations_open,
    deadline,
    deadline_of,
    request_open,
)
from userids.services.deactivations.resigning import (
    leaving_hindered,
    resignation_end,
    resignation_follow,
    resignation_move,
    resignation_record,
    resignation_withdraw,
    resignations_record,
    shut_already,
)
from userids.services.deactivations.steps import (
    deactivation_acknowledge,
    deactivation_confirm,
    deactivation_document,
    deactivation_fail,
    deactivation_request,
    deactivation_shut,
    deactivation_start,
    deactivation_take_over,
)

__all__ = [
    "TRANSITIONS", "deactivation_acknowledge", "deactivation_cancel", "deactivation_confirm", "deactivation_document",
    "deactivation_fail", "deactivation_request", "deactivation_shut", "deactivation_start", "deactivation_take_over",
    "deactivations_end", "deactivations_follow_move", "deactivations_follow_shift", "deactivations_open", "deadline",
    "deadline_of", "leaving_hindered", "request_open", "resignation_end", "resignation_follow", "resignation_move",
    "resignation_record", "resignation_withdraw", "resignations_record", "shut_already",
]  # fmt: skip

TRANSITIONS = {
    "request": deactivation_request,
    "start": deactivation_start,
    "fail": deactivation_fail,
    "confirm": deactivation_confirm,
    "take_over": deactivation_take_over,
    "shut": deactivation_shut,
    "acknowledge": deactivation_acknowledge,
    "document": deactivation_document,
    "cancel": deactivation_cancel,
}
