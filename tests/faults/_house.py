"""An installation of its own for one fault: servers that can be taken away and brought back on the same address,
web, workers and beat as real processes, and a small floor of people.

`python _house.py FOLDER` prepares a migrated database with the floor; each fault works on a copy of it.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from occ.runtime import servers  # noqa: E402 - the path comes first
from occ.runtime.environment import key  # noqa: E402


class Wrong(Exception):
    """The fault did not end as it should."""


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


OPENER = urllib.request.build_opener(Stay)


class House:
    """Everything below one folder; `up` and `down` are what happens to the servers."""

    def __init__(self, folder: Path, *, size: dict[str, str] | None = None) -> None:
        self.folder, self.stack = folder, contextlib.ExitStack()
        self.ports = {name: servers.free_port() for name in ("postgres", "redis", "web")}
        self.servers: dict[str, Any] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.began = time.monotonic()
        for name in ("files", "redis", "postgres"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    # Servers ---------------------------------------------------------------------------------------------------

    def up(self, *names: str) -> None:
        for name in names:
            if name == "postgres":
                one = servers.postgres(self.folder / name, fast=False, port=self.ports[name])
            else:
                one = servers.redis(self.folder / name, port=self.ports[name])
            self.servers[name] = (one, one.__enter__())

    def down(self, name: str, *, hard: bool = False) -> None:
        """Stopped as an administrator does it, or killed at once (-9)."""
        one, _url = self.servers.pop(name)
        if hard:
            os.kill(self.pid_of(name), signal.SIGKILL)
        one.__exit__(None, None, None)

    def pid_of(self, name: str) -> int:
        """The server that listens on its port."""
        wanted = f"-p {self.ports[name]} " if name == "postgres" else f":{self.ports[name]}"
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                said = entry.read_bytes().replace(b"\x00", b" ").decode(errors="replace")
                if wanted in said and ("postgres" in said or "redis-server" in said):
                    return int(entry.parent.name)
        raise Wrong(f"no {name} runs")

    # Processes -------------------------------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        def password(name: str) -> str:
            return servers.private(self.folder / name / "password")

        return os.environ | {
            "DATABASE_URL": f"postgres://occ:{password('postgres')}@127.0.0.1:{self.ports['postgres']}/occ",
            "REDIS_URL": f"redis://:{password('redis')}@127.0.0.1:{self.ports['redis']}/0",
            "SECRET_KEY": servers.private(self.folder / "secret_key"), "OCC_DEMO": "1",
            "ENCRYPTION_KEYS": servers.private(self.folder / "encryption_keys", key),
            "OCC_VAR": os.environ.get("FAULTS_PREPARED") or str(self.folder),  # the static files are there
            "STORAGE_URL": f"file://{self.folder / 'files'}", "DJANGO_SETTINGS_MODULE": "occ.settings",
            "BASE_URL": self.url, "LOG_LEVEL": "INFO", "PYTHONPATH": str(ROOT),
        }  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['web']}"

    def spawn(self, name: str, *words: str, **changes: str) -> subprocess.Popen[bytes]:
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=self.environment | changes, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes[name] = process
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def web(self) -> None:
        words = ["uvicorn", "occ.asgi:application", "--port", str(self.ports["web"]), "--lifespan", "off"]
        self.spawn("web", *words, "--no-access-log", "--timeout-graceful-shutdown", "3")
        self.until(40, lambda: self.get("/healthz")[0] == 200)

    def worker(self, name: str = "worker", *words: str) -> None:
        queues = words or ("-Q", "default,jobs")
        common = ("--concurrency", "1", "--without-mingle", "--without-gossip", "--loglevel", "INFO")
        self.spawn(name, "celery", "-A", "occ", "worker", "-n", f"{name}@x", *queues, *common)

    def beat(self, name: str = "beat") -> None:
        self.spawn(name, "celery", "-A", "occ", "beat", "--pidfile=", "--loglevel", "INFO")

    def kill(self, name: str) -> None:
        """-9 to the process and its children."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self.ask(path, None, **headers)

    def ask(self, path: str, body: bytes | None, **headers: str) -> tuple[int, str]:
        """Status and body of a GET or POST, redirections not followed; (0, what happened) where there was no answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, given)
        try:
            with OPENER.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error)

    # Time ------------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        print(f"   {time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    def until(self, seconds: float, true: Callable[[], Any], what: str = "") -> float:
        """Waits until it is true; how long that took. Raises Wrong."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > seconds:
                raise Wrong(f"not within {seconds:.0f} s: {what or 'what was waited for'}; logs in {self.folder}")
            time.sleep(0.05)
        return time.monotonic() - began

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for name in list(self.servers):
            self.down(name)


def django(house: House) -> None:
    """Django in this process, on the house's database."""
    os.environ.update(house.environment | {"LOG_LEVEL": "ERROR"})
    import django as real

    real.setup()


def session(user: Any) -> str:
    """The cookie of somebody who has logged in."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from occ.login.sessions import SessionStore

    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store.create()
    return f"sessionid={store.session_key}; django_language=en"


def check(true: bool, what: str) -> None:
    if not true:
        raise Wrong(what)


def prepare(folder: Path) -> None:
    """A stopped database with the schema and a floor of people, to be copied."""
    house = House(folder)
    house.up("postgres")
    try:
        django(house)
        from django.core.management import call_command
        from django.db import connections

        from occ.policies.services import install_defaults
        from tests import database, factories

        if schema := os.environ.get("FAULTS_SCHEMA"):
            database.restore(Path(schema), os.environ["DATABASE_URL"])
        else:
            call_command("migrate", verbosity=0)
        collect_static()
        install_defaults()
        factories.floor()
        connections.close_all()
    finally:
        house.close()


def collect_static() -> None:
    """With their names of this version, but not compressed: that takes longer than everything else here."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test import override_settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    with override_settings(STORAGES=settings.STORAGES | {"staticfiles": plain}):
        call_command("collectstatic", interactive=False, verbosity=0)


@contextlib.contextmanager
def standing() -> Iterator[House]:
    """A copy of the prepared house with both servers up; what is left of it after a failure is kept to be read."""
    folder = Path(tempfile.mkdtemp(prefix="occ-fault-"))
    folder.chmod(0o755)
    if given := os.environ.get("FAULTS_PREPARED"):
        parts = [f"{given}/{name}" for name in ("postgres", "secret_key", "encryption_keys")]
        subprocess.run(["cp", "-a", *parts, str(folder)], check=True)
    else:
        prepare(folder)
    house = House(folder)
    try:
        house.up("postgres", "redis")
        django(house)
        yield house
    finally:
        house.close()
    shutil.rmtree(folder, ignore_errors=True)


def run(fault: Callable[[House, bool], None]) -> None:
    """The main function of each fault's file."""
    try:
        with standing() as house:
            fault(house, "--small" in sys.argv)
    except Wrong as wrong:
        sys.exit(f"   WRONG: {wrong}")


def people(count: int) -> list[Any]:
    """Agents of Jakarta with a user ID each."""
    from tests import factories

    factories._numbers = itertools.count(1000)  # the prepared house has used the first ones
    found = [factories.person(factories.site("JKT")) for _one in range(count)]
    for one in found:
        factories.account(one)
    return found


def token(user: Any) -> str:
    from django.utils import timezone

    from occ.api.authentication import token_create

    return "Token " + token_create(name=secrets.token_hex(4), user=user, now=timezone.now())


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
