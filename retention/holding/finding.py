"""Legal holds in the search across modules."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result, register
from retention.holding.words import state_of
from retention.models import Hold


def find_holds(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Hold.objects.visible_to(user).defer("customer").filter(Q(number__icontains=text) | Q(note__icontains=text))
    for hold in rows.order_by("-pk")[:limit]:
        label = state_of(hold, timezone.localdate())["label"]
        yield Result(hold.number, f"{label} · {hold.get_reason_display()}", hold.get_absolute_url())


register(gettext_lazy("Legal holds"), find_holds)
