"""What the list of holds is filtered by."""

from typing import Any

import django_filters as filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.filters import OwnSite
from retention.choices import HoldReason
from retention.models import Hold

STATES = [("standing", _("In force")), ("ended", _("Ended")), ("lifted", _("Lifted"))]


class HoldFilter(filters.FilterSet):
    q = filters.CharFilter(method="by_words", label=_("Search"))
    site = OwnSite()
    reason = filters.ChoiceFilter(choices=HoldReason.choices, label=_("Reason"), empty_label=_("All"))
    state = filters.ChoiceFilter(choices=STATES, method="by_state", label=_("Status"), empty_label=_("All"))

    class Meta:
        model = Hold
        fields: list[str] = []

    def by_words(self, rows: Any, name: str, value: str) -> Any:
        for word in value.replace("\x00", "").split()[:6]:
            rows = rows.filter(
                Q(number__icontains=word) | Q(note__icontains=word) | Q(agent__name__icontains=word)
                | Q(agent__number__icontains=word)
            )  # fmt: skip
        return rows

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        today = timezone.localdate()
        if value == "lifted":
            return rows.exclude(lifted_at=None)
        return rows.in_force(today) if value == "standing" else rows.over_by(today)
