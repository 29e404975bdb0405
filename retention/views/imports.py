"""Records and documents brought in from a spreadsheet."""

from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from retention import jobs
from retention.forms import RecordImportForm
from retention.registering import jobs as register_jobs
from retention.registering.forms import EntriesImportForm
from retention.registering.importing import COLUMNS as ENTRY_COLUMNS
from retention.services.importing import COLUMNS

WIZARD = Wizard(
    jobs.IMPORT, title=_("Import records"), back=(_("Catalogue"), "retention:records"), columns=COLUMNS,
    form=RecordImportForm, template="retention/import_preview.html", done_template="retention/import_done.html",
)  # fmt: skip
ENTRIES = Wizard(
    register_jobs.IMPORT, title=_("Import documents"), back=(_("Register of documents"), "retention:register"),
    columns=ENTRY_COLUMNS, form=EntriesImportForm, template="retention/entries_preview.html",
    done_template="retention/entries_done.html",
)  # fmt: skip
