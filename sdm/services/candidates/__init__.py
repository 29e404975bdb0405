"""Candidates: recorded, judged against the specification, trained, approved, under contract, hired; or forgotten
(SDM-3; MO 4.1.1; UU 27/2022). Nothing here asks for or keeps sex or looks.

Locks: the request first, then the candidate, then a person.
"""

from collections.abc import Callable
from typing import Any

from sdm.services.candidates.forgetting import candidates_forget
from sdm.services.candidates.hiring import candidate_contract, candidate_hire, candidate_sign
from sdm.services.candidates.records import (
    FIELDS,
    LOOKED_FOR,
    SAFE,
    age_applies,
    candidate_add,
    candidate_edit,
    criteria_judge,
    criterion_waive,
    facts_clean,
    nik_read,
    request_locked,
)
from sdm.services.candidates.steps import (
    candidate_approve,
    candidate_check,
    candidate_decline,
    candidate_end,
    candidate_fail,
    candidate_pass,
    candidate_refuse,
    candidate_train,
    candidate_train_again,
    candidate_withdraw,
)

TRANSITIONS: dict[str, Callable[..., Any]] = {
    "check": candidate_check,
    "train": candidate_train,
    "pass": candidate_pass,
    "fail": candidate_fail,
    "again": candidate_train_again,
    "approve": candidate_approve,
    "decline": candidate_decline,
    "contract": candidate_contract,
    "sign": candidate_sign,
    "hire": candidate_hire,
    "refuse": candidate_refuse,
    "end": candidate_end,
    "withdraw": candidate_withdraw,
}

__all__ = [
    "FIELDS",
    "LOOKED_FOR",
    "SAFE",
    "TRANSITIONS",
    "age_applies",
    "candidate_add",
    "candidate_approve",
    "candidate_check",
    "candidate_contract",
    "candidate_decline",
    "candidate_edit",
    "candidate_end",
    "candidate_fail",
    "candidate_hire",
    "candidate_pass",
    "candidate_refuse",
    "candidate_sign",
    "candidate_train",
    "candidate_train_again",
    "candidate_withdraw",
    "candidates_forget",
    "criteria_judge",
    "criterion_waive",
    "facts_clean",
    "nik_read",
    "request_locked",
]
