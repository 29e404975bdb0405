"""Candidates brought in from a spreadsheet (SDM-3)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occ.import_wizard import Wizard
from occ.people.models import User
from occ.people.scope import site_filter
from occ.sheet_forms import SheetForm
from sdm.models import Recruitment
from sdm.recruiting.choices import RequestStatus
from sdm.recruiting.jobs import IMPORT
from sdm.recruiting.workflow import RECRUIT
from sdm.services.candidate_import import COLUMNS


class CandidateSheetForm(SheetForm):
    recruitment = forms.ModelChoiceField(
        Recruitment.objects.none(), label=_("Request"), empty_label=None,
        help_text=_("Only requests that are being recruited for."),
    )  # fmt: skip

    def choices_of(self, user: User) -> dict[str, Any]:
        rows = Recruitment.objects.filter(site_filter(user, RECRUIT), status=RequestStatus.RECRUITING)
        return {"recruitment": rows.select_related("position", "site").order_by("-requested_at")}


WIZARD = Wizard(
    IMPORT, title=_("Import candidates"), back=(_("Candidates"), "sdm:candidates"), columns=COLUMNS,
    form=CandidateSheetForm, template="sdm/recruiting/import_preview.html",
    done_template="sdm/recruiting/import_done.html",
)  # fmt: skip
