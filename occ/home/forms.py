from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from occ.people.models import Site, User
from occ.people.scope import site_ids
from occ.policies.registry import Definition
from occ.policies.services import SETTERS


class PolicyForm(forms.Form):
    """A number from now on, for one site or (who may) for all."""

    value = forms.DecimalField(label=_("New value"), max_digits=12, decimal_places=3)
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), required=False, empty_label=_("All sites"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(self, *args: Any, user: User, definition: Definition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if definition.choices:
            boxes = forms.CheckboxSelectMultiple
            self.fields["value"] = forms.MultipleChoiceField(
                label=_("New value"), choices=definition.choices, widget=boxes, required=False
            )
        if definition.everywhere:
            del self.fields["site"]
            return
        allowed = site_ids(user, SETTERS)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.all() if allowed is None else Site.objects.filter(pk__in=allowed)
        if allowed is not None:
            field.required, field.empty_label = True, None

    def clean_value(self) -> int | float | list[str]:
        value = self.cleaned_data["value"]
        if isinstance(value, list):
            return value
        return int(value) if value == value.to_integral_value() else float(value)
