"""The spreadsheet logbook brought in (UID-13)."""

from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from userids import jobs
from userids.forms import ImportForm
from userids.services.importing import COLUMNS

WIZARD = Wizard(
    jobs.IMPORT, title=_("Import the logbook"), back=(_("Logbook"), "userids:accounts"), columns=COLUMNS,
    form=ImportForm, template="userids/import_preview.html", done_template="userids/import_done.html",
)  # fmt: skip
