"""Lengths of time as people type and read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from occ.policies.lengths import parse, rough, unit_of, worded, written


@pytest.mark.req("KER-6")
@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("24", "hours", 24), ("24 jam", "hours", 24), ("2 hari", "hours", 48), ("90 menit", "hours", 1.5),
        ("1d 2h", "hours", 26), ("1 hari, 2 jam", "hours", 26), ("1,5 jam", "minutes", 90), ("0.25h", "hours", 0.25),
        ("20 minutes", "hours", 1 / 3), ("12 MENIT", "seconds", 720), ("-3 hari", "hours", -72),
        ("−2 jam", "hours", -2),
        ("36 jam", "days", 1.5), ("0", "minutes", 0),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_in_either_language(text: str, unit: str, value: float) -> None:
    assert parse(text, unit) == value


@pytest.mark.parametrize(
    "text", ["", "-", "24:00:00", "soon", "2 hari lagi", "1 2 jam", "jam", "1.440 menit", "1e3", "\x00"]
)
def test_what_is_no_length_is_refused_with_an_example(text: str) -> None:
    with override("en"), pytest.raises(ValueError, match=r"such as|thousands"):
        parse(text, "hours")


@pytest.mark.req("KER-6")
def test_what_is_finer_than_a_second_is_refused_and_not_rounded() -> None:
    for text, unit in (("1,5 detik", "hours"), ("0.0001", "hours"), ("0,33 menit", "seconds"), ("0.5", "seconds")):
        with override("en"), pytest.raises(ValueError, match="whole seconds"):
            parse(text, unit)
    assert parse("0,05 menit 0,1 menit", "seconds") == 9


@pytest.mark.parametrize(
    ("value", "unit", "english", "indonesian"),
    [
        (24, "hours", "24 hours", "24 jam"), (1, "hours", "1 hour", "1 jam"),
        (72, "hours", "72 hours (3 days)", "72 jam (3 hari)"),
        (0.25, "hours", "0.25 hours (15 minutes)", "0,25 jam (15 menit)"), (14, "days", "14 days", "14 hari"),
        (450, "seconds", "450 seconds (7 minutes 30 seconds)", "450 detik (7 menit 30 detik)"),
        (1200, "seconds", "1,200 seconds (20 minutes)", "1.200 detik (20 menit)"),
        (0, "minutes", "0 minutes", "0 menit"), (-12, "hours", "-12 hours", "-12 jam"),
    ],
)  # fmt: skip
def test_a_length_is_said_as_people_say_it(value: float, unit: str, english: str, indonesian: str) -> None:
    for language, words in (("en", english), ("id", indonesian)):
        with override(language):
            assert worded(value, unit) == words
            assert parse(written(value, unit), unit) == value


def test_what_counts_no_time_is_no_length() -> None:
    for language in ("en", "id"):
        with override(language):
            assert unit_of(_("hours")) == "hours"
            assert not unit_of(_("percent")) and not unit_of(_("months")) and not unit_of("")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(hours=720), "30 days"), (timedelta(hours=719, minutes=59, seconds=55), "30 days"),
        (timedelta(hours=12), "12 hours"), (timedelta(hours=2), "2 hours"), (timedelta(hours=1, minutes=59), "2 hours"),
        (timedelta(minutes=90), "90 minutes"), (timedelta(seconds=40), "40 seconds"), (timedelta(hours=512), "21 days"),
    ],
)  # fmt: skip
def test_what_was_left_is_said_roughly(span: timedelta, words: str) -> None:
    with override("en"):
        assert rough(span) == words
