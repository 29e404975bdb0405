from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occ.documents.choices import Purpose
from occ.forms import SignatureField


class SignForm(forms.Form):
    purpose = forms.ChoiceField(label=_("I sign as"), choices=Purpose)
    password = SignatureField()

    def offer(self, purposes: Collection[str], *, given: Collection[str] = ()) -> None:
        """Show these purposes only; a posted other one is refused by the service, in its words.

        Chosen at first, unless the address says otherwise: what nobody has signed for yet (`given`: what somebody has).
        """
        purpose: Any = self.fields["purpose"]
        purpose.choices = [(value, label) for value, label in Purpose.choices if value in purposes]
        if not self.initial.get("purpose"):
            self.initial["purpose"] = next((value for value, _label in purpose.choices if value not in given), None)
