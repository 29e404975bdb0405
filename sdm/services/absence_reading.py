"""Of whom a reader knows the leave, for whom one asks, and the annual leave of many people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q, QuerySet

from occ.people.models import Person, PersonQuerySet, User
from occ.people.scope import site_filter
from occ.times import JAKARTA, local_day
from sdm.absence.balance import Balance
from sdm.absence.choices import Group
from sdm.absence.policies import Rules
from sdm.absence.workflow import ON_BEHALF
from sdm.models import LeaveRequest, led_people
from sdm.personal import ABSENCE_LEADERS, ABSENCE_READERS
from sdm.services.absence import balance_on

READERS = ABSENCE_READERS | ABSENCE_LEADERS


def people_to_act_for(user: User, now: datetime) -> PersonQuerySet:
    """Whose leave that user may ask for: the own, of whom one leads, HR and the coordinator of the site's."""
    today = local_day(now, JAKARTA)
    rows = Person.objects.working_on(today).filter(joined_on__lte=today)
    by_site = site_filter(user, ON_BEHALF - ABSENCE_LEADERS)
    if not by_site:
        return rows
    return rows.filter(by_site | Q(pk__in=led_people(user).values("pk")) | Q(pk=user.person_id or 0))


def people_of(user: User, now: datetime) -> QuerySet[Person]:
    """Whose balance the user reads: who works here and whose leave is theirs to see, and the own."""
    rows = Person.objects.working_on(local_day(now, JAKARTA)).select_related("site")
    by_site = site_filter(user, ABSENCE_READERS)
    if not by_site:
        return rows
    return rows.filter(by_site | Q(pk__in=led_people(user).values("pk")) | Q(pk=user.person_id or 0))


def balances_on(people: Collection[Person], day: date) -> dict[int, Balance]:
    """The annual leave of many, by two queries."""
    by_pk = {one.pk: one for one in people}
    used: dict[int, list[date]] = defaultdict(list)
    rows = LeaveRequest.objects.alive().filter(employee_id__in=by_pk, group=Group.ANNUAL)
    for pk, ends_on, days in rows.values_list("employee_id", "ends_on", "days"):
        if ends_on >= by_pk[pk].joined_on:
            used[pk] += days
    rules = Rules()
    return {pk: balance_on(one, day, rules=rules, used=used[pk]) for pk, one in by_pk.items()}
