"""What of tata tertib is found by search: rules that hold, violations by person or rule."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result, register
from occ.times import JAKARTA, local_day
from realtime.models import RuleVersion, Violation


def find_rules(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = RuleVersion.objects.visible_to(user).in_force(local_day(timezone.now(), JAKARTA)).select_related("rule")
    for word in text.split()[:6]:
        rows = rows.filter(Q(text__icontains=word) | Q(rule__number__iexact=word))
    for one in rows.order_by("rule__number")[:limit]:
        yield Result(_("Rule %(number)s") % {"number": one.rule.number}, one.text, one.get_absolute_url())


def find_violations(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Violation.objects.visible_to(user).select_related("person", "version__rule", "site")
    for word in text.split()[:6]:
        rows = rows.filter(
            Q(person__name__icontains=word) | Q(person__number__iexact=word) | Q(version__rule__number__iexact=word)
        )
    for one in rows.order_by("-seen_at", "-pk")[:limit]:
        when = f"{one.seen_at.astimezone(one.site.zone):%Y-%m-%d %H:%M}"
        yield Result(str(one), f"{one.get_status_display()} · {when}", one.get_absolute_url())


register(gettext_lazy("Rules of the game"), find_rules)
register(gettext_lazy("Violations"), find_violations)
