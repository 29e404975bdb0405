from datetime import date, datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import FromDay, OwnSite, OwnTeam, UntilDay
from occ.forms import reachable
from occ.home.deeds_said import codes_saying
from occ.ledger.models import Entry
from occ.obligations.models import Obligation, State
from occ.obligations.rules import RULES
from occ.people.models import Site, User
from occ.people.scope import own_sites
from occ.times import JAKARTA, next_month, start_of_day


class ObligationFilter(filters.FilterSet):
    q = filters.CharFilter(field_name="subject_label", lookup_expr="icontains", label=_("Search"))
    state = filters.ChoiceFilter(
        choices=[("late", _("Too late")), ("overdue", _("Overdue")), *State.choices],
        method="by_state",
        label=_("State"),
        empty_label=_("All"),
    )
    site = OwnSite(to_field_name="code")
    team = OwnTeam(to_field_name="code")
    clause = filters.ChoiceFilter(choices=lambda: clauses(), label=_("Clause"), empty_label=_("All"))
    month = filters.CharFilter(
        method="by_month", label=_("Due in month"), widget=forms.TextInput(attrs={"type": "month"})
    )

    class Meta:
        model = Obligation
        fields: list[str] = []

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        if value == "late":
            return rows.breached()
        return rows.open().filter(due_at__lt=timezone.now()) if value == "overdue" else rows.filter(state=value)

    def by_month(self, rows: Any, name: str, value: str) -> Any:
        """YYYY-MM as the sites' clocks show it; nonsense finds nothing."""
        try:
            first = datetime.strptime(value, "%Y-%m").date()  # noqa: DTZ007
            last: date = next_month(first)
        except (ValueError, OverflowError):
            return rows.none()
        return rows.filter(due_at__gte=start_of_day(first, JAKARTA), due_at__lt=start_of_day(last, JAKARTA))


class MonthField(forms.CharField):
    """A month as a browser sends it, YYYY-MM; its first day."""

    widget = forms.TextInput(attrs={"type": "month"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            found = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007
            next_month(found)
        except (ValueError, OverflowError):
            raise forms.ValidationError(_("Enter a month as in 2026-11."), code="month") from None
        return reachable(found)

    def prepare_value(self, value: Any) -> Any:
        return value.strftime("%Y-%m") if isinstance(value, date) else value


class ComplianceForm(forms.Form):
    """Which of the obligations the page of compliance counts."""

    site = forms.ModelChoiceField(
        Site.objects.none(), to_field_name="code", label=_("Site"), required=False, empty_label=_("All")
    )
    clause = forms.ChoiceField(choices=lambda: [("", _("All")), *clauses()], label=_("Clause"), required=False)
    first = MonthField(label=_("From month"), required=False)
    last = MonthField(label=_("Until month"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = own_sites(user)

    def chosen(self) -> dict[str, Any]:
        """As filters of obligations; nothing where something in it is nonsense."""
        data: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        found = {name: data[name] for name in ("site", "clause") if data.get(name)}
        if data.get("first"):
            found["due_at__gte"] = start_of_day(data["first"], JAKARTA)
        if data.get("last"):
            found["due_at__lt"] = start_of_day(next_month(data["last"]), JAKARTA)
        return found


class LedgerFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    site = OwnSite(to_field_name="code", method="by_site")
    since = FromDay(field_name="at", label=_("From"))
    until = UntilDay(field_name="at", label=_("Until"))

    class Meta:
        model = Entry
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        """What was done, by whom, or what stands in the entry: a user ID, a number."""
        text = value.replace("\x00", "").strip()[:80]
        found = (
            Q(action__icontains=text)
            | Q(action__in=codes_saying(text))
            | Q(actor_label__icontains=text)
            | Q(words__icontains=text)
        )
        return rows.annotate(words=Cast("data", TextField())).filter(found | Q(subject_id=text))

    def by_site(self, rows: Any, name: str, value: Site) -> Any:
        return rows.filter(site_code=value.code)


def clauses() -> list[tuple[str, str]]:
    return sorted({(rule.clause, rule.clause) for rule in RULES.values()})
