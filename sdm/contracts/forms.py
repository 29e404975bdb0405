from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occ.forms import DayField
from occ.people.models import Site

PDF = _("PDF, at most 10 MiB.")
FILES = _("PDF, PNG or JPG, at most 10 MiB.")
LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]


def note(*, required: bool = False) -> forms.CharField:
    label = _("Reason") if required else _("Note")
    return forms.CharField(label=label, required=required, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class ProposeForm(forms.Form):
    agreed_until = DayField(label=_("Extend until"))
    reason = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def limited(self, last: date, words: str) -> None:
        self.fields["agreed_until"].help_text = words
        self.fields["agreed_until"].widget.attrs["max"] = last.isoformat()


class NoteForm(forms.Form):
    note = note(required=True)


class OptionalForm(forms.Form):
    note = note()


class MemoForm(forms.Form):
    memo = forms.CharField(label=_("Number of the memo (modin)"), max_length=60)
    note = note()


class MakeForm(forms.Form):
    number = forms.CharField(label=_("Contract number"), max_length=60)
    language = forms.ChoiceField(label=_("Language of the contract"), choices=LANGUAGES)


class SignForm(forms.Form):
    signed_on = DayField(label=_("Signed on"))
    file = forms.FileField(
        label=_("The signed contract"), help_text=PDF, widget=forms.FileInput(attrs={"accept": ".pdf"})
    )
    note = note()


class RegisterForm(forms.Form):
    registered_on = DayField(label=_("Registered on"))
    registration = forms.CharField(label=_("Registration number"), max_length=80)
    file = forms.FileField(
        label=_("What shows it"), required=False, help_text=FILES,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )  # fmt: skip


class CloseForm(forms.Form):
    language = forms.ChoiceField(label=_("Language of the document"), choices=LANGUAGES)


class PayForm(forms.Form):
    paid_on = DayField(label=_("Paid on"))
    text = forms.CharField(
        label=_("What shows it"),
        max_length=300,
        help_text=_("For instance the number of the transfer."),
        required=False,
    )
    file = forms.FileField(
        label=_("Document"), required=False, help_text=FILES,
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )  # fmt: skip


class WageForm(forms.Form):
    starts_on = DayField(label=_("From"))
    amount = forms.DecimalField(
        label=_("Wage of a month (Rp)"), max_digits=12, decimal_places=2, min_value=1,
        help_text=_("Basic wage and fixed allowances, in rupiah, without dots: 5000000. Kept encrypted."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    note = note()


class ReportForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    month = forms.RegexField(
        r"^\d{4}-\d{2}$", label=_("Month"), widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-11"})
    )
    language = forms.ChoiceField(label=_("Language of the document"), choices=LANGUAGES)

    def __init__(self, *args: Any, sites: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]
