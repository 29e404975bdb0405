"""Training (MO 4.1.2): a batch's participants through softskill, hardskill, tandem, validation and recap to a decision.

A stage of a batch is open from the first who comes to the last who leaves; then its report is issued and its duty ends.

Locks: the batch first, so that of two last ones one closes the stage; then participants, the stage, its obligation.
"""

from sdm.services.training.batches import (
    batch_open,
    candidate_add,
    candidate_link,
    participant_add,
    participant_link,
    people_to_train,
)
from sdm.services.training.common import (
    ADDERS,
    MOST,
    NOTE,
    REMARK,
    WHY,
)
from sdm.services.training.results import (
    Scored,
    average,
    lacking,
    mark_of,
    may_score,
    results_record,
    sample_add,
    sample_score,
)
from sdm.services.training.stages import (
    through,
)
from sdm.services.training.steps import (
    TRANSITIONS,
    candidate_leaves,
    participant_accept,
    participant_hardskill,
    participant_observed,
    participant_practised,
    participant_recapped,
    participant_reject,
    participant_repeat,
    participant_softskill,
    participant_softskill_pass,
    participant_tested,
    participant_validated,
    participant_withdraw,
    participants_lapse,
    stage_advance,
    validated_score,
)

__all__ = [
    "ADDERS",
    "MOST",
    "NOTE",
    "REMARK",
    "TRANSITIONS",
    "WHY",
    "Scored",
    "average",
    "batch_open",
    "candidate_add",
    "candidate_leaves",
    "candidate_link",
    "lacking",
    "mark_of",
    "may_score",
    "participant_accept",
    "participant_add",
    "participant_hardskill",
    "participant_link",
    "participant_observed",
    "participant_practised",
    "participant_recapped",
    "participant_reject",
    "participant_repeat",
    "participant_softskill",
    "participant_softskill_pass",
    "participant_tested",
    "participant_validated",
    "participant_withdraw",
    "participants_lapse",
    "people_to_train",
    "results_record",
    "sample_add",
    "sample_score",
    "stage_advance",
    "through",
    "validated_score",
]
