"""Forms of recovery plans and of their what-if (RTM-14)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from occ.forms import InstantField
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import sites_for
from realtime.choices import ActionKind, Cause
from realtime.services.what_if import Question
from realtime.workflow import PLANNERS


class StartForm(forms.Form):
    cause = forms.ChoiceField(label=gettext_lazy("Cause"), choices=Cause.choices)
    analysis = forms.CharField(
        label=gettext_lazy("What the analysis found"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )


class FinishForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Intraday evaluation: what came of it"), widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )  # fmt: skip


class VerifyForm(forms.Form):
    """`few_why` is asked for where too few calls have come since to see an effect by."""

    note = forms.CharField(
        label=gettext_lazy("End-of-day evaluation"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
    few_why = forms.CharField(label=gettext_lazy("Why it is verified all the same"), max_length=300, required=False)


class ActionForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("Action"), choices=ActionKind.choices)
    what = forms.CharField(label=gettext_lazy("What exactly"), required=False, max_length=200)
    who = forms.CharField(label=gettext_lazy("Who does it"), max_length=120)
    due_at = InstantField(label=gettext_lazy("At the latest"))


class DropForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("Why it is not carried out"), max_length=200)


class WhatIfForm(forms.Form):
    """Numbers as a browser's number fields send them, whatever the language."""

    calls = forms.FloatField(label=gettext_lazy("Calls"), min_value=0, max_value=100_000, localize=False)
    minutes = forms.FloatField(label=gettext_lazy("in minutes"), min_value=1, max_value=1_440, localize=False)
    handling = forms.FloatField(
        label=gettext_lazy("Handling time (s): talk, hold, after-call work"), min_value=1, max_value=36_000,
        localize=False,
    )  # fmt: skip
    patience = forms.FloatField(label=gettext_lazy("Patience (s)"), min_value=1, max_value=36_000, localize=False)
    agents = forms.IntegerField(label=gettext_lazy("Agents"), min_value=0, max_value=2_000, localize=False)
    more = forms.IntegerField(
        label=gettext_lazy("Agents more"), min_value=1, max_value=500, localize=False, required=False
    )

    def question(self) -> Question:
        given = self.cleaned_data
        return Question(given["calls"], given["minutes"], given["handling"], given["patience"])


class PlanForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Channel.choices)
    alert = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**62)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["site"]
        field.queryset = Site.objects.filter(pk__in=[one.pk for one in sites_for(user, PLANNERS)])
