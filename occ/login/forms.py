from typing import Any

from allauth.core import context
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from occ.errors import Refused
from occ.login.places import address_of
from occ.login.services.entering import stands
from occ.login.services.second_factor import code_check
from occ.people.models import User
from occ.people.passwords import password_confirm


def password_field(label: Any = _("Password")) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
    return forms.CharField(label=label, strip=False, widget=widget, max_length=4096)


def code_field(label: Any, **attributes: Any) -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", **attributes}
    return forms.CharField(label=label, max_length=20, widget=forms.TextInput(attrs=attrs))


class LoginForm(forms.Form):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = password_field()


class CodeForm(forms.Form):
    """Between password and session; allauth's view asks for it (MFA_FORMS)."""

    code = code_field(_("Code"), autofocus=True)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        request = context.request
        if not stands(request, self.user, now=timezone.now()):
            raise forms.ValidationError(
                _("This log-in has ended meanwhile. Begin anew with your password."), code="ended"
            )
        try:
            self.authenticator: Authenticator = code_check(
                user=self.user, code=code, address=address_of(request), now=timezone.now()
            )
        except Refused as refusal:
            raise forms.ValidationError(str(refusal), code=refusal.code) from refusal
        return code

    def save(self) -> None:
        post_authentication(context.request, self.authenticator)


class ConfirmForm(forms.Form):
    """The password once more, from whoever has one (who comes through the identity provider may have none)."""

    password = password_field(_("Your password"))

    def __init__(self, *args: Any, user: User, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.purpose = user, purpose
        if not user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        try:
            password_confirm(user=self.user, password=password, reason=self.purpose, now=timezone.now())
        except Refused as refusal:
            raise forms.ValidationError(str(refusal), code=refusal.code) from refusal
        return password


class DeedForm(ConfirmForm):
    """What weakens or renews the second factor: of whoever has no password, a code of that factor."""

    code = code_field(_("Code that the app shows"))

    def __init__(self, *args: Any, user: User, purpose: str, **kwargs: Any) -> None:
        super().__init__(*args, user=user, purpose=purpose, **kwargs)
        if user.has_usable_password():
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        try:
            code_check(user=self.user, code=code, address="", now=timezone.now())
        except Refused as refusal:
            raise forms.ValidationError(str(refusal), code=refusal.code) from refusal
        return code


class SetUpForm(ConfirmForm):
    code = code_field(_("Code that the app shows"))
    field_order = ["code", "password"]


class PasswordForm(SetPasswordForm):
    """Django's own rules for the new one; wrong old ones count together with those at the log-in and at signing."""

    old_password = password_field(_("Old password"))
    field_order = ["old_password", "new_password1", "new_password2"]

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        try:
            password_confirm(user=self.user, password=password, reason="password_change", now=timezone.now())
        except Refused as refusal:
            raise forms.ValidationError(str(refusal), code=refusal.code) from refusal
        return password


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=300)
