"""Whatever a date or a number is, what was written is what is read: for all of them (KER-13)."""

from __future__ import annotations

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from django.utils.formats import localize
from django.utils.translation import override
from hypothesis import example, given
from hypothesis import strategies as st

from occ.errors import Invalid
from occ.sheets.dates import FIRST_YEAR, LAST_YEAR, MONTHS, parse_date, parse_decimal

DAYS = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
NAMES = {number: [name for name, at in MONTHS.items() if at == number] for number in range(1, 13)}
pytestmark = pytest.mark.req("KER-13", "UID-13")


@given(DAYS, st.data())
def test_every_day_in_every_notation(day: date, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES[day.month]))
    texts = [
        f"{day:%d/%m/%Y}", f"{day:%d-%m-%Y}", f"{day:%d.%m.%Y}", f"{day.day}/{day.month}/{day.year}",
        day.isoformat(), f"{day.day} {name} {day.year}", f"{name.title()} {day.day}, {day.year}",
        f"{day.isoformat()} 00:00:00", (day - date(1899, 12, 30)).days,
    ]  # fmt: skip
    assert {parse_date(text) for text in texts} == {day}


@given(DAYS)
def test_a_short_year_is_never_guessed(day: date) -> None:
    with pytest.raises(Invalid):
        parse_date(f"{day:%d/%m/%y}")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
@example(Decimal("90.125"))
@example(Decimal("-1234567.890"))
def test_every_number_as_each_language_shows_it(number: Decimal) -> None:
    for language in ("id", "en"):
        with override(language):
            shown = localize(number, use_l10n=True)
        assert parse_decimal(shown, language=language) == number


@given(st.text(max_size=40))
def test_any_text_is_a_day_or_a_clear_refusal(text: str) -> None:
    for parse in (parse_date, parse_decimal):
        with contextlib.suppress(Invalid):
            parse(text)
