"""What of contracts is found by search: by the contract's number and by the person."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result, register
from sdm.contracts.documents import day
from sdm.models import Employment, Renewal


def find_contracts(user: User, text: str, limit: int) -> Iterator[Result]:
    """By number only: by name one finds the person."""
    word = text.strip()
    if len(word) < 4:
        return
    rows = Employment.objects.visible_to(user).filter(number__icontains=word).select_related("employee__person")
    for one in rows.order_by("-starts_on", "pk")[:limit]:
        yield Result(
            one.number,
            f"{one.employee.person.name} · {day(one.starts_on)} – {day(one.ends_on)}",
            one.get_absolute_url(),
        )


def find_renewals(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Renewal.objects.visible_to(user).select_related("employment__employee__person", "site")
    for word in text.split()[:6]:
        person = "employment__employee__person"
        rows = rows.filter(
            Q(**{f"{person}__name__icontains": word}) | Q(**{f"{person}__number__iexact": word})
            | Q(number__iexact=word) | Q(memo__iexact=word)
        )  # fmt: skip
    for one in rows.order_by("-ends_on", "-pk")[:limit]:
        yield Result(str(one), f"{one.get_status_display()} · {day(one.ends_on)}", one.get_absolute_url())


register(gettext_lazy("Contracts"), find_contracts)
register(gettext_lazy("Contract renewals"), find_renewals)
