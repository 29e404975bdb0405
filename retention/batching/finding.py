"""Backup batches in the search across modules, by what they are called: JKT-chat-202601."""

from collections.abc import Iterator

from django.db.models import CharField, F, Func, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result, register
from retention.models import Batch


def find_batches(user: User, text: str, limit: int) -> Iterator[Result]:
    month = Func(F("month"), Value("YYYYMM"), function="to_char", output_field=CharField())
    named = Batch.objects.visible_to(user).annotate(name=Concat("site__code", Value("-"), "kind", Value("-"), month))
    whole, _dash, part = text.rpartition("-")
    rows = named.filter(name__icontains=text)
    if part.isascii() and part.isdecimal() and len(part) < 4:  # JKT-chat-202601-2
        rows = rows | named.filter(name__iexact=whole, part=int(part))
    for one in rows.select_related("site").order_by("-month", "-pk")[:limit]:
        yield Result(one.identifier, f"{one.get_status_display()} · {one.site.name}", one.get_absolute_url())


register(gettext_lazy("Backup batches"), find_batches)
