from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    MINOR = "minor", _("Minor")
    MODERATE = "moderate", _("Moderate")
    MAJOR = "major", _("Major")


class WalkStatus(models.TextChoices):
    OPEN = "open", _("Being walked")
    FINISHED = "finished", _("Finished")


class Answer(models.TextChoices):
    """What a floor walk says of a rule."""

    OK = "ok", _("Complied with")
    VIOLATION = "violation", _("Violated")
    NOT_APPLICABLE = "na", _("Not applicable")


class ViolationStatus(models.TextChoices):
    RECORDED = "recorded", _("Waits for the agent's answer")
    ANSWERED = "answered", _("Answered")
    UNANSWERED = "unanswered", _("Not answered in time")
    UPHELD = "upheld", _("Upheld")
    DROPPED = "dropped", _("Dropped")


class FollowUp(models.TextChoices):
    """What repeated violations lead to."""

    COACHING = "coaching", _("Coaching")
    PEMBINAAN = "pembinaan", "Pembinaan"


class Basis(models.TextChoices):
    """What must repeat."""

    RULE = "rule", _("the same rule")
    SEVERITY = "severity", _("any rules of that severity")


class ProposalStatus(models.TextChoices):
    OPEN = "open", _("To be decided")
    ACCEPTED = "agreed", _("Accepted")
    DISMISSED = "dismissed", _("Dismissed")
