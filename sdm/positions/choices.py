from django.db import models
from django.utils.translation import gettext_lazy as _


class Education(models.TextChoices):
    """What school somebody finished, the least first."""

    SMA = "sma", "SMA/SMK"
    D1 = "d1", "D1"
    D2 = "d2", "D2"
    D3 = "d3", "D3"
    S1 = "s1", "D4/S1"
    S2 = "s2", "S2"
    S3 = "s3", "S3"

    @property
    def rank(self) -> int:
        return list(Education).index(self)


class PlanSource(models.TextChoices):
    MANUAL = "manual", _("Table of the manual")
    CHANGED = "changed", _("Changed by the operation")
