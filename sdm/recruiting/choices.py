from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestStatus(models.TextChoices):
    """Where a request stands; each waits for one of the chart's lanes."""

    REQUESTED = "requested", _("Requested")
    REVISION = "revision", _("Back for revision")
    SCHEME = "scheme", _("Salary scheme to be checked")
    RECRUITING = "recruiting", _("Recruiting")
    LISTED = "with_operation", _("List with the operation")
    LIST_APPROVED = "list_approved", _("List approved")
    CONTRACTING = "contracting", _("Contracts and ID cards")
    HIRED = "hired", _("Hired")
    BAPP = "bapp", _("BAPP made")
    RECEIVED = "received", _("BAPP received")
    CANCELLED = "cancelled", _("Cancelled")


class Why(models.TextChoices):
    REPLACEMENT = "replacement", _("Somebody leaves")
    GROWTH = "growth", _("More people are planned")
    SERVICE = "service", _("A new service")


class CandidateStatus(models.TextChoices):
    """The columns of the board; the last four are ends or wait for another try."""

    APPLIED = "applied", _("Applied")
    FITS = "fits", _("Meets the specification")
    TRAINING = "training", _("Training softskill")
    PASSED = "passed", _("Training passed")
    APPROVED = "approved", _("Approved by the operation")
    CONTRACT = "contract", _("Contract and ID card made")
    SIGNED = "signed", _("PKWT signed")
    HIRED = "hired", _("Hired")
    NOT_PASSED = "not_passed", _("Training not passed")
    REJECTED = "rejected", _("Not taken on")
    WITHDRAWN = "withdrawn", _("Withdrew")


class CriterionKind(models.TextChoices):
    EDUCATION = "education", _("Education")
    EXPERIENCE = "experience", _("Experience")
    SKILL = "skill", _("Skill")
    AGE = "age", _("Age")


class Judgement(models.TextChoices):
    MET = "met", _("Met")
    NOT_MET = "not_met", _("Not met")
    WAIVED = "waived", _("Waived")
