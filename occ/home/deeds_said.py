"""An entry of the evidence ledger in words: by its code, or as the transition of a flow that it is."""

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from occ.ledger.words import WORDS
from occ.workflow.flows import FLOWS


def deed_said(code: str) -> "str | Promise":
    """What was done, in the reader's language; "" for a code that nothing in this release writes."""
    if code in WORDS:
        return WORDS[code]
    key, _dot, name = code.rpartition(".")
    if key not in FLOWS:
        return ""
    if name == "begin":
        return _("Process begun")
    return next((one.label for one in FLOWS[key].transitions if one.name == name), "")


def codes_saying(text: str) -> list[str]:
    """The codes whose words hold that text."""
    codes = [*WORDS, *(f"{key}.{one.name}" for key, flow in FLOWS.items() for one in flow.transitions)]
    return [code for code in codes if text.casefold() in str(deed_said(code)).casefold()]


def kind_said(label: str) -> "str | Promise":
    """What an entry is about, in the reader's language; the label itself of a model that this release does not have."""
    try:
        return apps.get_model(label)._meta.verbose_name or label
    except (LookupError, ValueError):
        return label
