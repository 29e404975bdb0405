"""People brought in from a spreadsheet."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from occ import import_wizard
from occ.import_wizard import Wizard
from sdm import jobs
from sdm.forms import ImportForm
from sdm.services.importing import COLUMNS


def params(form: Any) -> dict[str, Any]:
    site = form.cleaned_data["site"]
    return {"site": site.pk if site else None}


WIZARD = Wizard(
    space="sdm", title=_("Import people"), back=(_("People"), "sdm:people"), columns=COLUMNS, preview=jobs.PREVIEW,
    apply=jobs.APPLY, form=ImportForm, params=params, template="sdm/import_preview.html",
    done_template="sdm/import_done.html",
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
