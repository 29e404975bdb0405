"""A spreadsheet roster brought in (RTM-1): upload, preview with the cell of each problem, then all of it or nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from occ.people.models import Site, User
from occ.people.scope import sites_for
from occ.sheet_forms import SheetForm, sheet_field
from realtime import roster_jobs as jobs
from realtime.models import Roster
from realtime.services.roster_reading import COLUMNS, LIMITS
from realtime.views.rosters import MonthField
from realtime.workflow import ROSTER_MAKERS


class ImportForm(SheetForm):
    most_bytes = LIMITS.bytes
    too_large = _("The file is larger than 10 MiB: a month's roster is far smaller.")
    file = sheet_field(
        _(
            "XLSX, XLS, ODS or CSV: agents down by employee number, the days of the month across, codes in the cells. "
            "Nothing is written before you have seen the preview."
        )
    )
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    month = MonthField(label=_("Month"))
    reason = forms.CharField(
        label=_("Why the month changes, if it is published"), required=False, max_length=300,
        help_text=_("Agents whose days change are told it."),
    )  # fmt: skip

    def choices_of(self, user: User) -> dict[str, Any]:
        return {"site": Site.objects.filter(pk__in=[one.pk for one in sites_for(user, ROSTER_MAKERS)])}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        site, month = given.get("site"), given.get("month")
        if site and month and not given.get("reason"):
            there = Roster.objects.filter(site=site, month=month)
            if there.published().exists() and not there.in_work().exists():
                self.add_error("reason", gettext("This month is published: say why it changes."))
        return given


WIZARD = Wizard(
    jobs.IMPORT, title=_("Import a roster"), back=(_("Rosters"), "realtime:rosters"), columns=COLUMNS, form=ImportForm,
    template="realtime/import_preview.html", done_template="realtime/import_done.html",
)  # fmt: skip
