from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    VALID = "valid", _("Valid")
    SUPERSEDED = "superseded", _("Superseded")
    DESTROYED = "destroyed", _("Destroyed")


class Purpose(models.TextChoices):
    """What somebody says by signing."""

    PREPARED = "prepared", _("Prepared by")
    CHECKED = "checked", _("Checked by")
    APPROVED = "approved", _("Approved by")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged by")
    EXECUTED = "executed", _("Executed by")
    WITNESSED = "witnessed", _("Witness")


# What one person does not do twice for one document: its maker neither checks nor approves it (four eyes).
APART = frozenset({Purpose.PREPARED, Purpose.CHECKED, Purpose.APPROVED})


class Method(models.TextChoices):
    PASSWORD = "password", _("Password entered again")
