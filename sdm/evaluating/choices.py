from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Role


class PeriodStatus(models.TextChoices):
    COLLECTING = "collecting", _("Scores are collected")
    RETURNED = "sent_back", _("Report goes back")
    REPORTED = "reported", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    DISTRIBUTED = "distributed", _("Distributed")
    VALIDATED = "validated", _("Validated")
    PAID = "paid", _("Paid")


class EvaluationStatus(models.TextChoices):
    DUE = "due", _("To be scored")
    SCORED = "scored", _("Scored")
    RETURNED = "sent_back", _("Sent back to the superior")
    VERIFIED = "verified", _("Verified")
    WAIVED = "waived", _("Not evaluated")
    TOLD = "told", _("To be told and signed")
    SIGNED = "signed", _("Signed")
    WITNESSED = "witnessed", _("Told without a signature")


class SchemeStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    DISCARDED = "discarded", _("Discarded")


class RunKind(models.TextChoices):
    MAIN = "main", _("Payment of the month")
    SUPPLEMENT = "supplement", _("Supplement: differences only")


TOTAL = "total"  # what a band of the incentive goes by, beside the components
# What the superior judges, 0 to 100.
JUDGED: tuple[tuple[str, object], ...] = (
    ("judged.discipline", _("Discipline")),
    ("judged.attitude", _("Attitude and teamwork")),
    ("judged.initiative", _("Initiative and improvement")),
    ("judged.work", _("Results of the work")),
    ("judged.leading", _("Leading and coaching of the team")),
    ("judged.reporting", _("Reports: complete and in time")),
)
# Key figures that can be told of a person, by the key under which they are registered in occ.figures.
MEASURED: tuple[tuple[str, object], ...] = (
    ("coaching.qm", _("QM")),
    ("realtime.attendance", _("Attendance")),
    ("realtime.login_accuracy", _("Login accuracy")),
    ("realtime.adherence", _("Adherence")),
    ("realtime.conformance", _("Conformance")),
    ("realtime.aht", _("AHT")),
    ("realtime.rotg", _("Violations of tata tertib")),
    ("realtime.productivity", _("Productivity")),
)
COMPONENTS = MEASURED + JUDGED
LABELS = dict(COMPONENTS)
JUDGED_KEYS = frozenset(key for key, _label in JUDGED)
# Who may be the superior that scores (MO 4.1.4 "atasan terkait"); which of them of whom is a policy.
SCORERS = (Role.TEAM_LEADER, Role.COORDINATOR, Role.QUALITY_ASSURANCE, Role.MANAGER, Role.HEAD_MANAGER)
