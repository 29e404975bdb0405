"""Form fields whose values never depend on the language's formats, and how a refusal comes back to its field."""

from datetime import date
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from occ.errors import Invalid, NotAllowed, Refused
from occ.people.choosing import chosen, label, offered
from occ.people.models import Person, PersonQuerySet, User
from occ.times import FIRST_BIRTH_YEAR, FIRST_YEAR, LAST_YEAR, in_reach


class DayField(forms.DateField):
    """A calendar day; the browser sends and shows ISO 8601 and draws it in the reader's own format."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=["%Y-%m-%d"], widget=widget, localize=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        return reachable(super().to_python(value))


class BirthField(DayField):
    """A day in somebody's past, sooner than what people else enter."""

    def to_python(self, value: Any) -> Any:
        day = forms.DateField.to_python(self, value)
        if day is not None and not FIRST_BIRTH_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(_("This date of birth is not possible."), code="year")
        return day


class InstantField(forms.DateTimeField):
    """A minute in the active time zone (`timezone.override(site.zone)` around the form)."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
        super().__init__(input_formats=formats, widget=widget, localize=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        try:
            return reachable(super().to_python(value))
        except OverflowError:  # the year 1 in a zone ahead of UTC
            reachable(date.min)


class SignatureField(forms.CharField):
    """What stands for a signature (occ.people.passwords.presence_confirm)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Your password"), strip=False, max_length=4096,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            help_text=_(
                "Entered again, it stands for your signature. If you have none because you come in through the"
                " identity provider, enter the code that your device shows."
            ), **kwargs,
        )  # fmt: skip


class PersonField(forms.CharField):
    """One person among thousands: suggested while one types; without scripts one types the employee number.

    `chooser` is a key of occ.people.choosing. The form says whose choice it is: `form.fields["person"].for_user(user)`,
    perhaps with a narrower queryset, or `of` what it is: a key that the chooser understands.
    """

    def __init__(self, *, chooser: str, **kwargs: Any) -> None:
        self.chooser = chooser
        self.people: PersonQuerySet = Person.objects.none()
        # A combobox as ARIA has it; static/occ/combobox.js says the rest once it is there.
        attrs = {"autocomplete": "off", "spellcheck": "false", "data-combobox": "", "data-nobody": _("Nobody found")}
        super().__init__(max_length=160, widget=forms.TextInput(attrs=attrs), **kwargs)

    def for_user(self, user: User, people: PersonQuerySet | None = None, of: int | None = None) -> None:
        self.people = offered(self.chooser, user, of) if people is None else people
        url = reverse("people_find", args=[self.chooser])
        self.widget.attrs["data-url"] = url if of is None else f"{url}?of={of}"

    def prepare_value(self, value: Any) -> Any:
        """A person, or the key of one among those to choose from, is shown as name and number."""
        if isinstance(value, Person):
            return label(value)
        if isinstance(value, int):
            person = self.people.filter(pk=value).first()
            return label(person) if person else ""
        return value

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return chosen(self.people, text)
        except Invalid as invalid:
            raise forms.ValidationError(str(invalid), code=invalid.code) from invalid


def reachable(value: Any) -> Any:
    """The value, when its year can be meant; for fields and serializers. Raises ValidationError."""
    if value is not None and not in_reach(value):
        words = _("The year must lie between %(first)s and %(last)s.")
        raise forms.ValidationError(words % {"first": str(FIRST_YEAR), "last": str(LAST_YEAR)}, code="year")
    return value


class NoteForm(forms.Form):
    note = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class OptionalNoteForm(forms.Form):
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)


class EvidenceForm(forms.Form):
    """What shows that a step was done: words, a file, or both."""

    text = forms.CharField(
        label=_("What shows it"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    file = forms.FileField(
        label=_("Screenshot or document"),
        required=False,
        help_text=_("PDF, PNG or JPG, at most 10 MiB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )


class Pointing(forms.ValidationError):
    """What a refusal speaks of is to be seen elsewhere: the form leads there."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(str(refusal), code=refusal.code)
        self.url, self.about = refusal.url, refusal.about


def add_refusal(form: forms.BaseForm, refusal: Refused) -> None:
    """Show what a service said beside the field it speaks of, or above the form; a missing role is no matter of it."""
    if isinstance(refusal, NotAllowed):
        raise refusal
    for one in (refusal, *refusal.more):
        field: str | None = one.field
        if field == "file" and field not in form.fields:  # the form calls its file by another name
            files = (name for name, there in form.fields.items() if isinstance(there, forms.FileField))
            field = next(files, None)
        form.add_error(field if field in form.fields else None, Pointing(one))
