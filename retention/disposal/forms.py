"""Forms of disposal proposals and of the client's decision."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.forms import DayField, SignatureField
from occ.people.models import Site, User
from occ.people.passwords import second_factor_of
from occ.people.scope import sites_for
from retention.choices import RecordKind, Way
from retention.personal import PROPOSERS
from retention.services.paper_disposing import ByHand

RANGES = re.compile(r"\s*(\d{1,6})\s*(?:[-–]\s*(\d{1,6})\s*)?")


class ProposalForm(forms.Form):
    site = forms.ModelChoiceField(queryset=Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    kind = forms.ChoiceField(
        choices=[*RecordKind.choices, ("documents", gettext_lazy("Documents of the register"))],
        label=gettext_lazy("Kind"),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites: Any = self.fields["site"]
        sites.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, PROPOSERS)])


class PlainProofForm(forms.Form):
    """The password entered again and, for who has a second factor, a code; without a password the code alone."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        max_length=200,
    )
    code = forms.CharField(
        label=gettext_lazy("Code of your device"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip

    def for_user(self, user: User) -> None:
        if second_factor_of(user) is None:
            self.fields.pop("code", None)
        if not user.has_usable_password():
            self.fields.pop("password", None)


class ProofForm(PlainProofForm):
    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.for_user(user)


class DecisionForm(ProofForm):
    decision = forms.ChoiceField(
        label=gettext_lazy("Your decision"), widget=forms.RadioSelect,
        choices=[
            ("approve", gettext_lazy("I approve the destruction of all lines")),
            ("in_part", gettext_lazy("I approve it except for the lines named here")),
            ("refuse", gettext_lazy("I refuse all lines")),
        ],
    )  # fmt: skip
    numbers = forms.CharField(
        label=gettext_lazy("Lines refused"), required=False, max_length=4000,
        help_text=gettext_lazy("Their numbers, such as 3, 7-12; lines ticked above are refused too."),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Why refused"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    again_on = DayField(
        label=gettext_lazy("Propose again on"), required=False,
        help_text=gettext_lazy("What is refused comes up again on this day, not before."),
    )  # fmt: skip
    list_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)

    field_order = ("decision", "numbers", "reason", "again_on", "password", "code", "list_sha256")

    def clean_numbers(self) -> set[int]:
        text, found = self.cleaned_data["numbers"], set()
        for part in text.replace(";", ",").split(","):
            if not part.strip():
                continue
            match = RANGES.fullmatch(part)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
            if last < first or last - first > 100_000:
                raise forms.ValidationError(
                    _("“%(part)s” is no line number and no range of them."), params={"part": part.strip()[:40]}
                )
            found |= set(range(first, last + 1))
        return found

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("decision") == "approve" and data.get("numbers"):
            self.add_error("numbers", _("You approve all lines, and name some that you refuse: which is it?"))
        return data


class PapersForm(ProofForm):
    """Papers that were destroyed by hand: which, how, where, before whom."""

    items = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Papers destroyed"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    on_day = DayField(label=gettext_lazy("Destroyed on"))
    place = forms.CharField(label=gettext_lazy("Place"), max_length=120)
    way = forms.ChoiceField(label=gettext_lazy("Way"), choices=Way)
    witness = forms.CharField(
        label=gettext_lazy("Witness"), max_length=120, help_text=gettext_lazy("Somebody else, who saw it.")
    )
    witness_position = forms.CharField(label=gettext_lazy("Position of the witness"), max_length=80)

    field_order = ("items", "on_day", "place", "way", "witness", "witness_position", "password", "code")

    def __init__(self, *args: Any, user: User, papers: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        chosen: Any = self.fields["items"]
        chosen.choices = papers

    def by_hand(self) -> ByHand:
        names = ("on_day", "place", "way", "witness", "witness_position")
        return ByHand(**{name: self.cleaned_data[name] for name in names})


class MissingForm(forms.Form):
    """Papers that could not be destroyed, and why."""

    items = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Papers not destroyed"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=gettext_lazy("Why it could not be destroyed"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, papers: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["items"]
        chosen.choices = papers


class IssueForm(forms.Form):
    place = forms.CharField(label=gettext_lazy("Drawn up at"), max_length=120)
    witness_1 = forms.CharField(label=gettext_lazy("Witness"), max_length=120)
    position_1 = forms.CharField(label=gettext_lazy("Position of the witness"), max_length=80)
    witness_2 = forms.CharField(label=gettext_lazy("Second witness"), max_length=120, required=False)
    position_2 = forms.CharField(label=gettext_lazy("Position of the second witness"), max_length=80, required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of the document"), choices=settings.LANGUAGES)
    password = SignatureField()

    def witnesses(self) -> Sequence[tuple[str, str]]:
        data = self.cleaned_data
        return [(data["witness_1"], data["position_1"]), (data["witness_2"], data["position_2"])]
