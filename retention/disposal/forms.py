"""Forms of disposal proposals and of the client's decision."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.forms import DayField, PersonField, SignatureField
from occ.people.choosing import register as register_chooser
from occ.people.models import PersonQuerySet, Site, User
from occ.people.passwords import second_factor_of
from occ.people.scope import has_role, sites_for
from occ.times import JAKARTA, local_day
from retention.choices import RecordKind, Way
from retention.models import Proposal
from retention.personal import KEEPERS, PROPOSERS
from retention.services.paper_disposing import ByHand
from retention.services.witnesses import Outsider, Witness, parties_q, people_with_role
from retention.workflow import PROPOSAL

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
        label=gettext_lazy("Code of your device"), max_length=20,
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
    """Whoever refuses anything says why, and when it comes up again; the page marks these as required then."""

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
        label=gettext_lazy("Why refused"), required=False, max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "data-needed-refusing": ""}),
        help_text=gettext_lazy("Needed where you refuse anything."),
    )  # fmt: skip
    again_on = DayField(
        label=gettext_lazy("Propose again on"), required=False,
        help_text=gettext_lazy(
            "Needed where you refuse anything: what is refused comes up again on this day, not before."
        ),
    )  # fmt: skip
    list_sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)

    field_order = ("decision", "numbers", "reason", "again_on", "password", "code", "list_sha256")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["again_on"].widget.attrs["data-needed-refusing"] = ""

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
        if data.get("decision") in ("in_part", "refuse"):
            if "reason" in data and not data["reason"].strip():
                self.add_error("reason", _("Say why it is refused."))
            if "again_on" in data and data["again_on"] is None:
                self.add_error("again_on", _("Say when it may be proposed again: a day to come."))
        return data


def witnesses(user: User) -> PersonQuerySet:
    """Of both sites, for whoever issues a berita acara or destroys papers by hand, and for nobody else."""
    found = people_with_role(local_day(timezone.now(), JAKARTA))
    return found if has_role(user, {*PROPOSAL.find("issue").by_roles, *KEEPERS}) else found.none()


def witnesses_of(user: User, people: PersonQuerySet, of: int) -> PersonQuerySet:
    """Not the parties of that proposal, nor the user: the services refuse them."""
    found = Proposal.objects.visible_to(user).filter(pk=of).first()
    return people.exclude(parties_q(found, user)) if found is not None else people.none()


WITNESS = register_chooser("retention.witness", witnesses, witnesses_of)


class WitnessForm(forms.Form):
    """A witness is somebody of the house, chosen, or somebody from outside, of whom all three are said."""

    witness_1 = PersonField(
        chooser=WITNESS, label=gettext_lazy("Witness"), required=False,
        help_text=gettext_lazy(
            "Somebody of the house who holds a role and neither approved it, nor destroyed it, nor issues the berita"
            " acara; or name below who came from outside."
        ),
    )  # fmt: skip
    outsider_1 = forms.CharField(
        label=gettext_lazy("Witness from outside: name"), max_length=120, required=False,
        help_text=gettext_lazy("From the client, say; then with position and organisation."),
    )  # fmt: skip
    position_1 = forms.CharField(label=gettext_lazy("Their position"), max_length=80, required=False)
    organisation_1 = forms.CharField(label=gettext_lazy("Their organisation"), max_length=80, required=False)
    most = 1

    def chosen_by(self, user: User, of: int) -> None:
        """`of`: the proposal."""
        for n in self.numbers():
            one: Any = self.fields[f"witness_{n}"]
            one.for_user(user, of=of)

    def numbers(self) -> range:
        return range(1, self.most + 1)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for n in self.numbers():
            outside = {name: data.get(f"{name}_{n}") for name in ("outsider", "position", "organisation")}
            if data.get(f"witness_{n}") and any(outside.values()):
                self.add_error(f"outsider_{n}", _("Choose somebody of the house, or name somebody from outside."))
            elif any(outside.values()):
                for name in (name for name, value in outside.items() if not value and f"{name}_{n}" not in self.errors):
                    words = _("Of a witness from outside say name, position and organisation.")
                    self.add_error(f"{name}_{n}", words)
            elif n == 1 and not data.get("witness_1") and "witness_1" not in self.errors:
                self.add_error("witness_1", _("Choose a witness, or name one from outside."))
        return data

    def witnesses(self) -> list[Witness]:
        data, found = self.cleaned_data, list[Witness]()
        for n in self.numbers():
            if person := data[f"witness_{n}"]:
                found.append(person)
            elif data[f"outsider_{n}"]:
                found.append(Outsider(data[f"outsider_{n}"], data[f"position_{n}"], data[f"organisation_{n}"]))
        return found


class PapersForm(WitnessForm, ProofForm):
    """Papers that were destroyed by hand: which, how, where, before whom."""

    items = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Papers destroyed"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    on_day = DayField(label=gettext_lazy("Destroyed on"))
    place = forms.CharField(label=gettext_lazy("Place"), max_length=120)
    way = forms.ChoiceField(label=gettext_lazy("Way"), choices=Way)

    field_order = (
        "items", "on_day", "place", "way", "witness_1", "outsider_1", "position_1", "organisation_1", "password",
        "code",
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, of: int, papers: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.chosen_by(user, of)
        chosen: Any = self.fields["items"]
        chosen.choices = papers

    def by_hand(self) -> ByHand:
        said = {name: self.cleaned_data[name] for name in ("on_day", "place", "way")}
        return ByHand(**said, witness=next(iter(self.witnesses()), None))


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


class IssueForm(WitnessForm):
    """One witness or two."""

    place = forms.CharField(label=gettext_lazy("Drawn up at"), max_length=120)
    witness_2 = PersonField(chooser=WITNESS, label=gettext_lazy("Second witness"), required=False)
    outsider_2 = forms.CharField(
        label=gettext_lazy("Second witness from outside: name"), max_length=120, required=False
    )  # fmt: skip
    position_2 = forms.CharField(label=gettext_lazy("Their position"), max_length=80, required=False)
    organisation_2 = forms.CharField(label=gettext_lazy("Their organisation"), max_length=80, required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of the document"), choices=settings.LANGUAGES)
    password = SignatureField()
    most = 2

    field_order = ("place",)

    def __init__(self, *args: Any, user: User, of: int, preview: bool = False, **kwargs: Any) -> None:
        """`of`: the proposal; `preview`: nobody signs it."""
        super().__init__(*args, **kwargs)
        self.chosen_by(user, of)
        self.fields["password"].required = not preview
