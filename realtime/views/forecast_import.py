"""A forecast brought in as a spreadsheet (RTM-3)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import site_filter
from occ.sheet_forms import SheetForm
from realtime.forecasting import jobs
from realtime.forecasting.importing import COLUMNS
from realtime.forecasting.services import FORECASTERS

MINUTES = [(15, _("15 minutes")), (30, _("30 minutes")), (60, _("60 minutes"))]


class ImportForm(SheetForm):
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    minutes = forms.TypedChoiceField(label=_("A row is an interval of"), choices=MINUTES, coerce=int, initial=30)

    def choices_of(self, user: User) -> dict[str, Any]:
        return {"site": Site.objects.filter(site_filter(user, FORECASTERS, "pk"))}


WIZARD = Wizard(
    jobs.IMPORT, title=_("Import a forecast"), back=(_("Forecast"), "realtime:forecasts"), columns=COLUMNS,
    form=ImportForm, template="realtime/forecast_import_preview.html",
    done_template="realtime/forecast_import_done.html",
)  # fmt: skip
