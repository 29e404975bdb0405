"""Forms of pembinaan (SDM-5): what each step asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy

from occ.forms import DayField, NoteForm, PersonField
from occ.people import choosing
from occ.people.models import User
from sdm.discipline.choices import Matter, Method
from sdm.services import discipline, discipline_letters

CHOOSER = choosing.register("sdm.discipline", lambda user: discipline.people_to_open(user, timezone.now()))
ACCEPT = ".pdf,.png,.jpg,.jpeg"


def long_text(label: Any, *, rows: int = 3, required: bool = True, help_text: Any = "", most: int = 4_000) -> Any:
    return forms.CharField(
        label=label, required=required, widget=forms.Textarea(attrs={"rows": rows}), max_length=most,
        help_text=help_text,
    )  # fmt: skip


def file_field() -> forms.FileField:
    return forms.FileField(
        label=gettext_lazy("Photo, screenshot or document"), required=False,
        help_text=gettext_lazy("PDF, PNG or JPG, at most 10 MiB."), widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )  # fmt: skip


def password_field() -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Your password"), strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=gettext_lazy("Entered again, it stands for your signature."),
    )  # fmt: skip


def language_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("Language of the document"),
        choices=[("id", gettext_lazy("Indonesian")), ("en", gettext_lazy("English"))],
    )  # fmt: skip


class WordsForm(forms.Form):
    """`NoteForm`, as long as an entry may be."""

    note = long_text(gettext_lazy("What is written down"))


class CoachForm(forms.Form):
    method = forms.ChoiceField(label=gettext_lazy("How it was given"), choices=Method.choices)
    note = long_text(gettext_lazy("What was talked about"), rows=4)
    target = long_text(gettext_lazy("What is to improve"), most=2_000)
    improve_until = DayField(label=gettext_lazy("Time for it until"))
    file = file_field()


class AppreciateForm(forms.Form):
    note = long_text(gettext_lazy("How it is appreciated"), help_text=gettext_lazy("The person reads it."))


class ImproveForm(forms.Form):
    note = long_text(gettext_lazy("What you will improve, in your own words"), rows=5)


class VerifyForm(forms.Form):
    note = long_text(gettext_lazy("What has improved"))
    language = language_field()


class IdentifyForm(forms.Form):
    note = long_text(gettext_lazy("What the problem is, and the pembinaan given for it"), rows=4)
    file = file_field()


class RequestForm(forms.Form):
    violated_on = DayField(label=gettext_lazy("Day of the violation"))
    clause = forms.CharField(
        label=gettext_lazy("Clause of the company rules"), max_length=discipline_letters.CLAUSE_LENGTH
    )
    reason = long_text(gettext_lazy("Reason"), most=discipline_letters.REASON)
    file = file_field()
    password = password_field()


class IssueForm(forms.Form):
    language = language_field()
    password = password_field()


class ReceiveForm(forms.Form):
    note = long_text(
        gettext_lazy("Your own words"), required=False,
        help_text=gettext_lazy("To sign is to have received the letter, not to agree with it."), most=2_000,
    )  # fmt: skip
    password = password_field()


class ReceiveCodeForm(ReceiveForm):
    code = forms.CharField(
        label=gettext_lazy("Code of your device"), max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip


class PaperForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("The signed letter"), help_text=gettext_lazy("PDF, PNG or JPG, at most 10 MiB."),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )  # fmt: skip
    note = long_text(gettext_lazy("What was said"), required=False)


class RefuseForm(forms.Form):
    witness_1 = forms.CharField(label=gettext_lazy("First witness"), max_length=120)
    position_1 = forms.CharField(label=gettext_lazy("Position of the first witness"), max_length=80)
    witness_2 = forms.CharField(label=gettext_lazy("Second witness"), max_length=120)
    position_2 = forms.CharField(label=gettext_lazy("Position of the second witness"), max_length=80)
    note = long_text(gettext_lazy("How the letter was handed over, and what was said"))


class ExitForm(forms.Form):
    last_working_day = DayField(label=gettext_lazy("Last working day"))
    note = long_text(gettext_lazy("What was agreed"), help_text=gettext_lazy("The superior accompanies the interview."))


class MonitorForm(forms.Form):
    note = long_text(gettext_lazy("How the improvement goes"))
    file = file_field()


class OpenForm(forms.Form):
    person = PersonField(chooser=CHOOSER, label=gettext_lazy("Employee"))
    matter = forms.ChoiceField(label=gettext_lazy("About"), choices=Matter.choices)
    about = long_text(gettext_lazy("What was seen"), rows=4, most=discipline.ABOUT)
    file = file_field()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        person.for_user(user)


FORMS: dict[str, type[forms.Form]] = {
    "coach": CoachForm, "appreciate": AppreciateForm, "improve": ImproveForm, "verify": VerifyForm,
    "identify": IdentifyForm, "request": RequestForm, "issue": IssueForm, "refuse": RefuseForm, "paper": PaperForm,
    "exit": ExitForm,
    "cancel": NoteForm,
}  # fmt: skip
