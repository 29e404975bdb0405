"""Leave brought in as a spreadsheet (SDM-11)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from occ.sheet_forms import SheetForm
from sdm.absence import jobs
from sdm.absence.importing import COLUMNS

WIZARD = Wizard(
    jobs.IMPORT, title=_("Import leave"), back=(_("Leave"), "sdm:leaves"), columns=COLUMNS, form=SheetForm,
    template="sdm/absence/import_preview.html", done_template="sdm/absence/import_done.html",
)  # fmt: skip
