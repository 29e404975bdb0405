"""A backup holds no rights: who reads the views of schema `reporting` gets them back (RTM-16)."""

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from occ.after_restore import register


def reporting_open(now: datetime) -> list[str]:
    """Give the role of the dashboards its views, where there is that role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reporting.open_to()")
        (given,) = cursor.fetchone()
    return [_("The dashboards' role may read the reporting views again.")] if given else []


register(reporting_open)
