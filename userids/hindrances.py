"""For rosters: who has no user ID to work with on a day (occ.people.hindrances)."""

from collections.abc import Collection, Iterator
from datetime import date

from occ.people.hindrances import USER_ID, Hindrance, register
from userids.models import Account, Assignment


def without_id(people: Collection[int], first: date, last: date) -> Iterator[Hindrance]:
    """People who hold no active ID now: whoever is to have one by then has it recorded first."""
    held = Assignment.objects.filter(
        person_id__in=people, ends_at=None, account__in=Account.objects.filter(status="active")
    )
    for person_id in set(people) - set(held.values_list("person_id", flat=True)):
        yield Hindrance(person_id, first, last, USER_ID)


register(without_id)
