"""What of an event is shown: as it came, with whatever may be a customer's hidden (see `occ.masking`)."""

from __future__ import annotations

import re
from typing import Any

from occ.masking import HIDDEN, masked_text

# An application may call its interactions by the caller's number.
PHONE = re.compile(r"(?<![0-9A-Za-z])(?:\+?62|0)[ .\-]?(?:8|2[1-9]|[3-79]\d)(?:[ .\-]?\d){6,11}(?![0-9A-Za-z])")
# Fields that are the floor's own; all others may say who the customer is.
OWN = frozenset(
    {
        "source", "seq", "schema", "type", "occurred_at", "agent", "site", "channel", "state", "reason", "prev_state",
        "category", "outcome", "is_case", "arrived_at", "queued_at", "answered_at", "submitted_at", "ended_at",
        "wait_s", "talk_s", "hold_s", "wrapup_s", "link",
    }
)  # fmt: skip
NUMBERS = frozenset({"source_event_id", "interaction_id"})
CUSTOMER = re.compile(
    r"customer|caller|callee|phone|msisdn|mobile|name|mail|address|contact|account|nik|ani$|dnis|from$|to$|nasabah|nama|"
    r"telp|telepon|alamat|rekening|ktp|cif|pelanggan|peserta|client|member|user|party|subject|message|text|note|"
    r"pesan|catatan|keterangan"
)
DEEPEST = 8


def number_shown(number: str) -> str:
    """An interaction's number; a telephone number in it is hidden but for its last two digits."""
    return PHONE.sub(lambda found: HIDDEN + found.group()[-2:], number)


def body_shown(body: Any, *, name: str = "", depth: int = 0) -> Any:
    """The same JSON with customers' data hidden."""
    if depth > DEEPEST:
        return HIDDEN
    if isinstance(body, dict):
        return {
            masked_text(str(key)): body_shown(value, name=str(key).lower(), depth=depth + 1)
            for key, value in body.items()
        }
    if isinstance(body, list):
        return [body_shown(one, name=name, depth=depth + 1) for one in body]
    if body is None or isinstance(body, bool) or body == "":
        return body
    if name in OWN and depth <= 1:
        return body
    if name in NUMBERS:
        return number_shown(str(body))
    if CUSTOMER.search(name):
        return HIDDEN
    masked = masked_text(str(body))
    return body if masked == str(body) else masked
