"""Texts that people type, and words that are kept in a row and said in the language of who reads them."""

import json
import re
import unicodedata
from contextlib import suppress
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext, override

KEPT = re.compile("⟦([^⟦⟧¦]+)(?:¦([^⟦⟧]*))?⟧")
PLACE = re.compile(r"%\((\w+)\)s")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONTH = re.compile(r"\b(\d{4}-\d{2})$", re.ASCII)


def hidden(text: str) -> bool:
    """Whether there is something in it that nobody sees: what looks like another name would be another one."""
    return any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn"} for char in text)


def kept(words: Any, **values: Any) -> str:
    """Translatable words as a row keeps them, to be read by `said`: the message id, marked, and what stands in it.

    What the system writes by itself into a history, a finding or an error is kept so: `kept(gettext_noop("…"))`.
    It must fit where it is kept (one that is cut is not understood): cut the values.
    """
    with override("en"):
        words = str(words)
        given = {name: said(str(value)) for name, value in values.items()}
    if not given:
        return f"⟦{words}⟧"
    text = json.dumps(given, ensure_ascii=False).translate({ord(mark): None for mark in "⟦⟧"})
    return f"⟦{words}¦{text}⟧"


def said(text: str) -> str:
    """The text with what is `kept` in it in today's language. Whatever else stands in it stays as it is."""
    return KEPT.sub(_said, text)


def _said(found: "re.Match[str]") -> str:
    if found[2] is None:
        return gettext(found[1])
    try:
        given = json.loads(found[2])
    except ValueError:
        return found[0]
    if not isinstance(given, dict):
        return found[0]
    # Not the % operator: anybody can type the marks, and a width of a thousand million with them.
    words = PLACE.sub(lambda place: day_said(str(given.get(place[1], place[0]))), gettext(found[1]))
    return words.replace("%%", "%")


def day_said(text: str) -> str:
    """A day, kept as 2026-11-30, as the language writes it; any other text as it is."""
    if DAY.fullmatch(text):
        with suppress(ValueError):
            return date_format(date.fromisoformat(text), "j F Y")
    return text


def month_said(text: str) -> str:
    """A month, kept as 2026-11, as the language writes it; what stands before it, such as a site, stays."""
    found = MONTH.search(text)
    if found:
        with suppress(ValueError):
            return text[: found.start()] + date_format(date.fromisoformat(f"{found[1]}-01"), "F Y")
    return text
