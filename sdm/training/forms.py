"""Forms of training: a batch, who takes part, results of a stage, samples (SDM-4)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.forms import DayField, PersonField
from occ.people import choosing
from occ.people.models import Site, User
from occ.people.scope import sites_for
from sdm.models import Participant
from sdm.services import training
from sdm.services.training import Scored
from sdm.training.choices import TrainingStatus
from sdm.training.workflow import HR

CHOOSER = choosing.register("sdm.training", training.people_to_train)


class BatchForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    code = forms.CharField(label=gettext_lazy("Code"), max_length=30)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    starts_on = DayField(label=gettext_lazy("From"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites: Any = self.fields["site"]
        sites.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, HR)])


class AddForm(forms.Form):
    person = PersonField(
        chooser=CHOOSER, label=gettext_lazy("Employee"), required=False,
        help_text=gettext_lazy("For somebody who works here already; leave name and number empty then."),
    )  # fmt: skip
    name = forms.CharField(label=gettext_lazy("Candidate's name"), required=False, max_length=120)
    number = forms.CharField(label=gettext_lazy("Candidate's number"), required=False, max_length=30)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        person.for_user(user)


class LinkForm(forms.Form):
    person = PersonField(chooser=CHOOSER, label=gettext_lazy("Employee"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        person: Any = self.fields["person"]
        person.for_user(user)


class AcceptForm(forms.Form):
    join_on = DayField(label=gettext_lazy("Join date"))
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the certificate"),
        choices=[("id", gettext_lazy("Indonesian")), ("en", gettext_lazy("English"))],
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("What the meeting showed"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000, help_text=gettext_lazy("Needed when the samples lie below the pass mark."),
    )  # fmt: skip


class SampleForm(forms.Form):
    reference = forms.CharField(
        label=gettext_lazy("Recording id"), max_length=120,
        help_text=gettext_lazy("As the application and the catalogue of recordings have it."),
    )  # fmt: skip
    taken_on = DayField(label=gettext_lazy("Day"))


def score_field(label: Any, *, required: bool = False) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"step": "0.01", "min": "0", "max": "100", "inputmode": "decimal"})
    return forms.DecimalField(label=label, required=required, max_digits=7, widget=widget)


class SampleScoreForm(forms.Form):
    score = score_field(gettext_lazy("Score"), required=True)
    remark = forms.CharField(
        label=gettext_lazy("Remark"), required=False, max_length=training.REMARK,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class ResultsForm(forms.Form):
    """The results of a stage, a row a participant; what is left empty stays as it is."""

    def __init__(self, *args: Any, stage: str, people: list[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stage, self.people = stage, people
        for one in people:
            held = next((row for row in one.results.all() if (row.stage, row.attempt) == (stage, one.attempt)), None)
            if stage == TrainingStatus.HARDSKILL:
                self._add(f"pre_{one.pk}", score_field(f"{one.name}: {_('Pre test')}"), held and held.pre_score)
            if stage != TrainingStatus.ACTIVE:
                label = _("Post test") if stage == TrainingStatus.HARDSKILL else _("Score")
                self._add(f"score_{one.pk}", score_field(f"{one.name}: {label}"), held and held.score)
            note = forms.CharField(label=f"{one.name}: {_('Note')}", required=False, max_length=training.NOTE)
            self._add(f"note_{one.pk}", note, held.note if held else "")

    def _add(self, name: str, field: forms.Field, initial: Any) -> None:
        field.initial = initial
        field.widget.attrs["class"] = "form-control"
        self.fields[name] = field

    def lines(self) -> list[dict[str, Any]]:
        """For the template: each participant with the fields of the row, each below its heading."""
        names = ("pre", "score", "note")
        return [
            {"participant": one, "fields": list(zip(self.headings(), bound, strict=True))}
            for one in self.people
            if (bound := [self[f"{n}_{one.pk}"] for n in names if f"{n}_{one.pk}" in self.fields])
        ]

    def headings(self) -> list[str]:
        hard = self.stage == TrainingStatus.HARDSKILL
        return [
            *([_("Pre test"), _("Post test")] if hard else [] if self.stage == TrainingStatus.ACTIVE else [_("Score")]),
            _("Note"),
        ]  # fmt: skip

    def rows(self) -> list[Scored]:
        data, found = self.cleaned_data, []
        for one in self.people:
            score, pre = data.get(f"score_{one.pk}"), data.get(f"pre_{one.pk}")
            note = data.get(f"note_{one.pk}") or ""
            if score is not None or pre is not None or note:
                found.append(Scored(one.pk, score, pre, note))
        return found
