"""The forms of a hold. Setting one takes two looks: what it would cover, and then yes to just that."""

import hashlib
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.errors import Refused
from occ.forms import DayField, PersonField
from occ.people.choosing import register as register_chooser
from occ.people.models import Person, PersonQuerySet, Site, User
from occ.people.scope import site_filter
from occ.sheets.reading import Column, read_table
from retention.choices import HoldReason, RecordKind
from retention.personal import HOLDERS
from retention.services.holds import MOST_NAMED, Scope, records_named

ID_COLUMNS = [
    Column(
        "id", gettext_lazy("Record ID"), required=True,
        aliases=("ID", "Record", "ID Rekaman", "ID Percakapan", "ID Chat", "Call ID", "Recording ID"),
    )
]  # fmt: skip
LONGEST_LIST = 40 * MOST_NAMED


def agents(user: User) -> PersonQuerySet:
    """Also those who have left: their conversations stay."""
    return Person.objects.filter(site_filter(user, HOLDERS))


AGENT = register_chooser("retention.held_agent", agents)


class HoldForm(forms.Form):
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=HoldReason)
    note = forms.CharField(
        label=gettext_lazy("What for"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("For example the number of the complaint or of the letter."),
    )  # fmt: skip
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"), required=False, choices=[("", gettext_lazy("both")), *RecordKind.choices]
    )
    agent = PersonField(
        chooser=AGENT, label=gettext_lazy("Agent"), required=False,
        help_text=gettext_lazy("Type part of the name and choose, or type the employee number."),
    )  # fmt: skip
    without_agent = forms.BooleanField(
        label=gettext_lazy("Records without an agent too"), required=False,
        help_text=gettext_lazy("Who was not known when a record was catalogued is on none; it may be this agent's."),
    )  # fmt: skip
    customer = forms.CharField(
        label=gettext_lazy("Customer"), required=False, max_length=120,
        help_text=gettext_lazy("Name or number as the source has it; kept encrypted."),
    )  # fmt: skip
    first_day = DayField(label=gettext_lazy("Conversations from"), required=False)
    last_day = DayField(label=gettext_lazy("Conversations to"), required=False)
    ids = forms.CharField(
        label=gettext_lazy("Records"), required=False, max_length=LONGEST_LIST, strip=True,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "IDs at the source, one per line, or #12 for the record of that number: then the hold covers these only."
        ),
    )  # fmt: skip
    file = forms.FileField(
        label=gettext_lazy("List of records"), required=False,
        help_text=gettext_lazy("A spreadsheet with a column of IDs, instead of typing them."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.txt"}),
    )  # fmt: skip
    until = DayField(
        label=gettext_lazy("The hold lasts until"),
        required=False,
        help_text=gettext_lazy("The last day; empty: until it is lifted."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.filter(site_filter(user, HOLDERS, "pk"))  # type: ignore[attr-defined]
        self.fields["agent"].for_user(user)  # type: ignore[attr-defined]
        self.unknown: list[str] = []
        self.pks: list[int] | None = None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        ids = data.get("ids", "").split("\n") if data.get("ids") else []
        if file := data.get("file"):
            ids = [*ids, *self._read(file)]
        ids = list(dict.fromkeys(one for text in ids if (one := text.strip())))
        if ids and data.get("site"):
            self.pks, self.unknown = records_named(site=data["site"], ids=ids[: MOST_NAMED + 1])
            if self.unknown:
                words = _("%(n)s of these IDs are not known at this site: %(ids)s")
                some = ", ".join(one[:60] for one in self.unknown[:10])
                self.add_error("ids", words % {"n": len(self.unknown), "ids": some})
            # What the file brought stays in the form: a browser does not send the file a second time.
            if data.get("file") and len(ids) <= MOST_NAMED:
                self.fill(ids="\n".join(ids))
        return data

    def _read(self, file: UploadedFile) -> list[str]:
        """The IDs in a spreadsheet's column, or the lines of a text file."""
        try:
            if (file.name or "").lower().endswith(".txt"):
                text = file.read(LONGEST_LIST + 1)[:LONGEST_LIST].decode("utf-8", "replace")
                return text.replace("\x00", "").splitlines()
            table = read_table(file, columns=ID_COLUMNS)
        except Refused as refusal:
            self.add_error("file", str(refusal))
            return []
        for row in table.rows:
            for problem in row.problems:
                if problem.code != "empty":  # a hold that leaves a record out would say nothing of it
                    words = {"row": row.number, "problem": problem.message}
                    self.add_error("file", _("Row %(row)s: %(problem)s") % words)
                    return []
        return [str(row.values.get("id") or "") for row in table.rows]

    def fill(self, **values: str) -> None:
        """Put values into the form as it is shown again."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        for name, value in values.items():
            data[name] = value
        self.data = data

    def scope(self) -> Scope:
        data = self.cleaned_data
        return Scope(
            site=data["site"], kind=data["kind"], agent=data["agent"], without_agent=data["without_agent"],
            customer=data["customer"], first_day=data["first_day"], last_day=data["last_day"], records=self.pks,
        )  # fmt: skip

    def digest(self) -> str:
        """Of what was looked at: a changed form is looked at again before it counts."""
        data = self.cleaned_data
        facts = [
            data["site"].pk, data["kind"], data["agent"].pk if data["agent"] else 0, data["without_agent"],
            data["customer"],
            data["first_day"], data["last_day"], self.pks,
        ]  # fmt: skip
        return hashlib.sha256(repr(facts).encode()).hexdigest()


class WidenForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )  # fmt: skip


class ExtendForm(forms.Form):
    until = DayField(
        label=gettext_lazy("New last day"), required=False, help_text=gettext_lazy("Empty: until it is lifted.")
    )
    note = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )  # fmt: skip


class LiftForm(forms.Form):
    because = forms.CharField(
        label=gettext_lazy("Why it is lifted"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
