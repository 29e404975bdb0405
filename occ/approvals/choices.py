from django.db import models
from django.utils.translation import gettext_lazy as _


class Decision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    IN_PART = "in_part", _("Approved in part")
    REFUSED = "refused", _("Refused")
