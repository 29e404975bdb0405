import re
from typing import Any

from django import forms
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from occ.forms import DayField
from occ.people.models import Site, User
from occ.people.scope import site_ids
from occ.policies.lengths import parse, written
from occ.policies.models import Policy
from occ.policies.registry import Definition
from occ.policies.services import LONGEST_REASON


class LengthField(forms.CharField):
    """A length of time in words of either language, as the number of `unit` that a policy keeps."""

    def __init__(self, *, unit: str, **kwargs: Any) -> None:
        self.unit = unit
        super().__init__(max_length=60, **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values or not isinstance(text, str):
            return text
        try:
            return parse(text, self.unit)
        except ValueError as error:
            raise forms.ValidationError(str(error), code="length") from error

    def run_validators(self, value: Any) -> None:
        """What was typed has been read: of a number nothing is too long."""

    def prepare_value(self, value: Any) -> Any:
        return written(value, self.unit) if isinstance(value, int | float) else value


class PolicyForm(forms.Form):
    """A value from a day on, for one site or (who may) for all."""

    value = forms.DecimalField(label=_("New value"), max_digits=12, decimal_places=3)
    valid_from = DayField(label=_("Valid from"), help_text=_("Today: at once. A later day: as soon as it begins."))
    # Chosen beside the form: what the form begins with is what holds there.
    site = forms.ModelChoiceField(Site.objects.none(), required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_REASON)
    seen = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, definition: Definition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if definition.columns:
            del self.fields["value"]
        elif definition.length:
            help_text = _("In words: 24 hours, 2 days, 90 minutes, 1d 2h. A number alone counts %(unit)s.")
            self.fields["value"] = LengthField(
                label=_("New value"), unit=definition.length, help_text=help_text % {"unit": definition.unit}
            )
        elif definition.choices:
            boxes = forms.CheckboxSelectMultiple
            self.fields["value"] = forms.MultipleChoiceField(
                label=_("New value"), choices=definition.choices, widget=boxes, required=False
            )
        if definition.everywhere:
            del self.fields["site"]
            return
        allowed = site_ids(user, definition.setters)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.all() if allowed is None else Site.objects.filter(pk__in=allowed)
        field.required = allowed is not None

    def clean_value(self) -> int | float | list[str]:
        value: Any = self.cleaned_data["value"]
        if isinstance(value, list | int | float):
            return value
        return int(value) if value == value.to_integral_value() else float(value)


class TakeBackForm(forms.Form):
    """Why what is planned is not to hold after all."""

    planned = forms.ModelChoiceField(Policy.objects.none(), widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_REASON)

    def __init__(self, *args: Any, key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        planned: Any = self.fields["planned"]
        planned.queryset = Policy.objects.filter(key=key).select_related("site")


class RowForm(forms.Form):
    """A row of a policy that is a list of rows. Its key stays, so that what code and history know by it is found."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(self, *args: Any, definition: Definition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in definition.columns:
            label: Any = one.label
            if one.choices:
                self.fields[one.name] = forms.ChoiceField(label=label, choices=one.choices)
            elif one.longest:
                self.fields[one.name] = forms.CharField(label=label, max_length=one.longest)
            elif one.unit:
                self.fields[one.name] = LengthField(label=label, unit=one.unit)
            else:
                self.fields[one.name] = forms.DecimalField(label=label, max_digits=9, decimal_places=3)


class RowsFormSet(forms.BaseFormSet):
    def rows(self) -> list[dict[str, Any]]:
        """The rows that stay, as the policy keeps them; new ones get a key out of what they say."""
        found: list[dict[str, Any]] = []
        taken: set[str] = {form.cleaned_data["key"] for form in self.forms if form.cleaned_data.get("key")}
        for form in self.forms:
            given = dict(form.cleaned_data)
            if not given or given.pop(DELETION_FIELD_NAME, False):
                continue
            said = {name: plain_number(value) for name, value in given.items() if name != "key"}
            key = given["key"] or new_key(said.values(), taken)
            taken.add(key)
            found.append({"key": key, **said})
        return found


def plain_number(value: Any) -> Any:
    if isinstance(value, str | int | float):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def new_key(said: Any, taken: set[str]) -> str:
    words = re.sub(r"[^a-z0-9]+", "_", "_".join(str(one) for one in said).lower()).strip("_")[:36] or "row"
    return next(key for key in (words, *(f"{words}_{n}" for n in range(2, 99))) if key not in taken)


def rows_form(definition: Definition, value: list[dict[str, Any]], data: Any) -> RowsFormSet:
    """The rows as they are, and two empty ones."""
    made = forms.formset_factory(
        RowForm, formset=RowsFormSet, extra=2, max_num=40, absolute_max=60, validate_max=True, can_delete=True
    )
    shown = [one | {c.name: gettext(one[c.name]) for c in definition.columns if c.longest} for one in value]
    formset: Any = made(data, initial=shown, prefix="rows", form_kwargs={"definition": definition})
    return formset
