from django import forms
from django.utils.translation import gettext_lazy as _

from occ.documents.choices import Purpose


class SignForm(forms.Form):
    purpose = forms.ChoiceField(label=_("I sign as"), choices=Purpose)
    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Entered again, it stands for your signature."),
    )
