"""Backup of OCC itself (KER-16): what is restored is what was there, row by row and byte by byte; nothing by halves."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections

from occ.documents import attachments
from occ.documents.models import IssuedDocument
from occ.home.backup import making, manifest, programs
from occ.home.backup.making import backup_make
from occ.home.backup.programs import BackupRefused, find
from occ.home.backup.restoring import check_file
from occ.jobs.services import job_run, job_start
from occ.ledger.services import seal_entries
from tests.factories import NOW, PDF, Floor
from tests.processes import ROOT, environment
from userids.models import Account
from userids.services.exports import logbook_issue

pytestmark = [pytest.mark.req("KER-16"), pytest.mark.timeout(180)]
OTHER = "test_restored"


def issue(floor: Floor) -> IssuedDocument:
    return logbook_issue(
        accounts=Account.objects.as_of(NOW), site=floor.jkt, at=NOW, period=None, language="id", signatures=[],
        actor=floor.support, now=NOW,
    )  # fmt: skip


@pytest.fixture
def lived(live_floor: Floor) -> Floor:
    """With a document, an attachment, an export and a sealed ledger."""
    resignation = live_floor.resign()
    issue(live_floor)
    letter = ContentFile(PDF, name="surat.pdf")
    attachments.attachment_add(file=letter, subject=resignation, actor=live_floor.support, now=NOW)
    job = job_start(kind="userids.logbook", params={"query": ""}, owner=live_floor.support, now=NOW)
    assert job_run(job_id=job.pk, now=NOW)
    seal_entries(now=NOW)
    return live_floor


def server(sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
    here = connection.settings_dict
    opened = psycopg2.connect(
        host=here["HOST"], port=here["PORT"], user=here["USER"], password=here["PASSWORD"], dbname=database
    )
    opened.autocommit = True
    try:
        with opened.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        opened.close()


@pytest.fixture
def empty() -> Iterator[str]:
    server(f"DROP DATABASE IF EXISTS {OTHER} WITH (FORCE)")
    server(f"CREATE DATABASE {OTHER}")
    yield OTHER
    server(f"DROP DATABASE {OTHER} WITH (FORCE)")


def restore(folder: Path, where: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """manage.py restore_backup, as an operator calls it on the new machine."""
    here = environment(where)
    url = here["DATABASE_URL"].rsplit("/", 1)[0] + f"/{OTHER}"
    given = here | {"DATABASE_URL": url, "STORAGE_URL": f"file://{where / 'files'}"} | changes
    words = [sys.executable, "manage.py", "restore_backup", str(folder)]
    return subprocess.run(words, env=given, cwd=ROOT, capture_output=True, text=True, timeout=120)


def rows(database: str) -> dict[str, list[str]]:
    """Every row of every table as text, and where every sequence stands."""
    names = server("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'", database)
    found = {
        name: [one for (one,) in server(f'SELECT t::text FROM "{name}" t ORDER BY 1', database)] for (name,) in names
    }
    sequences = server("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1", database)
    return found | {"sequences": [str(one) for one in sequences]}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ours() -> str:
    return str(connection.settings_dict["NAME"])


def test_what_is_restored_is_what_was_there(lived: Floor, empty: str, tmp_path: Path, settings: Any) -> None:
    folder = tmp_path / "backup of today"
    before = rows(ours())
    files = contents(Path(settings.MEDIA_ROOT))
    assert len(files) == 3
    call_command("backup", folder)
    assert {path.name for path in tmp_path.iterdir()} >= {folder.name}
    assert not folder.with_name(folder.name + ".partial").exists()
    assert folder.stat().st_mode & 0o077 == 0, "it holds personal data"
    assert settings.SECRET_KEY.encode() not in b"".join(contents(folder).values())
    done = restore(folder, tmp_path / "new")
    assert done.returncode == 0, done.stderr
    after = rows(empty)
    (more,) = set(after["ledger_entry"]) - set(before["ledger_entry"])  # the one thing more: that it was restored
    assert "backup.restored" in more
    after["ledger_entry"].remove(more)
    after["sequences"], before["sequences"] = [
        [one for one in found["sequences"] if "ledger_entry" not in one] for found in (after, before)
    ]
    assert after == before
    assert contents(tmp_path / "new" / "files") == files
    triggers = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
    assert server(triggers, empty) == server(triggers, ours()) != []
    constraints = "SELECT conrelid::regclass::text, conname, contype, convalidated FROM pg_constraint ORDER BY 1, 2"
    assert server(constraints, empty) == server(constraints, ours())
    again = restore(folder, tmp_path / "new")
    assert again.returncode == 1 and "is not empty" in again.stderr


def test_work_goes_on_and_every_file_that_a_restored_row_names_is_there(
    lived: Floor, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, issued = threading.Event(), []

    def work() -> None:
        while not over.is_set():
            issued.append(issue(lived).file)
        connections.close_all()

    real = making.copy_files

    def slowly(*args: Any) -> Any:
        time.sleep(1)  # so that documents are issued between the snapshot and the copying
        return real(*args)

    monkeypatch.setattr(making, "copy_files", slowly)
    worker = threading.Thread(target=work)
    worker.start()
    try:
        while len(issued) < 2:
            time.sleep(0.05)
        made = backup_make(folder=tmp_path / "b", now=NOW)
    finally:
        over.set()
        worker.join()
    assert (made.missing, made.damaged, made.gone) == ([], [], [])
    done = restore(tmp_path / "b", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    kept = [name for (name,) in server("SELECT file FROM documents_issueddocument", empty)]
    assert 3 <= len(kept) <= len(issued) + 1 <= IssuedDocument.objects.count() + 1
    there = contents(tmp_path / "new" / "files" / "documents")
    assert set(kept) <= set(there) and len(there) > len(kept), "later documents' files are there without their rows"


def damage(folder: Path, name: str) -> None:
    path = next(folder.glob(name))
    path.chmod(0o600)
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize(
    ("name", "said"),
    [("database.dump", "database.dump is damaged"), ("files.jsonl", "files.jsonl is damaged"),
     ("manifest.json", "cannot be read"), ("files/documents/*/*/*.pdf", "is damaged"),
     ("files/default/attachments/*/*", "is damaged")],
)  # fmt: skip
def test_damage_is_refused_and_nothing_is_restored(
    lived: Floor, empty: str, tmp_path: Path, name: str, said: str
) -> None:
    backup_make(folder=tmp_path / "b", now=NOW)
    damage(tmp_path / "b", name)
    done = restore(tmp_path / "b", tmp_path / "new")
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert rows(empty) == {"sequences": []} and not (tmp_path / "new" / "files").exists()


def test_half_a_backup_another_key_a_changed_manifest_and_another_version_are_refused(
    lived: Floor, empty: str, tmp_path: Path
) -> None:
    folder = tmp_path / "b"
    backup_make(folder=folder, now=NOW)
    half = tmp_path / "half.partial"
    shutil.copytree(folder, half)
    assert "never finished" in restore(half, tmp_path / "new").stderr
    half.rename(tmp_path / "half")
    (tmp_path / "half" / manifest.MANIFEST).unlink()
    assert "no whole backup" in restore(tmp_path / "half", tmp_path / "new").stderr
    cut = tmp_path / "cut"
    shutil.copytree(folder, cut)
    os.truncate(cut / "database.dump", 1000)
    assert "cut short" in restore(cut, tmp_path / "new").stderr
    assert "SECRET_KEY is not the one" in restore(folder, tmp_path / "new", SECRET_KEY="another" * 10).stderr
    facts = json.loads((folder / manifest.MANIFEST).read_text())
    content = json.dumps(facts | {"migrations": [*facts["migrations"], "userids.0099_later"]}).encode()
    (folder / manifest.MANIFEST).write_bytes(content)
    assert "was changed after" in restore(folder, tmp_path / "new").stderr
    (folder / manifest.SIGNATURE).write_text(manifest.signature(content))
    assert "lacks the migration userids.0099_later" in restore(folder, tmp_path / "new").stderr
    assert rows(empty) == {"sequences": []}


def test_a_name_that_leads_out_of_the_storage_is_refused(db: None, tmp_path: Path) -> None:
    for name in ("../secret_key", "/etc/passwd", "a/../../b", "a\x00b", ""):
        with pytest.raises(BackupRefused, match="outside the storage"):
            check_file(tmp_path, manifest.Kept("default", name, 1, "0" * 64))
    with pytest.raises(BackupRefused, match="no storage"):
        check_file(tmp_path, manifest.Kept("elsewhere", "a", 1, "0" * 64))


def test_evidence_that_is_missing_or_changed_in_the_storage_is_told_and_the_rest_is_kept(
    lived: Floor, empty: str, tmp_path: Path
) -> None:
    second = issue(lived)
    first = IssuedDocument.objects.order_by("pk")[0]
    path = Path(storages["documents"].path(first.file))
    path.unlink()
    changed = Path(storages["documents"].path(second.file))
    changed.chmod(0o600)
    changed.write_bytes(b"something else")
    with pytest.raises(CommandError, match="2 files that rows name"):
        call_command("backup", tmp_path / "b")
    done = restore(tmp_path / "b", tmp_path / "new")
    assert done.returncode == 0 and first.file in done.stderr and second.file in done.stderr


def test_what_is_removed_lawfully_meanwhile_is_gone_and_not_missing(
    lived: Floor, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from occ.jobs.models import Job
    from occ.jobs.services import jobs_clear

    real = making.copy_files

    def cleared_first(*args: Any) -> Any:
        later = NOW + timedelta(days=400)
        Job.objects.update(finished_at=NOW)
        names = [name for name in Job.objects.values_list("output_file", flat=True) if name]
        jobs_clear(now=later)
        for name in names:
            storages["default"].delete(name)
        return real(*args)

    monkeypatch.setattr(making, "copy_files", cleared_first)
    made = backup_make(folder=tmp_path / "b", now=NOW)
    assert len(made.gone) == 1 and not made.missing
    assert restore(tmp_path / "b", tmp_path / "new").returncode == 0


def test_a_backup_that_fails_leaves_nothing_and_one_at_a_time_is_written(
    lived: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "b"
    part = tmp_path / "b.partial"
    part.mkdir()
    (part / "database.dump").write_text("what a killed one left")

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making, "copy", full)
        with pytest.raises(CommandError, match="No space left"):
            call_command("backup", folder)
    assert not part.exists() and not folder.exists()
    part.mkdir()
    with (part / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupRefused, match="another backup"):
            backup_make(folder=folder, now=NOW)
    backup_make(folder=folder, now=NOW)
    with pytest.raises(BackupRefused, match="exists already"):
        backup_make(folder=folder, now=NOW)
    with pytest.raises(BackupRefused, match="inside the file storage"):
        backup_make(folder=Path(storages["default"].path("backups/today")), now=NOW)


def test_a_missing_or_old_pg_dump_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "candidates", lambda name: iter([]))
    with pytest.raises(BackupRefused, match=r"there is none\. Install postgresql-client-18"):
        find("pg_dump", at_least=18)
    monkeypatch.setattr(programs, "candidates", lambda name: iter([Path("/usr/bin/pg_dump")]))
    monkeypatch.setattr(programs, "version", lambda path: 15)
    with pytest.raises(BackupRefused, match="/usr/bin/pg_dump is 15"):
        find("pg_dump", at_least=18)
