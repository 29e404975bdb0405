"""Documents that were entered by hand in the search across modules; issued ones are found by occ.documents."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result, register
from retention.models import Entry


def find_entries(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Entry.objects.visible_to(user).filter(Q(number__icontains=text) | Q(title__icontains=text))
    for entry in rows.order_by("-pk")[:limit]:
        yield Result(entry.number, entry.title, entry.get_absolute_url())


register(gettext_lazy("Register of documents"), find_entries)
