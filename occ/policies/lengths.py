"""Lengths of time as people say and type them: "24 jam", "1 hari 2 jam", "90 menit", "1d 2h".

A policy keeps a number in a unit of its own; here it becomes words, and words become that number.
"""

import re
from datetime import timedelta
from fractions import Fraction
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

SECONDS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
# What people write for a unit, in either language whichever they read.
WORDS = {
    "days": ("d", "day", "days", "hari"),
    "hours": ("h", "hour", "hours", "jam"),
    "minutes": ("m", "min", "mins", "minute", "minutes", "menit", "mnt"),
    "seconds": ("s", "sec", "secs", "second", "seconds", "detik", "dtk"),
}
UNITS = {word: SECONDS[unit] for unit, words in WORDS.items() for word in words}
PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]*)[\s,]*")
THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}(?!\d)")


def unit_of(unit: Any) -> str:
    """The unit's code if it is one of a length, "" for people, percent and what else a policy counts."""
    with override(None):
        return str(unit) if str(unit) in SECONDS else ""


def parse(text: str, unit: str) -> int | float:
    """The length in `unit`; a number without a word is one of that unit. Raises ValueError in words."""
    said = text.strip().casefold().replace("−", "-")
    sign, said = (-1, said[1:].strip()) if said.startswith("-") else (1, said)
    if THOUSANDS.search(said):
        raise ValueError(_("Write the number without a mark between the thousands."))
    total, at = Fraction(0), 0
    while at < len(said):
        part = PART.match(said, at)
        size = None if part is None else UNITS.get(part[2]) if part[2] else SECONDS[unit]
        alone = part is not None and not part[2] and (at or part.end() < len(said))
        if part is None or size is None or alone:
            raise ValueError(_unknown())
        total += Fraction(part[1].replace(",", ".")) * size
        at = part.end()
    if not said:
        raise ValueError(_unknown())
    if total.denominator != 1:
        raise ValueError(_("A length of time counts whole seconds: this one is finer."))
    found = sign * total / SECONDS[unit]
    return int(found) if found.denominator == 1 else float(found)


def _unknown() -> str:
    return _("Enter a length of time such as “24 hours”, “2 days”, “90 minutes” or “1d 2h”.")


def written(value: float, unit: str) -> str:
    """As it stands in a form; `parse` reads it back."""
    return _count(value, unit, grouped=False) if value == int(value) else _parts(value, unit, grouped=False)


def worded(value: float, unit: str) -> str:
    """In its own unit, and where that is not how people say it in larger and smaller ones too: 72 hours (3 days)."""
    plain, parts = _count(value, unit), _parts(value, unit)
    return plain if plain == parts else f"{plain} ({parts})"


def rough(span: timedelta) -> str:
    """In the largest unit of which there are two, to the nearest: 719 h 58 min are 30 days."""
    seconds = abs(round(span.total_seconds()))
    unit = next((unit for unit, size in SECONDS.items() if seconds >= 2 * size - size // 60), "seconds")
    return _count(round(seconds / SECONDS[unit]), unit)


def _parts(value: float, unit: str, *, grouped: bool = True) -> str:
    """By the largest units that are full; up to two days are hours, as in 1x24 hours."""
    left = round(abs(value) * SECONDS[unit])
    found = []
    for name, size in SECONDS.items():
        if name == "days" and unit != "days" and left < 2 * size:
            continue
        count, left = divmod(left, size)
        if count:
            found.append(_count(count, name, grouped=grouped))
    words = " ".join(found) or _count(0, unit)
    return f"-{words}" if value < 0 else words


def _count(value: float, unit: str, *, grouped: bool = True) -> str:
    number = int(value) if value == int(value) else round(value, 3)
    n = 1 if abs(number) == 1 else 2
    words = {
        "days": ngettext("%(n)s day", "%(n)s days", n),
        "hours": ngettext("%(n)s hour", "%(n)s hours", n),
        "minutes": ngettext("%(n)s minute", "%(n)s minutes", n),
        "seconds": ngettext("%(n)s second", "%(n)s seconds", n),
    }[unit]
    return words % {"n": number_format(number) if grouped else number}
