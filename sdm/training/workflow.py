"""Training as a table (MO 4.1.2), one process a participant; a batch goes through its stages together.

"Training Operation" of the chart are a site's team leaders and its Quality Assurance.
"""

from django.utils.translation import gettext_lazy as _

from occ.people.actors import LIFECYCLE
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from sdm.training.choices import TrainingStatus as S

HR = frozenset({Role.HR_TRAINING})
TRAINERS = frozenset({Role.TEAM_LEADER, Role.QUALITY_ASSURANCE})
VALIDATORS = frozenset({Role.QUALITY_CONTROL})
DECIDERS = frozenset({Role.MANAGER, Role.COORDINATOR})
# Who works at a stage: enters its results and brings people on.
AT_STAGE: dict[str, frozenset[Role]] = {
    S.REGISTERED: HR, S.SOFTSKILL: HR, S.HARDSKILL: TRAINERS, S.PASSIVE: TRAINERS, S.ACTIVE: TRAINERS,
    S.VALIDATING: VALIDATORS, S.RECAP: TRAINERS, S.DECIDING: DECIDERS,
}  # fmt: skip

TRAINING = register(
    Flow(
        key="sdm.training",
        clause="MO 4.1.2",
        states=S,
        initial=S.REGISTERED,
        path=(S.REGISTERED, S.SOFTSKILL, S.HARDSKILL, S.PASSIVE, S.ACTIVE, S.VALIDATING, S.RECAP, S.DECIDING, S.PASSED),
        off_path={S.OUT: S.PASSED},
        transitions=(
            transition("softskill", S.REGISTERED, S.SOFTSKILL, by=HR, label=_("To the softskill training"),
                       four_eyes=True),
            transition("hardskill", S.REGISTERED, S.HARDSKILL, by=HR, label=_("Straight to the hardskill training"),
                       four_eyes=True),
            transition("softskill_pass", S.SOFTSKILL, S.HARDSKILL, by=HR, label=_("Softskill passed"), four_eyes=True),
            transition("tested", S.HARDSKILL, S.PASSIVE, by=TRAINERS, label=_("Pre and post test done"),
                       four_eyes=True),
            transition("observed", S.PASSIVE, S.ACTIVE, by=TRAINERS, label=_("Passive tandem done"), four_eyes=True),
            transition("practised", S.ACTIVE, S.VALIDATING, by=TRAINERS, label=_("Active tandem done"),
                       four_eyes=True),
            transition("validated", S.VALIDATING, S.RECAP, by=VALIDATORS, label=_("Samples validated"),
                       four_eyes=True),
            transition("recapped", S.RECAP, S.DECIDING, by=TRAINERS, label=_("Recap done"), four_eyes=True),
            transition("accept", S.DECIDING, S.PASSED, by=DECIDERS, label=_("Passed: set the join date"),
                       four_eyes=True),
            transition("repeat", S.DECIDING, S.HARDSKILL, by=DECIDERS, label=_("Not passed: back to hardskill"),
                       needs={"note"}, four_eyes=True),
            transition("reject", S.DECIDING, S.OUT, by=DECIDERS, label=_("Not passed: out"), needs={"note"},
                       four_eyes=True),
            transition("withdraw", {S.REGISTERED, S.SOFTSKILL, S.HARDSKILL, S.PASSIVE, S.ACTIVE, S.VALIDATING, S.RECAP},
                       S.OUT, by=HR | TRAINERS | {LIFECYCLE}, label=_("Out of the training"), needs={"note"},
                       four_eyes=True),
            transition("lapse", S.DECIDING, S.OUT, by={LIFECYCLE}, label=_("The person left"), needs={"note"}),
        ),
    )
)  # fmt: skip
# The one step that leads on from a stage, for a whole batch at once.
ONWARD: dict[str, str] = {
    S.SOFTSKILL: "softskill_pass", S.HARDSKILL: "tested", S.PASSIVE: "observed", S.ACTIVE: "practised",
    S.VALIDATING: "validated", S.RECAP: "recapped",
}  # fmt: skip
