"""The list of holds as a spreadsheet."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.list_export import register_list
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn
from retention.holding.filters import HoldFilter
from retention.holding.words import period, state_of
from retention.models import Hold
from retention.personal import CATALOGUE_READERS


def reads(user: User) -> bool:
    return has_role(user, CATALOGUE_READERS)


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("Number"), width=22), OutColumn(_("Status"), width=12), OutColumn(_("Reason"), width=20),
        OutColumn(_("What for"), width=50), OutColumn(_("Site"), width=8), OutColumn(_("Kind"), width=16),
        OutColumn(_("Agent"), width=28), OutColumn(_("Without an agent too"), width=14),
        OutColumn(_("Of a customer"), width=14), OutColumn(_("Period"), width=32),
        OutColumn(_("Named records"), width=14), OutColumn(_("Set by"), width=26), OutColumn(_("Set"), width=18),
        OutColumn(_("Until"), width=14), OutColumn(_("Lifted"), width=18), OutColumn(_("Why lifted"), width=40),
    ]  # fmt: skip


def line(one: Hold) -> list[Any]:
    return [
        one.number, str(state_of(one, timezone.localdate())["label"]), one.get_reason_display(), one.note,
        one.site.code, one.get_kind_display() if one.kind else "", str(one.agent) if one.agent else "",
        one.without_agent, bool(one.customer_mark), period(one), one.named, str(one.set_by), one.set_at, one.until,
        one.lifted_at, one.lifted_because,
    ]  # fmt: skip


register_list(
    "retention.holds", gettext_lazy("Legal holds"), may=reads, filters=HoldFilter, order=("set_at", "pk"),
    rows=lambda user, now: Hold.objects.visible_to(user).select_related("site", "agent", "set_by").defer("customer"),
    columns=columns, line=line,
)  # fmt: skip
