from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.errors import Refused
from occ.people.models import Site, User
from occ.people.passwords import password_confirm
from occ.people.scope import site_ids
from occ.policies.services import SETTERS


class PolicyForm(forms.Form):
    """A number from now on, for one site or (who may) for all."""

    value = forms.DecimalField(label=_("New value"), max_digits=12, decimal_places=3)
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), required=False, empty_label=_("All sites"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = site_ids(user, SETTERS)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.all() if allowed is None else Site.objects.filter(pk__in=allowed)
        if allowed is not None:
            field.required, field.empty_label = True, None

    def clean_value(self) -> int | float:
        value = self.cleaned_data["value"]
        return int(value) if value == value.to_integral_value() else float(value)


class PasswordForm(PasswordChangeForm):
    """Django's own, but wrong passwords count together with those at signing."""

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        try:
            password_confirm(user=self.user, password=password, reason="password_change", now=timezone.now())
        except Refused as refusal:
            raise forms.ValidationError(str(refusal), code=refusal.code) from refusal
        return password
