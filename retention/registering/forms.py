from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.forms import DayField, SignatureField
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import site_filter
from occ.sheet_forms import SheetForm
from retention.choices import Medium
from retention.personal import REGISTRARS
from retention.services.register import LONGEST, Line


def _sites(user: User) -> Any:
    return Site.objects.filter(site_filter(user, REGISTRARS, "pk"))


class EntryForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("Document number"), max_length=LONGEST["number"])
    title = forms.CharField(label=gettext_lazy("Title"), max_length=LONGEST["title"])
    classification = forms.CharField(
        label=gettext_lazy("Classification code"), max_length=LONGEST["classification"], required=False
    )
    medium = forms.ChoiceField(label=gettext_lazy("Medium"), choices=Medium)
    copies = forms.CharField(
        label=gettext_lazy("Level (original, copy)"), max_length=LONGEST["copies"], required=False
    )  # fmt: skip
    quantity = forms.CharField(label=gettext_lazy("Quantity"), max_length=LONGEST["quantity"], required=False)
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    owner_role = forms.ChoiceField(label=gettext_lazy("Owner"), choices=Role)
    place = forms.CharField(
        label=gettext_lazy("Kept at"), max_length=LONGEST["place"],
        help_text=gettext_lazy("For example: cabinet 3, shelf B; or the folder on the file server."),
    )  # fmt: skip
    issued_on = DayField(label=gettext_lazy("Issued on"))
    expires_on = DayField(label=gettext_lazy("Expires on"), help_text=gettext_lazy("The last day it has to be kept."))
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=LONGEST["note"], required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = _sites(user)  # type: ignore[attr-defined]

    def line(self) -> Line:
        return Line(**{name: self.cleaned_data[name] for name in Line.__dataclass_fields__})


class EntryChangeForm(EntryForm):
    why = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Kept in the history."),
    )  # fmt: skip


class EntriesImportForm(SheetForm):
    site = forms.ModelChoiceField(
        Site.objects.none(), label=gettext_lazy("Site"), required=False, empty_label=gettext_lazy("as each row says"),
        help_text=gettext_lazy("Where documents whose row names no site belong."),
    )  # fmt: skip

    def choices_of(self, user: User) -> dict[str, Any]:
        return {"site": _sites(user)}


class RegisterIssueForm(forms.Form):
    """The register of a site, as it is now; with days only what was issued in them."""

    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    first = DayField(label=gettext_lazy("Issued from"), required=False)
    last = DayField(label=gettext_lazy("Issued until"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)
    password = SignatureField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = _sites(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if bool(first) != bool(last):
            self.add_error("last" if first else "first", _("Give both days, or none."))
        elif first and last and last < first:
            self.add_error("last", _("The period ends before it begins."))
        return data
