"""The numbers of training as dated policies, and what each stage owes by when (MO 4.1.2)."""

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from occ.obligations.rules import StepKind, register, step
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from sdm.training.choices import TrainingStatus as S

CLAUSE = "MO 4.1.2"
MARK: dict[str, str] = {
    S.SOFTSKILL: "sdm.training.softskill.pass", S.HARDSKILL: "sdm.training.post_test.pass",
    S.VALIDATING: "sdm.training.samples.pass",
}  # fmt: skip
SAMPLES = "sdm.training.samples.least"

# The manual's chart gives neither times nor marks: these are the house's, to be changed from a date on.
for key, label, unit, default, least, most in (
    (MARK[S.SOFTSKILL], _("Softskill training is passed from"), _("points"), 70, 0, 100),
    (MARK[S.HARDSKILL], _("The post test of the hardskill training is passed from"), _("points"), 75, 0, 100),
    (MARK[S.VALIDATING], _("Recording samples pass the validation by QC, on average, from"), _("points"), 80, 0, 100),
    (SAMPLES, _("Recording samples of the active tandem that QC validates, at least"), _("samples"), 3, 1, 50),
):  # fmt: skip
    register_policy(Definition(key, label, unit, CLAUSE, default, number(least, most)))


def rule_of(stage: str) -> str:
    return f"sdm.training.{stage}"


def days_of(stage: str) -> str:
    return f"sdm.training.{stage}.days"


def _stage(stage: str, title: str, label: Any, owner: Role, days: int) -> None:
    """A stage's time from when the first participant comes to it, and who is reminded of it."""
    register_policy(Definition(days_of(stage), label, _("days"), CLAUSE, days, number(1, 180)))
    register(
        key=rule_of(stage),
        clause=CLAUSE,
        title=title,
        label=format_lazy("{}: {}", _("Reminders of a training's stage"), S(stage).label),
        owner_role=owner,
        ladder=[
            step("day_before", StepKind.REMIND, "due", -24, owner),
            step("breach", StepKind.BREACH, "due", 0, owner),
            step("48h_after", StepKind.ESCALATE, "due", 48, Role.MANAGER),
        ],
    )


_stage(S.REGISTERED, gettext_noop("%(subject)s: softskill or hardskill is decided"),
       _("Training: softskill or hardskill is decided within"), Role.HR_TRAINING, 2)  # fmt: skip
_stage(S.SOFTSKILL, gettext_noop("%(subject)s: softskill training and its report"),
       _("Training: the softskill training is done within"), Role.HR_TRAINING, 5)  # fmt: skip
_stage(S.HARDSKILL, gettext_noop("%(subject)s: hardskill training, pre and post test"),
       _("Training: the hardskill training is done within"), Role.TEAM_LEADER, 10)  # fmt: skip
_stage(S.PASSIVE, gettext_noop("%(subject)s: passive tandem and its report"),
       _("Training: the passive tandem is done within"), Role.TEAM_LEADER, 3)  # fmt: skip
_stage(S.ACTIVE, gettext_noop("%(subject)s: active tandem with recording samples"),
       _("Training: the active tandem is done within"), Role.TEAM_LEADER, 5)  # fmt: skip
_stage(S.VALIDATING, gettext_noop("%(subject)s: recording samples validated by QC"),
       _("Training: QC validates the recording samples within"), Role.QUALITY_CONTROL, 3)  # fmt: skip
_stage(S.RECAP, gettext_noop("%(subject)s: recap of the whole training"),
       _("Training: the recap is done within"), Role.TEAM_LEADER, 2)  # fmt: skip
_stage(S.DECIDING, gettext_noop("%(subject)s: who passes is decided"),
       _("Training: who passes is decided within"), Role.COORDINATOR, 3)  # fmt: skip
