"""How OCC reaches the applications whose user IDs it keeps (UID-10)."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from occ.errors import Refused
from userids.connectors.base import Connector

if TYPE_CHECKING:
    from userids.models import Application


def connector_for(application: "Application") -> Connector:
    """The application's connector. Raises Refused where it has none."""
    raise Refused(_("%(application)s has no connector.") % {"application": application}, code="no_connector")
