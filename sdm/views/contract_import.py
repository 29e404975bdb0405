"""Contracts brought in from a spreadsheet (SDM-7)."""

from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from occ.sheet_forms import SheetForm
from sdm.contracts import jobs
from sdm.services.contract_import import COLUMNS

WIZARD = Wizard(
    jobs.IMPORT, title=_("Import contracts"), back=(_("Contracts"), "sdm:contracts"), columns=COLUMNS, form=SheetForm,
    template="sdm/contracts/import_preview.html", done_template="sdm/contracts/import_done.html",
)  # fmt: skip
