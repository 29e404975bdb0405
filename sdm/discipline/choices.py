from django.db import models
from django.utils.translation import gettext_lazy as _

LAST_LEVEL = 3


class CaseStatus(models.TextChoices):
    ASSESSED = "assessed", _("Waits for the superior")
    APPRECIATED = "appreciated", _("Appreciated")
    COACHED = "coached", _("Pembinaan given")
    IMPROVING = "improving", _("Improvement being watched")
    IMPROVED = "improved", _("Improved, verified")
    FILED = "filed", _("Filed")
    PROBLEM = "problem", _("Problem identified")
    SP_REQUESTED = "sp_requested", _("Warning letter asked for")
    SP_ISSUED = "sp_issued", _("Warning letter issued")
    FINAL = "final", _("Final")
    EXITING = "exiting", _("Exit process under way")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")


class Matter(models.TextChoices):
    """What the pembinaan is about (the chart's first box)."""

    DISCIPLINE = "discipline", _("Discipline")
    PERFORMANCE = "performance", _("Performance")


class Method(models.TextChoices):
    COACHING = "coaching", _("Coaching")
    COUNSELLING = "counselling", _("Counselling")
    MENTORING = "mentoring", _("Mentoring")


class EntryKind(models.TextChoices):
    """What an entry of a case's record tells of."""

    OPENED = "opened", _("Performance looked at")
    APPRECIATED = "appreciated", _("Appreciation")
    CANCELLED = "cancelled", _("Cancelled")
    COACHED = "coached", _("Pembinaan")
    COMMITTED = "committed", _("What the person will improve")
    SILENT = "silent", _("Begun without the person's words")
    MONITORED = "monitored", _("Improvement watched")
    IMPROVED = "improved", _("Improved, verified")
    PROBLEM = "problem", _("Problem and pembinaan for it")
    REQUESTED = "requested", _("Warning letter asked for")
    RETURNED = "returned", _("Request sent back")
    ISSUED = "issued", _("Warning letter issued")
    RECEIVED = "received", _("Letter received")
    REFUSED = "refused", _("Receipt refused")
    FINAL = "final", _("Final")
    SPARED = "spared", _("Not final")
    EXIT = "exit", _("Exit process")
    FILED = "filed", _("Filed")
    WITHDRAWN = "withdrawn", _("Warning letter withdrawn")
    LEFT = "left", _("The person left")


class Receipt(models.TextChoices):
    SIGNED = "signed", _("Signed for by the person")
    PAPER = "paper", _("Signed on paper")
    REFUSED = "refused", _("Receipt refused before two witnesses")
