from django import forms
from django.utils.translation import gettext_lazy as _

from occ.documents import types
from occ.documents.choices import Purpose, Status
from occ.people.models import Site


class RegisterFilter(forms.Form):
    """The register's search and filters."""

    q = forms.CharField(required=False, max_length=200)
    type = forms.ChoiceField(label=_("Type"), required=False)
    site = forms.ModelChoiceField(Site.objects.all(), label=_("Site"), required=False, empty_label=_("All"))
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("All")), *Status.choices])
    expired = forms.ChoiceField(
        label=_("Masa simpan"),
        required=False,
        choices=[("", _("All")), ("yes", _("over")), ("no", _("running"))],
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [("", _("All")), *((one.code, one.title) for one in types.all_types())]
        self.fields["type"].choices = choices  # type: ignore[attr-defined]


class SignForm(forms.Form):
    purpose = forms.ChoiceField(label=_("I sign as"), choices=Purpose)
    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Entered again, it stands for your signature."),
    )
