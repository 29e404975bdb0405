"""Results of trainings brought in from a spreadsheet."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from occ.people.models import User
from occ.people.scope import site_filter
from occ.sheet_forms import SheetForm
from sdm.models import TrainingBatch
from sdm.services.training_import import COLUMNS
from sdm.training import jobs
from sdm.training.workflow import HR, TRAINERS


class ImportForm(SheetForm):
    batch = forms.ModelChoiceField(
        TrainingBatch.objects.none(), label=_("Batch"), empty_label=None,
        help_text=_("Each value counts for the stage at which the participant stands."),
    )  # fmt: skip

    def choices_of(self, user: User) -> dict[str, Any]:
        rows = TrainingBatch.objects.filter(site_filter(user, HR | TRAINERS), closed_at=None)
        return {"batch": rows.order_by("-starts_on", "-pk")}


WIZARD = Wizard(
    jobs.IMPORT, title=_("Import results"), back=(_("Training"), "sdm:training"), columns=COLUMNS, form=ImportForm,
    template="sdm/training/import_preview.html", done_template="sdm/training/import_done.html",
)  # fmt: skip
