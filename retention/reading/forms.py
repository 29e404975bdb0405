from django import forms
from django.utils.translation import gettext_lazy as _

from retention.choices import Purpose


class PurposeForm(forms.Form):
    purpose = forms.ChoiceField(label=_("What for"), choices=[("", _("Choose…")), *Purpose.choices])
    note = forms.CharField(
        label=_("Note"), required=False, max_length=200,
        help_text=_("For example the number of the complaint. Kept with your name for good; no customer's name here."),
    )  # fmt: skip
