from django import forms
from django.utils.translation import gettext_lazy as _

from occ.documents.choices import Purpose
from occ.forms import SignatureField


class SignForm(forms.Form):
    purpose = forms.ChoiceField(label=_("I sign as"), choices=Purpose)
    password = SignatureField()
