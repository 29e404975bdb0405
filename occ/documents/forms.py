from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occ.documents.choices import Purpose
from occ.forms import SignatureField

# Anybody who reads a document may acknowledge it: last.
ORDER = [*(one for one in Purpose.values if one != Purpose.ACKNOWLEDGED), Purpose.ACKNOWLEDGED]


class SignForm(forms.Form):
    purpose = forms.ChoiceField(label=_("I sign as"), choices=Purpose)
    password = SignatureField()

    def offer(self, purposes: Collection[str]) -> None:
        """Show these purposes only; a posted other one is refused by the service, in its words.

        Chosen at first, unless the address says otherwise: what the document waits for before what anybody may say.
        """
        purpose: Any = self.fields["purpose"]
        purpose.choices = [(value, label) for value, label in Purpose.choices if value in purposes]
        if not self.initial.get("purpose"):
            self.initial["purpose"] = next((value for value in ORDER if value in purposes), None)
