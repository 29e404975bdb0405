"""What the system writes into a row is worded for who reads it, whoever wrote it in whatever language (KER-13)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.utils import translation
from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind
from occ.obligations.models import Obligation
from occ.obligations.rules import RULES
from occ.policies.services import policy_value
from occ.texts import kept, said, told
from occ.timeline import process_entries, step_words
from occ.workflow.models import WorkflowStep
from tests.factories import Floor
from tests.reconcile.helpers import RUN, reconcile, shown
from userids.models.reconciliation import Finding
from userids.reconciling.flow import FINDING

pytestmark = pytest.mark.req("KER-13")
WORDS = gettext_noop("Found by reconciliation %(number)s")


def test_it_is_kept_in_no_language_and_said_in_each() -> None:
    with translation.override("id"):
        row = kept(WORDS, number=12)
        assert said(row) == "Ditemukan oleh rekonsiliasi 12"
    with translation.override("en"):
        assert kept(WORDS, number=12) == row
        assert said(f"{row}; what a person wrote") == "Found by reconciliation 12; what a person wrote"


@pytest.mark.parametrize(("language", "day"), [("id", "5 Maret 2026"), ("en", "5 March 2026")])
def test_a_day_is_said_as_the_language_writes_it(language: str, day: str) -> None:
    words = gettext_noop("kept until %(day)s")
    with translation.override(language):
        assert said(kept(words, day="2026-03-05")).endswith(day)
        assert said(kept(words, day="2026-02-30")).endswith("2026-02-30"), "no day"


@pytest.mark.parametrize(("language", "month"), [("id", "Maret 2026"), ("en", "March 2026")])
def test_a_month_is_told_as_the_language_writes_it(language: str, month: str) -> None:
    kind = Kind("x", "%(month)s; %(period)s; %(user_id)s; %(none)s", "")
    given = {"month": "2026-03", "period": "JKT 2026-03", "user_id": "2026-03", "none": "2026-13"}
    with translation.override(language):
        assert kind.say(kind.subject, given) == f"{month}; JKT {month}; 2026-03; 2026-13"
        assert kind.say("%(month)s", {"month": "2026-13"}) == "2026-13", "no month"


def test_a_value_that_is_kept_itself_stays_legible() -> None:
    with translation.override("id"):
        row = kept(gettext_noop("The person stays: %(why)s"), why=kept(gettext_noop("Came back")))
    with translation.override("en"):
        assert said(row) == "The person stays: Came back"


@pytest.mark.parametrize(
    "typed",
    [
        "100 % selesai", "%(number)s", "⟦", "⟧⟦", "⟦⟧", "⟦¦⟧", "⟦a¦⟧", "⟦a¦[1]⟧", '⟦a¦{"n": ⟧', '⟦a¦"x"⟧', "⟦a¦nan⟧",
        pytest.param("⟦" * 5_000, id="many"), pytest.param("⟦a" * 5_000, id="many begun"),
    ],
)  # fmt: skip
def test_what_people_write_stays_as_it_is(typed: str) -> None:
    with translation.override("id"):
        assert said(typed) == typed


@pytest.mark.parametrize("width", ["%(n)999999999s", "%(n)999999999d", "%s", "%(n).999999999f", "%(n)*d", "%"])
def test_who_types_the_marks_gets_no_more_than_words(width: str) -> None:
    assert len(said(f'⟦{width}¦{{"n": "1"}}⟧')) < 60


@pytest.mark.parametrize("value", ["⟦x⟧", '"', "\\", "50 % dari %(number)s", "¦", "\n", "ü–…"])
def test_values_come_back_as_they_were_but_for_the_marks(value: str) -> None:
    with translation.override("en"):
        row = kept(WORDS, number=value)
        assert said(row) == f"Found by reconciliation {value.strip('⟦⟧')}"


@pytest.mark.django_db
def test_histories_are_told_in_the_readers_language(floor: Floor) -> None:
    with translation.override("id"):  # as a worker has it
        first = reconcile(shown(floor.account, name="Budi"))
    with translation.override("en"):  # as somebody asked for it
        again = reconcile(shown(floor.account), now=RUN + timedelta(hours=2))
    found = Finding.objects.get()
    kind = ContentType.objects.get_for_model(found)
    steps = list(WorkflowStep.objects.filter(content_type=kind, object_id=found.pk).order_by("pk"))

    def notes(language: str) -> str:
        with translation.override(language):
            return "\n".join(one.get("note", "") for one in process_entries(FINDING, found, steps))

    assert f"No longer found by reconciliation {again.pk}" in notes("en")
    assert f"\nFound by reconciliation {first.pk}" in notes("en") and "⟦" not in notes("en")
    assert f"Ditemukan oleh rekonsiliasi {first.pk}" in notes("id") and "reconciliation" not in notes("id")


def test_a_reminder_after_the_due_time_does_not_say_that_time_was_left(floor: Floor) -> None:
    reconcile(shown(floor.account, name="Budi"))
    duty = Obligation.objects.get(rule__startswith="userids.finding")
    ladder = policy_value(RULES[duty.rule].ladder_policy, at=duty.opened_at, site=duty.site)
    reminder = next(one["key"] for one in ladder if one["kind"] == "remind" and one["anchor"] == "due")
    with translation.override("en"):
        early, _tone, _icon = step_words(duty, reminder, left=timedelta(hours=3))
        late, _tone, _icon = step_words(duty, reminder, left=timedelta(hours=-3))
    assert (early.endswith("reminded: 3 hours left"), late.endswith("reminded")) == (True, True)


def test_what_was_told_and_put_together_is_kept_for_each_reader() -> None:
    with translation.override("id"):
        words = told("Found by reconciliation %(number)s") % {"number": 12} + " “locked”"
        assert words == "Ditemukan oleh rekonsiliasi 12 “locked”"
        row = words.kept()
    with translation.override("en"):
        assert said(row) == "Found by reconciliation 12 “locked”"
