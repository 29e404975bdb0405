from django.db import models
from django.utils.translation import gettext_lazy as _


class EmploymentKind(models.TextChoices):
    """PKWT ends on a day that the contract names; PKWTT does not (PP 35/2021)."""

    PKWT = "pkwt", _("PKWT (fixed term)")
    PKWTT = "pkwtt", _("PKWTT (permanent)")


class Began(models.TextChoices):
    """Why somebody has been at a place since a day."""

    HIRED = "hired", _("Taken on")
    RETURNED = "returned", _("Taken on again")
    TRANSFERRED = "transferred", _("Transferred")
    TAKEN_UP = "taken_up", _("Known before the records began")


class Standing(models.TextChoices):
    """What somebody was on a day; never stored, always asked of the dated rows."""

    WORKING = "working", _("Working")
    LEAVING = "leaving", _("Leaving")
    PLANNED = "planned", _("Not begun yet")
    LEFT = "left", _("Left")


class LeavingStatus(models.TextChoices):
    RECORDED = "recorded", _("Recorded")
    INTERVIEWED = "interviewed", _("Exit interview done or waived")
    CLEARED = "cleared", _("Everything handed back")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Outcome(models.TextChoices):
    """How an item of the clearance list was settled."""

    RETURNED = "returned", _("Handed back / done")
    NOT_ISSUED = "not_issued", _("Was never given")
    MISSING = "missing", _("Missing: see the note")


class MainReason(models.TextChoices):
    """What the leaver names as the main reason, in the exit interview."""

    CAREER = "career", _("Another job or career")
    PAY = "pay", _("Pay and benefits")
    WORKLOAD = "workload", _("Workload and shifts")
    LEADERSHIP = "leadership", _("Leadership and team")
    FAMILY = "family", _("Family or moving house")
    HEALTH = "health", _("Health")
    STUDY = "study", _("Study")
    CONTRACT = "contract", _("The contract ended")
    OTHER = "other", _("Something else")
