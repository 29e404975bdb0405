"""A forecast brought in as a spreadsheet (RTM-3)."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ import import_wizard
from occ.import_wizard import Wizard
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import site_filter
from realtime.forecasting import jobs
from realtime.forecasting.importing import COLUMNS
from realtime.forecasting.services import FORECASTERS

MINUTES = [("15", _("15 minutes")), ("30", _("30 minutes")), ("60", _("60 minutes"))]


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("Spreadsheet"),
        help_text=_("XLSX, XLS, ODS or CSV, at most 50 MiB. Nothing is written before you have seen the preview."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.xlsm"}),
    )
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    minutes = forms.ChoiceField(label=_("A row is an interval of"), choices=MINUTES, initial="30")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(site_filter(user, FORECASTERS, "pk"))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > 50 * 2**20:
            raise forms.ValidationError(_("The file is larger than 50 MiB. Split it into smaller files."))
        return file


def params(form: Any) -> dict[str, Any]:
    given = form.cleaned_data
    return {"site": given["site"].pk, "channel": given["channel"], "minutes": int(given["minutes"])}


WIZARD = Wizard(
    space="realtime:forecasts", title=_("Import a forecast"), back=(_("Forecast"), "realtime:forecasts"),
    columns=COLUMNS, preview=jobs.PREVIEW, apply=jobs.APPLY, form=ImportForm, params=params,
    template="realtime/forecast_import_preview.html", done_template="realtime/forecast_import_done.html",
)  # fmt: skip


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    return import_wizard.upload(request, WIZARD)


@require_GET
@never_cache
def preview(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return import_wizard.preview(request, pk, WIZARD)


@require_POST
def apply(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return import_wizard.apply(request, pk, WIZARD)


@require_GET
def faulty(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    return import_wizard.faulty(request, pk, WIZARD)
