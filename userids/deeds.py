"""The ledger's action codes of this app in words (see occ.ledger.words); those of flows are their transitions."""

from django.utils.translation import gettext_lazy as _

from occ.ledger.words import register_deeds

register_deeds(
    {
        "access_review.decided": _("User ID confirmed or revoked in an access review"),
        "account.created": _("User ID entered into the logbook"),
        "account.edited": _("User ID edited"),
        "account.resumed": _("Suspended user ID opened again"),
        "application.edited": _("Application edited"),
        "application.enforcement": _("Enforcement of an application set"),
        "application.tested": _("Connection of an application tested"),
        "connector.asked": _("Connector asked"),
        "connector.dropped": _("Connector's order dropped"),
        "connector.enforced": _("Connector asked by the policy"),
        "logbook.imported": _("Logbook imported"),
        "userids.reconciled": _("List of an application reconciled"),
    }
)
