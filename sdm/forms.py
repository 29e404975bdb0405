from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from occ.forms import BirthField, DayField, PersonField
from occ.people.choices import Channel, LeavingReason
from occ.people.choosing import register as register_chooser
from occ.people.models import Person, PersonQuerySet, Site, Team, User
from occ.people.scope import site_filter
from occ.sheet_forms import SheetForm
from sdm.choices import EmploymentKind, MainReason, Outcome
from sdm.models import Leaving
from sdm.personal import KEEPERS, MOVERS
from sdm.services.employments import Terms
from sdm.workflow import INTERVIEWERS, RECORDERS

FILES = _("PDF, PNG or JPG, at most 10 MiB.")
ACCEPT = {"accept": ".pdf,.png,.jpg,.jpeg"}
WHO = _("Type part of the name and choose, or type the employee number.")


def leaders(user: User) -> PersonQuerySet:
    """Anybody who works here may lead; who may choose one is whoever may transfer people."""
    sites = site_filter(user, MOVERS)
    return Person.objects.filter(sites, last_working_day=None)


def stayers(user: User) -> PersonQuerySet:
    """Whose leaving may be recorded: nobody's twice."""
    leaving = Leaving.objects.open().values("employee_id")
    return Person.objects.filter(site_filter(user, RECORDERS), last_working_day=None).exclude(pk__in=leaving)


def companions(user: User) -> PersonQuerySet:
    """Who may have been at an interview that the user holds: whoever works where they hold them."""
    return Person.objects.filter(site_filter(user, INTERVIEWERS), last_working_day=None)


COMPANION = register_chooser("sdm.companion", companions)
LEADER = register_chooser("sdm.leader", leaders)
LEAVER = register_chooser("sdm.leaver", stayers)


def note(label: Any = _("Note"), *, required: bool = False, help_text: Any = "") -> forms.CharField:
    rows = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, required=required, widget=rows, max_length=300, help_text=help_text)


def long_text(label: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=4000)


class SkillsField(forms.CharField):
    """Words between commas; a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [one.strip() for one in super().clean(value).split(",") if one.strip()]


class PersonalForm(forms.Form):
    """What only the employer needs to know."""

    nik = forms.CharField(
        label=_("National ID number (NIK)"), required=False, max_length=30, help_text=_("16 digits; kept encrypted."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )  # fmt: skip
    birth_date = BirthField(label=_("Born on"), required=False)
    phone = forms.CharField(label=_("Phone"), required=False, max_length=30)
    skills = SkillsField(label=_("Skills"), required=False, max_length=1000, help_text=_("With commas between them."))
    channels = forms.MultipleChoiceField(
        label=_("Channels"), choices=Channel, required=False, widget=forms.CheckboxSelectMultiple
    )


class PlaceForm(forms.Form):
    """Where, as what, in which team, under whom."""

    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    position = forms.CharField(label=_("Position"), max_length=80)
    team = forms.ModelChoiceField(Team.objects.none(), label=_("Team"), required=False, empty_label=_("none"))
    leader = PersonField(chooser=LEADER, label=_("Team leader"), required=False, help_text=WHO)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = getattr(self, "roles", KEEPERS)
        self.fields["site"].queryset = Site.objects.filter(site_filter(user, roles, "pk"))  # type: ignore[attr-defined]
        teams = Team.objects.filter(site_filter(user, roles))
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["leader"].for_user(user)  # type: ignore[attr-defined]


def probation() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Probation (months)"), required=False, min_value=0, max_value=24,
        help_text=_("Only in a PKWTT; a PKWT has none (PP 35/2021 article 12)."),
    )  # fmt: skip


class ContractForm(forms.Form):
    kind = forms.ChoiceField(label=_("Contract"), choices=EmploymentKind)
    contract_number = forms.CharField(label=_("Contract number"), required=False, max_length=60)
    agreed_until = DayField(label=_("Until"), required=False, help_text=_("A PKWT ends on a day; a PKWTT does not."))
    probation_months = probation()


class HireForm(PersonalForm, PlaceForm):
    number = forms.CharField(label=_("Employee number"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), required=False)
    joined_on = DayField(label=_("Joined on"))
    kind = forms.ChoiceField(
        label=_("Contract"), required=False, choices=[("", _("recorded later")), *EmploymentKind.choices],
        help_text=_("It begins on the day of joining."),
    )  # fmt: skip
    contract_number = forms.CharField(label=_("Contract number"), required=False, max_length=60)
    agreed_until = DayField(
        label=_("Contract until"), required=False, help_text=_("A PKWT ends on a day; a PKWTT does not.")
    )
    probation_months = probation()
    field_order = [
        "number", "name", "email", "joined_on", "site", "position", "team", "leader", "kind", "contract_number",
        "agreed_until", "probation_months", "nik", "birth_date", "phone", "skills", "channels",
    ]  # fmt: skip

    def values(self) -> dict[str, Any]:
        """What employee_hire takes."""
        data = dict(self.cleaned_data)
        data["contract"] = terms(data, data["joined_on"])
        return data


def terms(data: dict[str, Any], starts_on: Any) -> Terms | None:
    """The contract in the form's data, whose fields it takes out; None where none is chosen."""
    kind, number, until = data.pop("kind"), data.pop("contract_number"), data.pop("agreed_until")
    months = data.pop("probation_months", None) or 0
    return Terms(kind, starts_on, until, number, months) if kind else None


class EditForm(PersonalForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), required=False)
    note = note(_("Reason"), required=True)
    field_order = ["name", "email", "nik"]


class TransferForm(PlaceForm):
    roles = MOVERS
    on = DayField(label=_("From"), help_text=_("Days before stay as they were. A day to come is planned."))
    note = note(help_text=_("Needed when the day is over already."))
    field_order = ["on", "site", "position", "team", "leader", "note"]


class CorrectForm(PlaceForm):
    starts_on = DayField(label=_("From"))
    note = note(_("What was wrong"), required=True)
    field_order = ["starts_on", "site", "position", "leader", "note"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["team"]


class RejoinForm(PlaceForm):
    on = DayField(label=_("Taken on again from"))
    kind = forms.ChoiceField(
        label=_("Contract"), required=False, choices=[("", _("recorded later")), *EmploymentKind.choices],
        help_text=_("It begins on that day."),
    )  # fmt: skip
    contract_number = forms.CharField(label=_("Contract number"), required=False, max_length=60)
    agreed_until = DayField(label=_("Contract until"), required=False)
    probation_months = probation()
    note = note()
    field_order = [
        "on", "site", "position", "team", "leader", "kind", "contract_number", "agreed_until", "probation_months",
        "note",
    ]  # fmt: skip

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["contract"] = terms(data, data["on"])
        return data


class EmploymentForm(ContractForm):
    starts_on = DayField(label=_("From"))
    note = note()
    field_order = ["kind", "contract_number", "starts_on", "agreed_until", "probation_months", "note"]


class ExtendForm(forms.Form):
    agreed_until = DayField(label=_("Until"))
    number = forms.CharField(label=_("Contract number"), required=False, max_length=60)
    note = note()


class EndForm(forms.Form):
    ends_on = DayField(label=_("Last day of the contract"))
    note = note(_("Reason"), required=True)


class WithdrawForm(forms.Form):
    note = note(_("Reason"), required=True)


class LeavingForm(forms.Form):
    person = PersonField(chooser=LEAVER, label=_("Employee"), help_text=WHO)
    last_working_day = DayField(label=_("Last working day"))
    reason = forms.ChoiceField(label=_("Reason"), choices=LeavingReason)
    letter = forms.FileField(label=_("Letter"), required=False, help_text=FILES, widget=forms.FileInput(attrs=ACCEPT))
    note = note()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Suggested are those who stay; of who leaves already the service says so, and leads there.
        leaving = Leaving.objects.open().values("employee_id")
        known = Person.objects.filter(site_filter(user, RECORDERS)).filter(Q(last_working_day=None) | Q(pk__in=leaving))
        self.fields["person"].for_user(user, known)  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    last_working_day = DayField(label=_("Last working day"))
    reason = forms.ChoiceField(label=_("Reason"), choices=LeavingReason)
    note = note(_("Why it changes"), required=True)


class InterviewForm(forms.Form):
    held_on = DayField(label=_("Held on"))
    companion = PersonField(
        chooser=COMPANION, label=_("Superior who was there"), required=False,
        help_text=_("The superior accompanies the interview (MO 4.1.3). Type part of the name and choose."),
    )  # fmt: skip
    alone_because = forms.CharField(
        label=_("Or why none was there"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    main_reason = forms.ChoiceField(label=_("Main reason"), choices=[("", "–"), *MainReason.choices])
    explanation = long_text(_("In the leaver's words"))
    went_well = long_text(_("What was good"))
    to_improve = long_text(_("What should be better"))
    handover = long_text(_("Work that is handed over, and to whom"))
    would_return = forms.NullBooleanField(
        label=_("Would work here again"), required=False,
        widget=forms.Select(choices=[("", _("not said")), ("true", _("yes")), ("false", _("no"))]),
    )  # fmt: skip


class StepForm(forms.Form):
    note = note()


class RequiredNoteForm(forms.Form):
    note = note(_("Reason"), required=True, help_text=_("Kept in the history."))


class CloseForm(forms.Form):
    language = forms.ChoiceField(
        label=_("Language of the document"), choices=[("id", _("Indonesian")), ("en", _("English"))]
    )


class ItemForm(forms.Form):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)


class ImportForm(SheetForm):
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), required=False, empty_label=_("as each row says"),
        help_text=_("Where new people whose row names no site belong."),
    )  # fmt: skip

    def choices_of(self, user: User) -> dict[str, Any]:
        return {"site": Site.objects.filter(site_filter(user, KEEPERS, "pk"))}
