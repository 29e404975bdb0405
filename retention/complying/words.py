"""The figures' names, in the order in which the page shows them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

FIGURES: dict[str, Any] = {
    "records": _("Records"),
    "backed_up": _("Backed up"),
    "verified": _("Verified"),
    "unrestorable": _("Cannot be restored"),
    "overdue": _("Overdue"),
    "held": _("Held"),
    "proposed": _("Proposed"),
    "approved": _("Approved"),
    "destroyed": _("Destroyed"),
    "beyond": _("Beyond the limit without a reason"),
}
