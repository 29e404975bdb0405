"""Dates and numbers as people type them, in Indonesian and English, without guessing.

Django's Indonesian input formats take 04/13/2026 for 13 April and 90.125 for 90125 (KER-13). Here the day comes
first, always, and what can be read in two ways is refused rather than guessed.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from occ.errors import Invalid
from occ.texts import told as _
from occ.times import FIRST_YEAR, LAST_YEAR

_MONTHS = {
    1: "januari january jan",
    2: "februari february pebruari feb peb",
    3: "maret march mar mrt",
    4: "april apr",
    5: "mei may",
    6: "juni june jun",
    7: "juli july jul",
    8: "agustus august agt agu ags agust aug",
    9: "september sept sep",
    10: "oktober october okt oct",
    11: "november nopember nov nop",
    12: "desember december des dec",
}
MONTHS = {name: number for number, names in _MONTHS.items() for name in names.split()}

# A time of day behind the date is allowed (spreadsheets write one for every date) and left out.
_CLOCK = r"(?:[ T,]+[0-2]?[0-9][:.][0-5][0-9](?:[:.][0-5][0-9](?:[.,][0-9]+)?)?)?"
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})" + _CLOCK)
_DAY_FIRST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})" + _CLOCK)
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/. ])(?:[0-9]{1,2}|[^\W\d]+)\1[0-9]{2}")
_DAY_NAME_YEAR = re.compile(r"([0-9]{1,2})[-/. ]{0,2}([^\W\d_]+)\.?[-/., ]{0,2}([0-9]{4})" + _CLOCK)
_NAME_DAY_YEAR = re.compile(r"([^\W\d_]+)\.? +([0-9]{1,2})(?:,| ) *([0-9]{4})" + _CLOCK)
_WEEKDAY = re.compile(
    r"(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday), *"
)
_EPOCHS = {False: date(1899, 12, 30), True: date(1904, 1, 1)}


def parse_date(value: str | date | int | float, *, epoch_1904: bool = False, first_year: int = FIRST_YEAR) -> date:
    """The day that `value` means. Raises Invalid.

    A number is taken for a spreadsheet's serial day; pass one only when the cell itself held a number. `first_year`:
    the first that can be meant; dates of birth lie further back than others.
    """
    if isinstance(value, datetime):
        return _in_range(value.date(), value, first_year)
    if isinstance(value, date):
        return _in_range(value, value, first_year)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_serial(value, epoch_1904, first_year)
    return _in_range(_from_text(str(value)), value, first_year)


_OFFSET = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.*?) ?(Z|[+-][0-9]{2}:?[0-9]{2}|UTC|WIB)", re.I)
_CLOCK_READ = re.compile(
    r"[0-9][ T,]+([0-2]?[0-9])[:.]([0-5][0-9])(?:[:.]([0-5][0-9])(?:[.,][0-9]+)?)?$", re.IGNORECASE
)
_ZONES = {"UTC": "+00:00", "WIB": "+07:00"}
_NEVER = {"", "-", "--", "–", "n/a", "null", "none", "never", "belum", "belum pernah", "tidak pernah"}


def parse_instant(value: str | date | int | float, *, epoch_1904: bool = False) -> date | datetime | None:
    """The day and, where it is said, the time of day: aware with an offset, naive without; a date where only a day is
    said; None for what people and programs write for "never". Raises Invalid.
    """
    if isinstance(value, datetime):
        _in_range(value.date(), value, FIRST_YEAR)
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        day, seconds = _from_serial(value, epoch_1904, FIRST_YEAR), round((value % 1) * 86_400)
        return datetime.combine(day, time.min) + timedelta(seconds=seconds) if value % 1 else day
    if isinstance(value, date):
        return _in_range(value, value, FIRST_YEAR)
    text = unicodedata.normalize("NFKC", str(value)[:80]).strip()
    if text.casefold() in _NEVER:
        return None
    if match := _OFFSET.fullmatch(text):
        try:
            found = datetime.fromisoformat(match[1] + _ZONES.get(match[2].upper(), match[2]))
        except ValueError:
            raise _not_a_date(value) from None
        _in_range(found.date(), value, FIRST_YEAR)
        return found
    day = _in_range(_from_text(text), value, FIRST_YEAR)
    clock = _CLOCK_READ.search(text)
    if clock is None:
        return day
    hour, minute, second = (int(part or 0) for part in clock.groups())
    if hour > 23:
        raise _not_a_date(value)
    return datetime.combine(day, time(hour, minute, second))


def _from_serial(serial: int | float, epoch_1904: bool, first_year: int) -> date:
    try:
        day = _EPOCHS[epoch_1904] + timedelta(days=int(serial))
    except (OverflowError, ValueError):
        raise _not_a_date(serial) from None
    if not first_year <= day.year <= LAST_YEAR:
        raise _not_a_date(serial)
    return day


def _from_text(text: str) -> date:
    plain = unicodedata.normalize("NFKC", text[:80]).strip().casefold()
    plain = _WEEKDAY.sub("", re.sub(r"\s+", " ", plain), count=1)
    if match := _YEAR_FIRST.fullmatch(plain.upper()):
        return _day(int(match[1]), int(match[3]), int(match[4]), text)
    if match := _DAY_FIRST.fullmatch(plain.upper()):
        return _day(int(match[4]), int(match[3]), int(match[1]), text)
    if match := _DAY_NAME_YEAR.fullmatch(plain):
        return _day(int(match[3]), _month(match[2], text), int(match[1]), text)
    if match := _NAME_DAY_YEAR.fullmatch(plain):
        return _day(int(match[3]), _month(match[1], text), int(match[2]), text)
    if _SHORT_YEAR.fullmatch(plain):
        raise Invalid(
            _("“%(value)s”: write the year with four digits, for example 01/08/2025.") % {"value": text},
            code="date_short_year",
        )
    raise _not_a_date(text)


def _month(name: str, text: str) -> int:
    try:
        return MONTHS[name]
    except KeyError:
        raise _not_a_date(text) from None


def _day(year: int, month: int, day: int, text: str) -> date:
    if month > 12 and day <= 12:
        raise Invalid(
            _("“%(value)s”: the day comes first, then the month; there is no month %(month)s.")
            % {"value": text, "month": month},
            code="date_month_first",
        )
    try:
        return date(year, month, day)
    except ValueError:
        raise Invalid(
            _("“%(value)s” is not a day in the calendar.") % {"value": text}, code="date_impossible"
        ) from None


def _in_range(day: date, value: object, first_year: int) -> date:
    if first_year <= day.year <= LAST_YEAR:
        return day
    raise Invalid(
        _("“%(value)s”: the year must lie between %(first)s and %(last)s.")
        % {"value": value, "first": str(first_year), "last": str(LAST_YEAR)},
        code="date_out_of_range",
    )


def _not_a_date(value: object) -> Invalid:
    return Invalid(
        _("“%(value)s” is not a date. Write it as 01/08/2025 (day first), 1 August 2025 or 2025-08-01.")
        % {"value": str(value)[:80]},
        code="not_a_date",
    )


_NUMBER = {
    "id": re.compile(r"([+-]?)([0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,([0-9]+))?"),
    "en": re.compile(r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?"),
}


def parse_decimal(value: str | int | float | Decimal, *, language: str | None = None) -> Decimal:
    """The number that `value` means. Raises Invalid.

    With `language` ("id" or "en") only that language's signs are read: 1.234,5 or 1,234.5. Without it, both are,
    and what means different numbers in them (90.125) is refused.
    """
    if isinstance(value, bool):
        raise _not_a_number(value)
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise _not_a_number(value)
        return number
    plain = unicodedata.normalize("NFKC", value[:60]).strip().replace("\N{MINUS SIGN}", "-")
    readings = [_read_number(plain, code) for code in ([language] if language else _NUMBER)]
    found = {one for one in readings if one is not None}
    if len(found) == 2:
        raise Invalid(
            _("“%(value)s” can mean two numbers. Leave out the thousands separator.") % {"value": value},
            code="number_ambiguous",
        )
    if not found or len(value) > 60:
        raise _not_a_number(value)
    return found.pop()


def _read_number(plain: str, language: str) -> Decimal | None:
    match = _NUMBER[language].fullmatch(plain)
    if match is None:
        return None
    sign, whole, fraction = match.groups()
    digits = sign + re.sub("[.,]", "", whole)
    return Decimal(f"{digits}.{fraction}" if fraction else digits)


def _not_a_number(value: object) -> Invalid:
    return Invalid(_("“%(value)s” is not a number.") % {"value": str(value)[:60]}, code="not_a_number")
