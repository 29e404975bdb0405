"""The list of log-ins as a spreadsheet."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.list_export import register_list
from occ.login.filters import LoginFilter
from occ.login.selectors import administers, logins
from occ.sheets.writing import OutColumn


def columns() -> list[OutColumn]:
    return [
        OutColumn(_("User name"), width=24), OutColumn(_("Name"), width=30), OutColumn(_("Employee number"), width=16),
        OutColumn(_("Roles"), width=40), OutColumn(_("Site"), width=8), OutColumn(_("On"), width=8),
        OutColumn(_("Second factor"), width=14), OutColumn(_("Last log-in"), width=18),
    ]  # fmt: skip


def line(one: Any) -> list[Any]:
    roles = ", ".join(str(held.get_role_display()) for held in one.held)
    person = one.person
    return [
        one.username, one.get_full_name(), person.number if person else "", roles, person.site.code if person else "",
        one.is_active, one.has_factor, one.last_login,
    ]  # fmt: skip


register_list(
    "login.logins", gettext_lazy("Log-ins"), may=administers, filters=LoginFilter, order=("username", "pk"),
    rows=logins, columns=columns, line=line,
)  # fmt: skip
