"""Of the monthly evaluation's incentive: how many warning letters were in force on the last day of the month.

A number and nothing else goes out of here: neither what a letter is for nor in which case it stands.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from occ.people.models import Person
from sdm.evaluating.conditions import Condition, register
from sdm.models import WarningLetter


def warnings(person: Person, first: date, last: date) -> Decimal:
    """Issued, not withdrawn, and valid on `last`; none is 0, for that is known."""
    return Decimal(WarningLetter.objects.in_force_on(last).filter(person=person).count())


WARNINGS = register(Condition("warnings", _("Warning letters in force"), "count", warnings, more=False))
