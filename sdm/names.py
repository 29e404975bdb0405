"""For modules that hear of people by their e-mail address: whose it was, and when (occ.people.identities).

An address goes from one to another, and people get others: the ledger says what it was before each change.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Upper

from occ.ledger.models import Entry
from occ.people.identities import Held, register
from occ.people.models import Person
from occ.times import end_of_day, start_of_day


def addresses(names: Collection[str]) -> Iterator[Held]:
    wanted = {name.upper() for name in names if "@" in name}
    if not wanted:
        return
    edits = Entry.objects.filter(subject_type="sdm.employee", action="employee.edited", data__was__has_key="email")
    once = (
        edits.annotate(email=Upper(KeyTextTransform("email", KeyTextTransform("was", "data"))))
        .filter(email__in=wanted)
        .values_list("subject_id", flat=True)
    )
    rows = Person.objects.annotate(upper=Upper("email"))
    people = rows.filter(Q(upper__in=wanted) | Q(pk__in=[int(pk) for pk in once])).select_related("site").order_by("pk")
    was: dict[int, list[tuple[datetime, str]]] = {}
    told = edits.filter(subject_id__in=[str(one.pk) for one in people]).order_by("pk")
    for subject, at, email in told.values_list("subject_id", "at", "data__was__email"):
        was.setdefault(int(subject), []).append((at, email))
    for person in people:
        zone, last = person.site.zone, person.last_working_day
        since, over = start_of_day(person.joined_on, zone), end_of_day(last, zone) if last else None
        for until, email in [*was.get(person.pk, []), (over, person.email)]:
            if email.upper() in wanted and (until is None or until > since):
                yield Held(email, person.pk, since, until)
            since = until or since


register(addresses)
