"""The plan of personnel, wages, letters and evaluations of before brought in as spreadsheets (SDM-11)."""

from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from occ.sheet_forms import SheetForm
from sdm.row_jobs import EVALUATION_IMPORT, LETTER_IMPORT, PLAN_IMPORT, WAGE_IMPORT
from sdm.services import letter_import, past_evaluation_import, plan_import, wage_import

PLAN = Wizard(
    PLAN_IMPORT, title=_("Import the plan"), back=(_("Plan of personnel"), "sdm:plan"), columns=plan_import.COLUMNS,
    form=SheetForm, template="sdm/imports/preview.html", done_template="sdm/imports/done.html",
)  # fmt: skip
WAGES = Wizard(
    WAGE_IMPORT, title=_("Import wages"), back=(_("Compensations"), "sdm:compensations"), columns=wage_import.COLUMNS,
    form=SheetForm, template="sdm/imports/preview.html", done_template="sdm/imports/done.html",
)  # fmt: skip
LETTERS = Wizard(
    LETTER_IMPORT, title=_("Import warning letters of before"), back=(_("Pembinaan"), "sdm:discipline"),
    columns=letter_import.COLUMNS, form=SheetForm, template="sdm/imports/preview.html",
    done_template="sdm/imports/done.html",
)  # fmt: skip
EVALUATIONS = Wizard(
    EVALUATION_IMPORT, title=_("Import evaluations of before"),
    back=(_("Evaluations of before"), "sdm:past_evaluations"), columns=past_evaluation_import.COLUMNS, form=SheetForm,
    template="sdm/imports/preview.html", done_template="sdm/imports/done.html",
)  # fmt: skip
