"""When a term ends by what is known of the person, and whether a compensation is owed for it (PP 35/2021 art. 15)."""

from __future__ import annotations

from datetime import date

from occ.people.models import Person
from sdm.contracts.policies import Law
from sdm.contracts.terms import Span, continuous_since, owed
from sdm.models import Employment


def effective_end(employment: Employment, person: Person) -> date:
    """When the term ends: as the contract does, or with the last working day if that is sooner."""
    assert employment.ends_on is not None
    last = person.last_working_day
    if last is not None and employment.starts_on <= last < employment.ends_on:
        return last
    return employment.ends_on


def _service(employment: Employment, ends_on: date) -> date:
    """Since when the person has worked without a day between two contracts."""
    rows = Employment.objects.filter(employee_id=employment.employee_id, ends_on__isnull=False)
    spans = [Span(first, last) for first, last in rows.values_list("starts_on", "ends_on") if last is not None]
    return continuous_since(spans, Span(employment.starts_on, ends_on))


def is_owed(employment: Employment, ends_on: date, numbers: Law) -> bool:
    """Not for a term that never began, as the person had left before."""
    last = employment.employee.person.last_working_day
    if last is not None and last < employment.starts_on:
        return False
    return owed(
        service=_service(employment, ends_on), first=employment.starts_on, last=ends_on, from_months=numbers.from_months
    )  # fmt: skip
