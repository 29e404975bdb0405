from django.db import models
from django.utils.translation import gettext_lazy as _


class RenewalStatus(models.TextChoices):
    """Where the renewal of a contract stands (MO 4.1.5)."""

    REMINDED = "reminded", _("Waits for the operation's proposal")
    PROPOSED = "proposed", _("Proposed")
    VERIFIED = "verified", _("Verified by OPC")
    SUBMITTED = "submitted", _("Memo handed to HR")
    CHECKED = "checked", _("Checked by payroll / HR")
    MADE = "made", _("Contract made")
    DISTRIBUTED = "distributed", _("Handed out and explained")
    SIGNED = "signed", _("Signed")
    REGISTERED = "registered", _("Registered at the ministry")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Not renewed")
    LAPSED = "lapsed", _("The term ran out")
    WITHDRAWN = "withdrawn", _("No longer needed")


UNDECIDED = [
    RenewalStatus.REMINDED, RenewalStatus.PROPOSED, RenewalStatus.VERIFIED, RenewalStatus.SUBMITTED,
    RenewalStatus.CHECKED,
]  # fmt: skip
MADE = [
    RenewalStatus.MADE, RenewalStatus.DISTRIBUTED, RenewalStatus.SIGNED, RenewalStatus.REGISTERED, RenewalStatus.CLOSED,
]  # fmt: skip


class CorrectionStatus(models.TextChoices):
    """Of a difference to a compensation that was paid."""

    PROPOSED = "proposed", _("To be approved")
    APPROVED = "agreed", _("To be paid or claimed back")
    SETTLED = "settled", _("Settled")
    REFUSED = "refused", _("Not to be put right")
    VOID = "void", _("Not owed after all")


class CompensationStatus(models.TextChoices):
    DUE = "due", _("To be paid")
    PAID = "paid", _("Paid")
    VOID = "void", _("Not owed after all")
