from django.db import models
from django.utils.translation import gettext_lazy as _


class TrainingStatus(models.TextChoices):
    """Where a participant stands: the stages of the chart, and how it ended."""

    REGISTERED = "registered", _("Registered")
    SOFTSKILL = "softskill", _("Softskill training")
    HARDSKILL = "hardskill", _("Hardskill training")
    PASSIVE = "tandem_passive", _("Passive tandem")
    ACTIVE = "tandem_active", _("Active tandem")
    VALIDATING = "validating", _("Validation by QC")
    RECAP = "recap", _("Recap of the training")
    DECIDING = "deciding", _("Meeting and validation")
    PASSED = "passed", _("Passed")
    OUT = "out", _("Out")


STAGES = (
    TrainingStatus.REGISTERED, TrainingStatus.SOFTSKILL, TrainingStatus.HARDSKILL, TrainingStatus.PASSIVE,
    TrainingStatus.ACTIVE, TrainingStatus.VALIDATING, TrainingStatus.RECAP, TrainingStatus.DECIDING,
)  # fmt: skip
# Stages whose results are entered; those of the validation are the samples' average.
SCORED = (TrainingStatus.SOFTSKILL, TrainingStatus.HARDSKILL, TrainingStatus.PASSIVE, TrainingStatus.ACTIVE)
