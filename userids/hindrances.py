"""For rosters: who has no user ID to work with on a day (occ.people.hindrances)."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from django.db.models import Max

from occ.people.hindrances import USER_ID, Hindrance, register
from occ.times import JAKARTA, local_day
from userids.choices import AccountStatus
from userids.models import Assignment


def without_id(people: Collection[int], first: date, last: date) -> Iterator[Hindrance]:
    """People who hold no active ID now, from the day after they held one last: whoever is to have one by a day to come
    has it recorded first."""
    mine = Assignment.objects.filter(person_id__in=people)
    held = mine.filter(ends_at=None, account__status=AccountStatus.ACTIVE)
    without = set(people) - set(held.values_list("person_id", flat=True))
    ended = dict(mine.filter(person_id__in=without).values_list("person_id").annotate(at=Max("ends_at")))
    for person_id in sorted(without):
        at = ended.get(person_id)
        since = local_day(at, JAKARTA) + timedelta(days=1) if at else first
        if since <= last:
            yield Hindrance(person_id, max(first, since), last, USER_ID)


register(without_id)
