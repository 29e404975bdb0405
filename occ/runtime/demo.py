"""bin/demo: the real thing with demo data: PostgreSQL, Redis, web, floor, workers and beat, until Ctrl-C."""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from occ.runtime.environment import ROOT, prepared, said, var_directory
from occ.runtime.servers import CannotStart, answers, dies_with_parent

READY_SECONDS = 120


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/demo", description="Runs OCC with demo data on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--var", help="where its state is kept (default: var/)")
    parser.add_argument("--reset", action="store_true", help="start over with a new demo database")
    parser.add_argument("--no-totp", action="store_true", help="no log-in needs a second factor")
    parser.add_argument("--no-simulator", action="store_true", help="without the simulated floor")
    arguments = parser.parse_args()
    var = var_directory(arguments.var)
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, interrupt)
    with said(), contextlib.suppress(KeyboardInterrupt):
        demo(var, arguments.port, arguments.reset, arguments.no_totp, simulate=not arguments.no_simulator)
    return 0


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def demo(var: Path, port: int, reset: bool, no_totp: bool, *, simulate: bool) -> None:
    if os.environ.get("DATABASE_URL"):
        raise CannotStart("DATABASE_URL is set: the demo brings its own servers. Unset it first.")
    if answers(port):
        raise CannotStart(f"Port {port} is taken. Give another one: bin/demo --port {port + 1}")
    if var.exists() and in_use(var):
        raise CannotStart(f"A demo runs on {var} already. Give this one its own: bin/demo --port {port + 1} --var DIR")
    url = f"http://127.0.0.1:{port}"
    # Started over only while nobody is there, and never two on one state, however close they begin.
    with prepared(var, base_url=url, begin=lambda: forget(var) if reset else None) as environment:
        prepare(var, environment, no_totp)
        if answers(port):  # taken meanwhile: who answers there would be taken for ours
            raise CannotStart(f"Port {port} is taken. Give another one: bin/demo --port {port + 1}")
        with supervised(var, port, environment, simulate=simulate) as children:
            wait_until_ready(url, children)
            print_logins(var)
            print(f"READY {url}", flush=True)
            print("Ctrl-C stops everything; what was done in it is kept.", flush=True)
            while True:
                children.look_after()
                time.sleep(0.5)


def in_use(var: Path) -> bool:
    import fcntl

    with open(var / "servers.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def forget(var: Path) -> None:
    """Remove the demo's state, and only that: what the demo itself has made below `var`."""
    for name in ("postgres", "redis", "files", "static"):
        shutil.rmtree(var / name, ignore_errors=True)
    for name in ("secret_key", "encryption_keys", "demo-logins.json", "simulator.json", "prepared"):
        (var / name).unlink(missing_ok=True)


def prepare(var: Path, environment: dict[str, str], no_totp: bool) -> None:
    """Migrate, collect static files and load the demo, unless that was done for just this code."""
    options = ["--no-totp"] if no_totp else []
    stamp, code = var / "prepared", state_of_code()
    state = " ".join([code, *options])
    done = stamp.read_text() if stamp.exists() else ""
    if done == state:
        return
    if not done.startswith(code):
        manage(environment, "migrate", "--verbosity", "0")
        say("Collecting static files …")
        manage(environment, "collectstatic", "--noinput", "--clear", "--verbosity", "0")
    manage(environment, "load_demo", *options)
    stamp.write_text(state)


def state_of_code() -> str:
    """Changes when a migration, a static file or an npm package does."""
    found = hashlib.sha256((ROOT / "package-lock.json").read_bytes())
    for path in sorted(
        [*(ROOT / "static").rglob("*"), *ROOT.glob("*/migrations/*.py"), *ROOT.glob("occ/*/migrations/*.py")]
    ):
        found.update(f"{path} {path.stat().st_mtime_ns}".encode())
    return found.hexdigest()


def print_logins(var: Path) -> None:
    logins = json.loads((var / "demo-logins.json").read_text())
    width = max(map(len, logins["users"])) + 2
    print(f"\nLog in with one of these names and the password {logins['password']}\n")
    for i in range(0, len(logins["users"]), 4):
        print("  " + "".join(name.ljust(width) for name in logins["users"][i : i + 4]))
    if logins.get("secrets"):
        ask = "bin/manage" if var == ROOT / "var" else f"OCC_VAR={var} bin/manage"
        print(f"\nThese need a second factor: give an authenticator app the secret, or ask {ask} demo_code NAME\n")
        for name in (name for name in logins["users"] if name in logins["secrets"]):
            print(f"  {name.ljust(width)}{logins['secrets'][name]}")
    print()


def say(words: str) -> None:
    print(f"-- {time.strftime('%H:%M:%S')} {words}", flush=True)


def manage(environment: dict[str, str], *words: str) -> None:
    """What it says comes out here with the time on the machine's clock: in there it is the installation's."""
    command, environment = [sys.executable, str(ROOT / "manage.py"), *words], environment | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            say(line.rstrip())
    if process.returncode:
        raise CannotStart(f"manage.py {words[0]} failed; what it said is above.")


class Children:
    """Web, floor, workers and beat; one that ends is started again, and the console says so."""

    def __init__(self, commands: dict[str, list[str]], var: Path, environment: dict[str, str]) -> None:
        self.commands, self.var, self.environment = commands, var, environment
        (var / "log").mkdir(exist_ok=True)
        self.running = {name: self.spawn(name) for name in commands}

    def spawn(self, name: str) -> "subprocess.Popen[bytes]":
        with open(self.var / "log" / f"{name}.log", "ab") as log:
            return subprocess.Popen(
                self.commands[name], cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )  # fmt: skip

    def look_after(self) -> None:
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                say(f"{name} ended ({process.returncode}); starting it again. See {self.var}/log/{name}.log")
                time.sleep(1)
                self.running[name] = self.spawn(name)

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def supervised(var: Path, port: int, environment: dict[str, str], *, simulate: bool) -> Iterator[Children]:
    python = [sys.executable, "-m"]
    worker = [*python, "celery", "-A", "occ", "worker", "--concurrency", "1", "--loglevel", "INFO",
              "--without-mingle", "--without-gossip"]  # fmt: skip
    commands = {
        "web": [*python, "uvicorn", "occ.asgi:application", "--host", "127.0.0.1", "--port", str(port),
                "--no-proxy-headers", "--timeout-graceful-shutdown", "3", "--timeout-keep-alive", "75",
                "--no-access-log", "--lifespan", "off"],
        "floor": [sys.executable, str(ROOT / "manage.py"), "floor"],
        "worker": [*worker, "-Q", "default", "-n", "default@%h"],
        "jobs": [*worker, "-Q", "jobs", "-n", "jobs@%h"],
        "beat": [*python, "celery", "-A", "occ", "beat", "--pidfile=", "--loglevel", "INFO"],
    }  # fmt: skip
    if simulate:
        settings = str(var / "simulator.json")
        commands["simulator"] = [*python, "occ.runtime.simulator", "--url", f"http://127.0.0.1:{port}", "--settings",
                                 settings]  # fmt: skip
    children = Children(commands, var, environment)
    try:
        yield children
    finally:
        say("Stopping …")
        children.stop()


def wait_until_ready(url: str, children: Children) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        children.look_after()
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(f"{url}/readyz", timeout=5):
            return
        time.sleep(0.2)
    raise CannotStart(f"{url}/readyz did not answer within {READY_SECONDS} s; see {children.var}/log/")


if __name__ == "__main__":
    sys.exit(main())
