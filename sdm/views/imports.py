"""People brought in from a spreadsheet."""

from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from sdm import jobs
from sdm.forms import ImportForm
from sdm.services.importing import COLUMNS

WIZARD = Wizard(
    jobs.IMPORT, title=_("Import people"), back=(_("People"), "sdm:people"), columns=COLUMNS, form=ImportForm,
    template="sdm/import_preview.html", done_template="sdm/import_done.html",
)  # fmt: skip
