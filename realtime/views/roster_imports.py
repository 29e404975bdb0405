"""A spreadsheet roster brought in (RTM-1): upload, preview with the cell of each problem, then all of it or nothing."""

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
from occ.people.models import Site, User
from occ.people.scope import sites_for
from realtime import roster_jobs as jobs
from realtime.services.roster_reading import COLUMNS, LIMITS
from realtime.views.rosters import MonthField
from realtime.workflow import ROSTER_MAKERS


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("Spreadsheet"),
        help_text=_(
            "XLSX, XLS, ODS or CSV: agents down by employee number, the days of the month across, codes in the cells. "
            "Nothing is written before you have seen the preview."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.xlsm"}),
    )
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    month = MonthField(label=_("Month"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, ROSTER_MAKERS)])

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LIMITS.bytes:
            raise forms.ValidationError(_("The file is larger than 10 MiB: a month's roster is far smaller."))
        return file


def params(form: Any) -> dict[str, Any]:
    return {"site": form.cleaned_data["site"].pk, "month": form.cleaned_data["month"].isoformat()}


WIZARD = Wizard(
    space="realtime", title=_("Import a roster"), back=(_("Rosters"), "realtime:rosters"), columns=COLUMNS,
    preview=jobs.PREVIEW, apply=jobs.APPLY, form=ImportForm, params=params,
    template="realtime/import_preview.html", done_template="realtime/import_done.html",
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
