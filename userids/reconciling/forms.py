from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.forms import DayField, InstantField
from occ.people.models import User
from occ.sheet_forms import must_be_sheet
from userids.choices import SAYABLE, Way
from userids.forms import EvidenceForm
from userids.models import Application
from userids.reconciling.pulling import has_connector
from userids.reconciling.runs import may_reconcile


class ListForm(forms.Form):
    """An application's list of users; without a file its connector is asked."""

    application = forms.ModelChoiceField(Application.objects.none(), label=_("Application"), empty_label=None)
    file = forms.FileField(
        label=_("List of users"),
        required=False,
        help_text=_("XLSX, XLS, ODS or CSV, at most 50 MiB. Empty where the application has a connector: it is asked."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.xlsm"}),
    )
    taken_at = InstantField(
        label=_("List of"),
        required=False,
        help_text=_("When the application made the list; empty: now. What was settled after that stays settled."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = [one.pk for one in Application.objects.all() if may_reconcile(user, one)]
        self.fields["application"].queryset = Application.objects.filter(pk__in=mine)  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > 50 * 2**20:
            raise forms.ValidationError(_("The file is larger than 50 MiB."))
        if file:
            must_be_sheet(file)
        return file

    def clean_taken_at(self) -> Any:
        at = self.cleaned_data["taken_at"]
        if at and at > timezone.now():
            raise forms.ValidationError(_("The list cannot be of a later time than now."))
        return at

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        application = data.get("application")
        if application and not data.get("file") and "file" not in self.errors and not has_connector(application):
            self.add_error("file", _("This application has no connector: upload its list as a file."))
        return data


class ResolveForm(EvidenceForm):
    way = forms.ChoiceField(
        label=_("How it is settled"),
        choices=[(one.value, one.label) for one in SAYABLE],
        widget=forms.RadioSelect,
        help_text=_(
            "What was put right counts once the next list of the application shows it; until then its time runs on."
            " What is to stay as it is, a coordinator or manager decides."
        ),
    )
    until = DayField(label=_("Until the end of"), required=False, help_text=_("Only where it is to stay as it is."))
    text = forms.CharField(
        label=_("What was done, and what shows it"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: shut in the application at 10:15; status “Inactive” in its user list."),
    )

    field_order = ("way", "until", "text", "file")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("way") == Way.AS_IT_IS and "until" not in self.errors and not data.get("until"):
            self.add_error("until", _("Say until when it may stay as it is."))
        return data


class AcceptForm(forms.Form):
    until = DayField(label=_("Until the end of"))
    note = forms.CharField(
        label=_("Why it may stay as it is"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("Kept in the history. After that day the finding is open again if it is still found."),
    )
