"""The upload of a spreadsheet, and what is seen of it before it is read: by its content, whatever its name."""

from datetime import date
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from occ.people.models import User
from occ.sheets.reading import SheetRefused, look_at


def sheet_field(help_text: Any, label: Any = _("Spreadsheet"), *further: str) -> forms.FileField:
    """A file that occ.sheets reads; `further`: other endings it may have."""
    endings = (".xlsx", ".xls", ".ods", ".csv", ".xlsm", *further)
    widget = forms.FileInput(attrs={"accept": ",".join(endings)})
    return forms.FileField(label=label, help_text=help_text, widget=widget)


class SheetForm(forms.Form):
    """The upload of an import (occ.import_wizard): a spreadsheet, and in subclasses what else must be said of it."""

    most_bytes = 50 * 2**20
    too_large = _("The file is larger than 50 MiB. Split it into smaller files.")
    file = sheet_field(_("XLSX, XLS, ODS or CSV, at most 50 MiB. Nothing is written before you have seen the preview."))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in self.choices_of(user).items():
            field: Any = self.fields[name]
            field.queryset = rows

    def choices_of(self, user: User) -> "dict[str, models.QuerySet[Any]]":
        """What the user may choose among, by field."""
        return {}

    def params(self) -> dict[str, Any]:
        """What was said beside the file, as the job keeps it: rows by their key, days in ISO 8601."""
        return {name: _kept(value) for name, value in self.cleaned_data.items() if name != "file"}

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > self.most_bytes:
            raise forms.ValidationError(self.too_large)
        must_be_sheet(file)
        return file


def must_be_sheet(file: Any) -> None:
    """Raises ValidationError for what by its content is no spreadsheet."""
    try:
        look_at(file)
    except SheetRefused as refused:
        raise forms.ValidationError(str(refused), code=refused.code) from refused


def _kept(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    return value.isoformat() if isinstance(value, date) else value
