"""Commands and tasks: what an operator and beat call."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone
from django.utils.translation import override

from occ.celery import app
from occ.commands import EnglishCommand
from occ.home import tracing
from occ.ledger import heartbeats
from occ.notifications.models import Notification
from occ.people.choices import Role
from tests.factories import Floor, user

OWN = ("occ.", "userids", "retention", "realtime", "coaching", "sdm", "service")


def said(*words: str, **options: Any) -> Any:
    out = io.StringIO()
    call_command(*words, stdout=out, **options)
    return json.loads(out.getvalue()) if options.get("json") else out.getvalue()


@pytest.mark.req("KER-13")
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_command_speaks_english_whatever_the_pages_begin_with(floor: Floor, tmp_path: Path, language: str) -> None:
    user(Role.DOCUMENT_CONTROL)
    file = tmp_path / "logbook.xlsx"
    file.write_bytes(b"%PDF-1.7")
    with override(language), pytest.raises(CommandError, match="This is a PDF, not a spreadsheet"):
        call_command("import_logbook", str(file), site="JKT")


def test_every_command_that_refuses_in_words_speaks_english() -> None:
    """Beat's and the floor's work say no word; those of the demo live through it in Indonesian."""
    silent = {"tick", "floor", "trace", "load_demo", "demo_code"}
    own = {name: app for name, app in get_commands().items() if app.startswith(OWN)}
    assert silent <= own.keys()
    for name in own.keys() - silent:
        assert isinstance(load_command_class(own[name], name), EnglishCommand), name


@pytest.mark.req("KER-8", "UID-5")
def test_tick_does_what_beat_would_and_once(floor: Floor) -> None:
    floor.resign()
    late = floor.request.due_at + timedelta(minutes=1)
    first = said("tick", now=late, json=True)
    assert first["now"] == late.isoformat() and first["done"]["sweep"] >= 1 and first["done"]["seal"] >= 1
    alerts = Notification.objects.filter(user=floor.coordinator).count()
    assert alerts == 1
    assert said("tick", now=late, json=True)["done"]["sweep"] == 0
    assert Notification.objects.filter(user=floor.coordinator).count() == alerts
    assert "sweep: 0" in said("tick", now=late)


@pytest.mark.req("KER-8")
def test_tick_does_not_run_ahead_of_the_clock_on_a_real_database(
    floor: Floor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEMO = False
    monkeypatch.setitem(connection.settings_dict, "NAME", "occ")
    with pytest.raises(CommandError, match="lies in the future"):
        call_command("tick", now=timezone.now() + timedelta(hours=1))
    with pytest.raises(CommandError, match="2026-11-20T16:00:00"):
        call_command("tick", "--now", "tomorrow")


@pytest.mark.req("KER-8")
def test_beat_asks_for_tasks_that_there_are_and_each_runs_and_leaves_its_sign(floor: Floor) -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled <= app.tasks.keys()
    for name in sorted(scheduled):
        app.tasks[name].apply(throw=True)
    assert not heartbeats.silent(now=timezone.now())
    assert (
        app.tasks["occ.jobs.tasks.run"].apply(args=["00000000-0000-0000-0000-000000000000"], throw=True).get() is False
    )


@pytest.mark.req("KER-1")
def test_trace_lists_requirements_and_fails_on_one_without_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {row["id"]: row for row in said("trace", json=True)}
    assert rows["UID-4"]["done"] and any("test_deadlines" in one for one in rows["UID-4"]["tests"])
    assert "UID-4" in said("trace", check=True)
    monkeypatch.setattr(tracing, "tests_by_requirement", lambda folder: {})
    with pytest.raises(CommandError, match="UID-4"):
        call_command("trace", check=True, stdout=io.StringIO())
    monkeypatch.setattr(tracing, "tests_by_requirement", lambda folder: {"UID-99": {"x"}})
    with pytest.raises(ValueError, match="UID-99"):
        call_command("trace", stdout=io.StringIO())


@pytest.mark.req("KER-10")
def test_a_database_of_other_code_is_not_migrated(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('userids', '0099_later', now())")
    with pytest.raises(CommandError, match=r"userids\.0099_later"):
        call_command("migrate", verbosity=0)
