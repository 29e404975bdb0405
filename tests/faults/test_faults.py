"""What bin/faults does in full, scaled down: real servers and processes, taken away and brought back (KER-3, KER-7)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from occ.runtime.faults import known

pytestmark = pytest.mark.timeout(300)


def suffer(name: str, prepared: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, str(known()[name]), "--small"], env=prepared, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.req("KER-3", "KER-7")
def test_two_beats(prepared: dict[str, str]) -> None:
    assert "both beats live" in suffer("two_beats", prepared)


@pytest.mark.req("KER-8")
def test_a_worker_killed_in_an_import(prepared: dict[str, str]) -> None:
    assert "rows are there once" in suffer("worker_killed", prepared)


@pytest.mark.req("KER-7", "KER-8")
def test_postgres_restarted_under_load(prepared: dict[str, str]) -> None:
    assert "each is there once" in suffer("postgres_restart", prepared)


@pytest.mark.req("KER-7", "KER-8")
def test_redis_away(prepared: dict[str, str]) -> None:
    assert "each once" in suffer("redis_away", prepared)


@pytest.mark.req("KER-7")
def test_disk_full_while_a_document_is_issued(prepared: dict[str, str]) -> None:
    assert "with room again the next one is" in suffer("disk_full", prepared)


@pytest.mark.req("RET-5", "KER-8")
def test_a_worker_killed_again_and_again_in_a_backup(prepared: dict[str, str]) -> None:
    assert "reads as it was; nothing else is there" in suffer("backup_killed", prepared)


@pytest.mark.req("RET-5", "KER-7")
def test_disk_full_of_a_backup_store(prepared: dict[str, str]) -> None:
    assert "files are there once, in both stores" in suffer("backup_disk_full", prepared)


@pytest.mark.req("KER-7")
def test_mail_server_away_for_a_day(prepared: dict[str, str]) -> None:
    assert "none given up" in suffer("mail_away", prepared)


@pytest.mark.req("RET-9")
def test_killed_in_a_deletion(prepared: dict[str, str]) -> None:
    assert "gone once" in suffer("dispose_killed", prepared)


@pytest.mark.req("RET-9", "RET-11")
def test_killed_in_a_deletion_of_documents(prepared: dict[str, str]) -> None:
    assert "gone once" in suffer("papers_killed", prepared)


@pytest.mark.req("RTM-4", "KER-8")
def test_web_floor_and_postgres_killed_while_events_come(prepared: dict[str, str]) -> None:
    said = suffer("floor_killed", prepared)
    assert "were accepted and are there once" in said and "what follows is what they tell" in said
