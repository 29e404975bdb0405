"""The embedded servers and the set-up (KER-1, KER-2, KER-3): real processes, in a path with a space, side by side."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from occ.runtime.environment import prepared
from occ.runtime.servers import CannotStart, embedded

ROOT = Path(__file__).parent.parent.parent
KEY = "dGhlLWtleS1vZi1hLXRlc3Qtb2Ytc2V0dGluZ3MtISE="
HOLD = """
import sys, time
from pathlib import Path
from occ.runtime.servers import embedded
with embedded(Path(sys.argv[1])) as servers:
    print(servers.database_url, flush=True)
    time.sleep(600)
"""


def query(url: str, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.mark.req("KER-1")
def test_they_run_in_a_path_with_a_space_and_keep_what_was_written(tmp_path: Path) -> None:
    place = tmp_path / "a place"
    with embedded(place) as servers:
        assert "PostgreSQL 18" in str(query(servers.database_url, "SELECT version()"))
        query(servers.database_url, "CREATE TABLE kept AS SELECT 42 AS n")
        assert redis.Redis.from_url(servers.redis_url).ping()
        password = servers.database_url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(servers.database_url.replace(password, "wrong"))
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(servers.database_url)
    with embedded(place) as again:
        assert query(again.database_url, "SELECT n FROM kept") == [(42,)]


@pytest.mark.req("KER-1")
def test_two_stand_side_by_side_and_a_second_on_one_place_shares(tmp_path: Path) -> None:
    with embedded(tmp_path / "a") as a, embedded(tmp_path / "b") as b:
        assert a.database_url != b.database_url
        code = HOLD.replace("time.sleep(600)", "pass")
        shared = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "a")], capture_output=True, text=True, cwd=ROOT, timeout=60
        )
        assert shared.stdout.strip() == a.database_url, shared.stderr
        assert query(a.database_url, "SELECT 1") == [(1,)]


@pytest.mark.req("KER-1")
def test_a_command_beside_the_demo_knows_its_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("BASE_URL", raising=False)
    with embedded(tmp_path, base_url="http://127.0.0.1:8123"), prepared(tmp_path) as environment:
        assert environment["BASE_URL"] == "http://127.0.0.1:8123"
    with prepared(tmp_path) as environment:
        assert "BASE_URL" not in environment


@pytest.mark.req("KER-1")
def test_a_starter_killed_with_9_leaves_no_server_and_the_next_start_goes(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert starter.stdout is not None
    url = starter.stdout.readline().strip()
    query(url, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    with embedded(tmp_path) as again:
        assert query(again.database_url, "SELECT n FROM kept") == [(7,)]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            return
        time.sleep(0.2)
    pytest.fail("the killed starter's server is still there")


@pytest.mark.req("KER-1")
def test_what_a_killed_starter_wrote_leads_nobody_astray(tmp_path: Path) -> None:
    """Two starts after a kill: the second waits for the first's servers, and does not take the old ones' address."""
    (tmp_path / "servers.json").write_text(json.dumps({"database_url": "postgres://old", "redis_url": "redis://old"}))
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    first = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        deadline = time.monotonic() + 20
        while not busy(tmp_path / "servers.lock") and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.1)
        with embedded(tmp_path) as second:
            assert query(second.database_url, "SELECT 1") == [(1,)]
        assert first.stdout is not None and first.stdout.readline().strip() == second.database_url
    finally:
        first.terminate()
        first.wait(30)
        first.stdout.close()  # type: ignore[union-attr]


@pytest.mark.req("KER-1")
def test_who_wants_to_be_alone_begins_only_where_nobody_is(tmp_path: Path) -> None:
    begun: list[bool] = []

    def begin() -> None:
        begun.append((tmp_path / "servers.json").exists())

    with embedded(tmp_path, begin=begin), pytest.raises(CannotStart, match="--var"):
        embedded(tmp_path, begin=begin).__enter__()
    assert begun == [False], "neither the second's, nor after something had started"


def busy(lock: Path) -> bool:
    if not lock.exists():
        return False
    with open(lock, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.req("KER-1")
def test_a_virtual_environment_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    """Killed between its Python and its pip: no later start would have come further."""
    place = tmp_path / "a place"
    (place / "bin").mkdir(parents=True)
    (place / "requirements.txt").write_text("")
    script = place / "bin" / "_setup.py"
    script.write_text((ROOT / "bin" / "_setup.py").read_text())
    found = importlib.util.spec_from_file_location("setup_elsewhere", script)
    assert found is not None and found.loader is not None
    setup = importlib.util.module_from_spec(found)
    found.loader.exec_module(setup)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / ".venv")], check=True)
    setup.install_python(dev=False)
    assert setup.usable() and (place / ".venv" / "installed").exists()
    setup.PYTHON.unlink()
    setup.PYTHON.symlink_to(tmp_path / "no more")
    setup.install_python(dev=False)
    assert setup.usable()


@pytest.mark.req("KER-3")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "at least 32 characters"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL must begin with"),
        ({"DATABASE_URL": "postgres://localhost"}, "names no database"),
        ({"REDIS_URL": ""}, "REDIS_URL is not set"),
        ({"OCC_DEMO": "", "BASE_URL": ""}, "BASE_URL is not set"),
        ({"OCC_DEMO": "", "BASE_URL": "https://x.test", "ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is not set"),
        ({"OCC_DEMO": "yes"}, "OCC_DEMO must be 0 or 1"),
        ({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS is not set"),
        ({"ENCRYPTION_KEYS": f"{KEY},short"}, "ENCRYPTION_KEYS: key 2 is none"),
        ({"LANGUAGE_CODE": "fr"}, "LANGUAGE_CODE must be id or en"),
        ({"DATABASE_URL": "postgres://a:b@127.0.0.1:x/c"}, "DATABASE_URL is no address"),
        ({"DATABASE_URL": "postgres://a:b@127.0.0.1/c?sslmod=require"}, "which is not known"),
        ({"EMAIL_URL": "smtp://mail:99999"}, "EMAIL_URL is no address"),
        ({"EMAIL_URL": "mail.example.id"}, "EMAIL_URL must begin with"),
        ({"BASE_URL": "occ.example.id"}, "BASE_URL must begin with"),
        ({"BASE_URL": "https://occ.example.id/app"}, "without a path"),
        ({"STORAGE_URL": "s3://bucket"}, "STORAGE_URL must begin with"),
        ({"STORAGE_URL": "file://files"}, "STORAGE_URL must begin with"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be"),
        ({"WEB_THREADS": "many"}, "WEB_THREADS must be a whole number"),
        ({"WEB_THREADS": "0"}, "WEB_THREADS must be a whole number"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN must have"),
    ],
)
def test_a_wrong_environment_is_refused_in_one_line(change: dict[str, str], said: str) -> None:
    good = {"DATABASE_URL": "postgres://a:b@127.0.0.1/c", "REDIS_URL": "redis://127.0.0.1", "SECRET_KEY": "k" * 40,
            "OCC_DEMO": "1", "ENCRYPTION_KEYS": KEY}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], env={"PATH": os.environ["PATH"]} | good | change, cwd=ROOT,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.req("KER-3")
def test_a_production_environment_passes_djangos_own_deployment_check() -> None:
    given = {
        "PATH": os.environ["PATH"], "DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": os.environ["REDIS_URL"],
        "SECRET_KEY": secrets.token_urlsafe(60), "BASE_URL": "https://occ.example.id",
        "ALLOWED_HOSTS": "occ.example.id", "ENCRYPTION_KEYS": KEY,
    }  # fmt: skip
    words = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(words, env=given, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.req("KER-2")
def test_lock_files_carry_hashes_and_no_address() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        assert "://" not in (ROOT / name).read_text(), name
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        assert line.startswith("    --hash=sha256:") or line.endswith("\\"), line
