"""Records brought in from a spreadsheet."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ import import_wizard
from occ.import_wizard import Wizard
from retention import jobs
from retention.forms import RecordImportForm
from retention.services.importing import COLUMNS


def params(form: Any) -> dict[str, Any]:
    return {"source": form.cleaned_data["source"].pk}


WIZARD = Wizard(
    space="retention", title=_("Import records"), back=(_("Catalogue"), "retention:records"), columns=COLUMNS,
    preview=jobs.PREVIEW, apply=jobs.APPLY, form=RecordImportForm, params=params,
    template="retention/import_preview.html", done_template="retention/import_done.html",
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
