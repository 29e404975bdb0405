from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST = timedelta(days=366)  # of one leave


class Group(models.TextChoices):
    """What a kind of leave is; the kinds themselves are rows of a policy."""

    ANNUAL = "annual", _("Annual leave")
    SICK = "sick", _("Sickness")
    MATERNITY = "maternity", _("Maternity")
    IMPORTANT = "important", _("Important reasons")
    UNPAID = "unpaid", _("Unpaid leave")
    PERMISSION = "permission", _("Permission")


class Shown(models.TextChoices):
    """What whoever may not read why somebody is away reads of it: what the roster says as well."""

    LEAVE = "leave", _("Leave")
    SICK = "sick", _("Sick")
    PERMISSION = "permission", _("Permission")


SHOWN = {
    Group.ANNUAL: Shown.LEAVE, Group.SICK: Shown.SICK, Group.MATERNITY: Shown.LEAVE, Group.IMPORTANT: Shown.LEAVE,
    Group.UNPAID: Shown.LEAVE, Group.PERMISSION: Shown.PERMISSION,
}  # fmt: skip
# Of these whoever sees that somebody is away may know the kind too; the others tell of health or family.
OPEN_GROUPS = frozenset({Group.ANNUAL, Group.UNPAID, Group.PERMISSION})
# Comes unasked: it may be told of once it has begun.
SUDDEN = frozenset({Group.SICK, Group.PERMISSION, Group.IMPORTANT, Group.MATERNITY})


class Counted(models.TextChoices):
    WORKING = "working", _("working days")
    CALENDAR = "calendar", _("calendar days")


class YesNo(models.TextChoices):
    YES = "yes", _("yes")
    NO = "no", _("no")


class LeaveStatus(models.TextChoices):
    REQUESTED = "requested", _("Asked for")
    APPROVED = "approved", _("Approved by the superior")
    CONFIRMED = "confirmed", _("Confirmed against the roster")
    TAKEN = "taken", _("Taken")
    REFUSED = "refused", _("Refused")
    CANCELLED = "cancelled", _("Cancelled")


# What stands or may come to stand: two of them never overlap, and all of them use up the balance.
ALIVE = (LeaveStatus.REQUESTED, LeaveStatus.APPROVED, LeaveStatus.CONFIRMED, LeaveStatus.TAKEN)
WAITING = (LeaveStatus.REQUESTED, LeaveStatus.APPROVED)
