"""A mapping put together from the columns found in a file; what it says is the YAML of docs/call-reports.md."""

from __future__ import annotations

import re
from typing import Any

import yaml
from django import forms
from django.utils.translation import gettext_lazy as _

from occ.forms import DayField
from occ.people.choices import Channel
from occ.people.models import Site, User
from occ.people.scope import sites_for
from occ.sheet_forms import SheetForm, sheet_field
from realtime.models import ReportMapping
from realtime.reports.mapping import LONGEST, ROLES
from realtime.services.ingesting import SENDERS

KINDS = (("calls", _("Calls")), ("cases", _("Cases")), ("logins", _("Log-ins and log-outs")))
ROLE_LABELS = {
    "date": _("The day"), "arrived": _("When it arrived"), "queued": _("When it was queued"),
    "answered": _("When it was answered"), "submitted": _("When it was submitted"), "ended": _("When it ended"),
    "agent": _("Agent"), "category": _("Category"), "wait": _("Wait (duration)"), "talk": _("Talk (duration)"),
    "hold": _("Hold (duration)"), "wrapup": _("After-call work (duration)"), "login": _("When the log-in was"),
    "logout": _("When the log-out was"),
}  # fmt: skip
OUTCOME_LABELS = (("ignore", _("Not counted where")), ("answered", _("Answered where")),
                  ("abandoned", _("Abandoned where")), ("menu", _("Ended in the menu where")))  # fmt: skip
OTHERWISE = (("", _("is a fault of the row")), ("answered", _("is answered")), ("abandoned", _("is abandoned")),
             ("menu", _("ended in the menu")), ("ignore", _("is not counted")))  # fmt: skip
DAY_FORMS = (("%Y-%m-%d", "2026-11-20"), ("%d/%m/%Y", "20/11/2026"), ("%d-%m-%Y", "20-11-2026"),
             ("%d.%m.%Y", "20.11.2026"), ("%Y%m%d", "20261120"), ("%m/%d/%Y", "11/20/2026"))  # fmt: skip
TIME_FORMS = (
    ("", _("time of day, 8:05 or 8:05:30, or the file's own")), ("%Y-%m-%d %H:%M:%S", "2026-11-20 08:05:30"),
    ("%d/%m/%Y %H:%M:%S", "20/11/2026 08:05:30"), ("%d/%m/%Y %H:%M", "20/11/2026 08:05"),
    ("%d-%m-%Y %H:%M:%S", "20-11-2026 08:05:30"), ("%Y-%m-%dT%H:%M:%S", "2026-11-20T08:05:30"),
    ("%H.%M.%S", "08.05.30"),
)  # fmt: skip


PLAIN = re.compile(r"[^\W\d][\w ()/+.-]*")
YES_OR_NO = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


class UploadForm(SheetForm):
    field_order = ("site", "mapping", "file")
    site = forms.ModelChoiceField(Site.objects.none(), label=_("Site"), empty_label=None)
    mapping = forms.ModelChoiceField(
        ReportMapping.objects.none(), label=_("Mapping"), required=False,
        empty_label=_("a new one, from the columns of this file"),
        help_text=_("What the columns mean. One that is kept can be used again and again."),
    )  # fmt: skip
    file = sheet_field(_("XLSX, XLS, ODS or CSV, at most 50 MiB; one row a call, case or log-in."), _("Report"), ".txt")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        mapping: Any = self.fields["mapping"]
        mapping.label_from_instance = lambda one: f"{one} · {one.site.name}"

    def choices_of(self, user: User) -> dict[str, Any]:
        sites = sites_for(user, SENDERS)
        kept = ReportMapping.objects.filter(site__in=sites).latest_versions().select_related("site")
        return {"site": Site.objects.filter(pk__in=[one.pk for one in sites]), "mapping": kept}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if (mapping := given.get("mapping")) and mapping.site != given.get("site"):
            self.add_error("mapping", _("This mapping is another site's."))
        return given


class TextForm(forms.Form):
    name = forms.CharField(label=_("Name of the mapping"), max_length=60)
    text = forms.CharField(
        label=_("Mapping (YAML)"), max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false", "class": "form-control font-monospace"}),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason, if it changes one that is kept"), max_length=300, required=False)


class MappingForm(forms.Form):
    """`headings`: those of the file."""

    name = forms.CharField(label=_("Name of the mapping"), max_length=60)
    kind = forms.ChoiceField(label=_("What a row is"), choices=KINDS)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    source = forms.RegexField(
        r"^[\w.-]{1,40}$", label=_("Short name of the source"), max_length=40,
        help_text=_("Letters, digits, dot and hyphen; not that of an application that sends its events itself."),
    )  # fmt: skip
    key = forms.MultipleChoiceField(
        label=_("A row is known again by"), widget=forms.CheckboxSelectMultiple,
        help_text=_("Columns that tell any two rows apart, in other files too."),
    )  # fmt: skip

    def __init__(self, *args: Any, headings: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["key"].choices = [(one, one) for one in headings]
        columns = [("", "–"), *((one, one) for one in headings)]
        fields["fixed"] = DayField(label=_("The day, where no column has it"), required=False)
        for role, label in ROLE_LABELS.items():
            fields[f"role_{role}"] = forms.ChoiceField(label=label, choices=columns, required=False)
        fields["dates"] = forms.ChoiceField(label=_("Days are written"), choices=DAY_FORMS)
        fields["times"] = forms.ChoiceField(label=_("Times are written"), choices=TIME_FORMS, required=False)
        fields["never"] = forms.CharField(
            label=_("Times that did not happen say"), required=False, max_length=200,
            help_text=_("With commas between them, as 0:00:00; empty cells count anyway."),
        )  # fmt: skip
        fields["nobody"] = forms.CharField(label=_("No agent is written"), required=False, max_length=200)
        for outcome, label in OUTCOME_LABELS:
            fields[f"if_{outcome}"] = forms.ChoiceField(label=label, choices=columns, required=False)
            fields[f"says_{outcome}"] = forms.CharField(
                label=_("says"), required=False, max_length=200, help_text=_("Empty: anything that happened.")
            )
        fields["otherwise"] = forms.ChoiceField(label=_("Any other call"), choices=OTHERWISE, required=False)
        fields["reason"] = forms.CharField(
            label=_("Reason, if it changes one that is kept"), max_length=300, required=False
        )

    def parts(self) -> list[tuple[Any, list[Any]]]:
        """The fields in groups, for the page."""
        roles = [self[f"role_{role}"] for role in ROLE_LABELS]
        outcomes = [self[f"{part}_{name}"] for name, _label in OUTCOME_LABELS for part in ("if", "says")]
        return [
            (_("What it is"), [self[name] for name in ("name", "kind", "channel", "source")]),
            (_("How a row is known again"), [self["key"]]),
            (_("What the columns are"), roles),
            (_("How it is written"), [self[name] for name in ("fixed", "dates", "times", "never", "nobody")]),
            (_("What becomes of a call"), [*outcomes, self["otherwise"]]),
            ("", [self["reason"]]),
        ]

    def text(self) -> str:
        """What was chosen, as a mapping."""
        given = self.cleaned_data
        kind = given["kind"]
        columns = {role: given[f"role_{role}"] for role in ROLE_LABELS
                   if role in ROLES[kind] and given[f"role_{role}"]}  # fmt: skip
        said: dict[str, Any] = {"source": given["source"], "kind": kind, "channel": given["channel"],
                                "key": given["key"], "columns": columns, "dates": given["dates"]}  # fmt: skip
        if given["fixed"]:
            said["date"] = given["fixed"]
        if given["times"]:
            said["times"] = given["times"]
        for name in ("never", "nobody"):
            if words := split(given[name]):
                said[name] = words
        if kind == "calls":
            said["outcomes"] = [
                {"if": {given[f"if_{name}"]: split(given[f"says_{name}"]) or "*"}, "is": name}
                for name, _label in OUTCOME_LABELS if given[f"if_{name}"]
            ]  # fmt: skip
            said["outcomes"] += [{"is": given["otherwise"]}] if given["otherwise"] else []
        return str(yaml.dump(said, Dumper=Quoting, allow_unicode=True, sort_keys=False))


class Quoting(yaml.SafeDumper):
    """Words that could be taken for a time, a number or a yes are in quotation marks, as the documentation has them."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = PLAIN.fullmatch(text) and text.casefold() not in YES_OR_NO
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


Quoting.add_representer(str, _text)


def split(words: str) -> list[str]:
    return [one.strip() for one in words.split(",") if one.strip()]
