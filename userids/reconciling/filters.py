from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import FromDay, OwnSite, UntilDay
from occ.people.choices import Role
from userids.choices import FindingKind, FindingStatus, Sight, Way
from userids.models import Application
from userids.models.reconciliation import Finding, Reconciliation
from userids.reconciling.policies import RULE

SEEN = "seen"


class FindingFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    status = filters.ChoiceFilter(
        choices=[*FindingStatus.choices, ("late", _("Overdue"))],
        method="by_status",
        label=_("Status"),
        empty_label=_("All"),
    )
    way = filters.ChoiceFilter(choices=Way.choices, label=_("Way"), empty_label=_("All"))
    kind = filters.ChoiceFilter(choices=FindingKind.choices, label=_("Finding"), empty_label=_("All"))
    site = OwnSite()
    owner = filters.ChoiceFilter(
        field_name="owner_role",
        choices=[(str(role), Role(role).label) for role in RULE],
        label=_("Owner"),
        empty_label=_("All"),
    )
    application = filters.ModelChoiceFilter(
        queryset=Application.objects.all(), label=_("Application"), empty_label=_("All")
    )
    run = filters.NumberFilter(
        method="by_run", label=_("Reconciliation no."), min_value=1, max_value=2**62,
        widget=forms.NumberInput(attrs={"min": 1}),
    )  # fmt: skip
    sight = filters.ChoiceFilter(
        choices=[(SEEN, _("Found")), *Sight.choices], method="nothing", label=_("In that run"), empty_label=_("All")
    )
    due_to = UntilDay(field_name="due_at", label=_("Due until"))

    class Meta:
        model = Finding
        fields: list[str] = []

    def nothing(self, rows: Any, name: str, value: Any) -> Any:
        return rows

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(user_id__icontains=word) | Q(person__name__icontains=word) | Q(person__number__icontains=word)
            )
        return rows

    def by_status(self, rows: Any, name: str, value: str) -> Any:
        """“Open” is what figures count as open: what was said to be put right too, until a list shows it."""
        if value == "late":
            return rows.open().filter(due_at__lt=timezone.now())
        return rows.open() if value == FindingStatus.OPEN else rows.filter(status=value)

    def by_run(self, rows: Any, name: str, value: Any) -> Any:
        """What that run saw: all but what it found gone, or what the filter beside it says."""
        sight = self.form.cleaned_data.get("sight")
        if sight and sight != SEEN:
            return rows.filter(sightings__run=int(value), sightings__sight=sight)
        return rows.filter(sightings__run=int(value), sightings__sight__in=[Sight.NEW, Sight.AGAIN, Sight.REOPENED])


class ReconciliationFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    application = filters.ModelChoiceFilter(
        queryset=Application.objects.all(), label=_("Application"), empty_label=_("All")
    )
    ran_from = FromDay(field_name="ran_at", label=_("From"))
    ran_to = UntilDay(field_name="ran_at", label=_("Until"))

    class Meta:
        model = Reconciliation
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(file_name__icontains=word) | Q(started_by_label__icontains=word) | Q(sha256__startswith=word.lower())
            )
        return rows
