"""Texts that people type, and words that are kept in a row and said in the language of who reads them."""

import json
import re
import unicodedata
from contextlib import suppress
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, override

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
    return _marked(words, given)


def _marked(words: str, given: dict[str, Any]) -> str:
    if not given:
        return f"⟦{words}⟧"
    text = json.dumps(given, ensure_ascii=False).translate({ord(mark): None for mark in "⟦⟧"})
    return f"⟦{words}¦{text}⟧"


class Told(str):
    """Words in the language of now that can be kept for a reader of another one: see `told`."""

    words: str
    values: dict[str, Any]

    def __mod__(self, values: Any) -> "Told":
        made = Told(super().__mod__(values))
        made.words, made.values = self.words, values
        return made

    def __add__(self, more: str) -> "Told":
        made = Told(super().__add__(more))
        made.words, made.values = "%(words)s%(more)s", {"words": self, "more": more}
        return made

    def kept(self) -> str:
        """As a row keeps it. A value that is a day, or words of the system itself, is said in the reader's language."""
        return _marked(self.words, {name: _in_each(value) for name, value in self.values.items()})


def told(words: str) -> Told:
    """`gettext` for what is shown now and kept too (a preview's faults): `told("…") % {…}` knows what was put into it.

    Import it as `_`, so that its messages are collected.
    """
    made = Told(gettext(words))
    made.words, made.values = words, {}
    return made


def worded(words: "str | Promise") -> str:
    """Text of words that may be lazy; they stay `told`."""
    if not isinstance(words, Promise):
        return words
    made = Told(words)
    made.words, made.values = "%(words)s", {"words": words}
    return made


def told_day(day: date) -> str:
    """A day as the language of now writes it; kept, it is written as the reader's does."""
    made = Told(date_format(day, "j F Y"))
    made.words, made.values = "%(day)s", {"day": day}
    return made


def _in_each(value: Any) -> str | dict[str, str]:
    if not isinstance(value, Told | Promise):
        return str(value)
    found = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            found[language] = said(value.kept()) if isinstance(value, Told) else str(value)
    return found


def kept_within(data: Any) -> Any:
    """Facts that become JSON, with all that was `told` in them kept for every language."""
    if isinstance(data, Told):
        return data.kept()
    if isinstance(data, dict):
        return {name: kept_within(value) for name, value in data.items()}
    return [kept_within(one) for one in data] if isinstance(data, list | tuple) else data


def said_within(data: Any) -> Any:
    """What `kept_within` kept, in the language of who reads it."""
    if isinstance(data, str):
        return said(data)
    if isinstance(data, dict):
        return {name: said_within(value) for name, value in data.items()}
    return [said_within(one) for one in data] if isinstance(data, list) else data


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
    words = PLACE.sub(lambda place: day_said(_of_reader(given.get(place[1], place[0]))), gettext(found[1]))
    return words.replace("%%", "%")


def _of_reader(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return str(value.get((get_language() or "")[:2]) or next(iter(value.values()), ""))


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
