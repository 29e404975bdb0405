from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Channel as Channel


class AccountStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")
    SUSPENDED = "suspended", _("Suspended")


class ConnectorKind(models.TextChoices):
    MANUAL = "manual", _("By hand, with proof")
    SCIM = "scim", "SCIM 2.0"


class EnforcementMode(models.TextChoices):
    REMIND = "remind", _("People are reminded")
    ENFORCE = "enforce", _("The connector deactivates")


class OrderState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    DROPPED = "dropped", _("Dropped")


class DeactivationStatus(models.TextChoices):
    RECORDED = "recorded", _("Recorded")
    REQUESTED = "requested", _("Requested")
    IN_PROGRESS = "in_progress", _("In progress")
    FAILED = "failed", _("Failed")
    SHUT = "shut", _("Shut by the connector")
    DEACTIVATED = "deactivated", _("Deactivated")
    DOCUMENTED = "documented", _("Documented")
    CANCELLED = "cancelled", _("Cancelled")


class ReplacementStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    IN_PROGRESS = "in_progress", _("In progress")
    FAILED = "failed", _("Failed")
    REPLACED = "replaced", _("Replaced")
    DOCUMENTED = "documented", _("Documented")
    CANCELLED = "cancelled", _("Cancelled")


class IdRequestStatus(models.TextChoices):
    """A user ID for somebody who is taken on."""

    REQUESTED = "requested", _("Requested")
    GIVEN = "given", _("Given")
    CANCELLED = "cancelled", _("Cancelled")


class DeactivationReason(models.TextChoices):
    """Why an ID is shut: a leaver's (occ.people.choices.LeavingReason), or one of the others of UID-8."""

    RESIGNATION = "resignation", _("Resignation")
    NON_RENEWAL = "non_renewal", _("Contract not renewed")
    DISMISSAL = "dismissal", _("Dismissal")
    DEATH = "death", _("Death")
    TRANSFER = "transfer", _("Transfer")
    LONG_LEAVE = "long_leave", _("Long leave")
    DISCIPLINE = "discipline", _("Discipline")
    DORMANT = "dormant", _("Not used")
    ACCESS_REVIEW = "access_review", _("Revoked in an access review")


# Reasons that need nobody to leave; each has its own time limit.
OTHER_REASONS = [
    DeactivationReason.TRANSFER,
    DeactivationReason.LONG_LEAVE,
    DeactivationReason.DISCIPLINE,
    DeactivationReason.DORMANT,
    DeactivationReason.ACCESS_REVIEW,
]
# The ID comes back to the same holder: it is suspended, and nobody else takes it over meanwhile.
SUSPENDING = [DeactivationReason.LONG_LEAVE]
# The lightest first: of several for which one ID is shut the gravest is kept.
WEIGHT = [
    DeactivationReason.LONG_LEAVE,
    DeactivationReason.DORMANT,
    DeactivationReason.TRANSFER,
    DeactivationReason.ACCESS_REVIEW,
    DeactivationReason.DISCIPLINE,
]
# Revoked by a leader's decision, or under a measure: Support alone does not call that off.
BINDING = frozenset({DeactivationReason.ACCESS_REVIEW, DeactivationReason.DISCIPLINE})


class FindingKind(models.TextChoices):
    """What a reconciliation finds, the gravest first."""

    ACTIVITY_AFTER_LAST_DAY = "activity_after_last_day", _("Activity after the last day")
    ACTIVE_AFTER_LEAVING = "active_after_leaving", _("Active, but the holder has left")
    UNKNOWN = "unknown", _("Not in the logbook")
    ACTIVE_IN_APPLICATION = "active_in_application", _("Active only in the application")
    MISSING = "missing", _("Not in the application")
    INACTIVE_IN_APPLICATION = "inactive_in_application", _("Inactive in the application")
    HOLDER_DIFFERS = "holder_differs", _("Holder differs")
    TWO_IDS = "two_ids", _("Two user IDs for one person")
    EMAIL_DIFFERS = "email_differs", _("E-mail differs")
    DORMANT = "dormant", _("No log-in for a long time")


# An ID that lets somebody in who is gone: two persons answer for it.
GRAVE = frozenset({FindingKind.ACTIVITY_AFTER_LAST_DAY, FindingKind.ACTIVE_AFTER_LEAVING})
# What somebody did under an ID stays to be answered for, though the next log-in hides it in the list: no list ends it.
STAYING = frozenset({FindingKind.ACTIVITY_AFTER_LAST_DAY})


class FindingStatus(models.TextChoices):
    """`CLAIMED`: its owner has said how it is settled; a list, or another person, has yet to show that it is."""

    OPEN = "open", _("Open")
    CLAIMED = "claimed", _("To be confirmed")
    RESOLVED = "resolved", _("Resolved")
    ACCEPTED = "accepted", _("Accepted")
    GONE = "gone", _("No longer found")


# Somebody has still to deal with it, or what was said of it is not shown yet: its clock runs.
STANDING = frozenset({FindingStatus.OPEN, FindingStatus.CLAIMED})


class Way(models.TextChoices):
    """How a finding is settled."""

    APPLICATION = "application", _("Put right in the application")
    LOGBOOK = "logbook", _("Put right in the logbook")
    AS_IT_IS = "as_it_is", _("Stays as it is for a time")
    BEFORE = "before", _("Not named: settled before ways were")


# What an owner may say; by a list, or by somebody else, it then turns out to be so.
SAYABLE = (Way.APPLICATION, Way.LOGBOOK, Way.AS_IT_IS)


class ListSource(models.TextChoices):
    FILE = "file", _("File")
    CONNECTOR = "connector", _("Connector")


class Sight(models.TextChoices):
    """What became of a finding in a run."""

    NEW = "new", _("New")
    AGAIN = "again", _("Found again")
    REOPENED = "reopened", _("Came back")
    GONE = "gone", _("No longer found")


class BreachCause(models.TextChoices):
    LATE_NOTICE = "late_notice", _("Late notice")
    OVERLOOKED = "overlooked", _("Overlooked")
    NOBODY_ON_DUTY = "nobody_on_duty", _("Nobody on duty could do it")
    APPLICATION_DOWN = "application_down", _("The application was not available")
    WRONG_DATA = "wrong_data", _("Wrong or missing data")
    OTHER = "other", _("Other")


class BreachReviewStatus(models.TextChoices):
    OPEN = "open", _("To be reviewed")
    ACTION = "action", _("Corrective action under way")
    CLOSED = "closed", _("Closed")
    VOID = "void", _("No breach")


class AccessReviewStatus(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class AccessDecision(models.TextChoices):
    PENDING = "pending", _("To be decided")
    CONFIRMED = "confirmed", _("Confirmed")
    REVOKED = "revoked", _("Revoked")
    LAPSED = "lapsed", _("No longer held")
