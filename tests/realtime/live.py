"""Web process and floor process as real processes on the test's database, and a stream as a machine reads it."""

from __future__ import annotations

import http.client
import json
import queue
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from occ.api.authentication import token_create
from occ.login.sessions import SessionStore
from occ.people.models import User
from occ.runtime.servers import free_port
from tests.processes import ROOT, end, environment


@dataclass
class Web:
    """A web process that can be killed and started again on the same port."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = ["uvicorn", "occ.asgi:application", "--port", str(self.port), "--lifespan", "off", "--no-access-log",
                 "--timeout-graceful-shutdown", "3"]  # fmt: skip
        given = environment(self.folder) | {"BASE_URL": self.url, "WEB_THREADS": "2"}
        with (self.folder / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=given, stdout=log, stderr=log
            )  # fmt: skip
        until(30, lambda: answers(f"{self.url}/healthz"))

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Ended as a supervisor does it; how many seconds that took."""
        assert self.process
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(20)
        return time.monotonic() - began


@contextmanager
def web(folder: Path) -> Iterator[Web]:
    one = Web(folder)
    one.start()
    try:
        yield one
    finally:
        if one.process:
            end(one.process)


@contextmanager
def floor_process(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with ExitStack() as stack:
        log = stack.enter_context((folder / "floor.log").open("wb"))
        words = [sys.executable, "manage.py", "floor"]
        process = subprocess.Popen(words, cwd=ROOT, env=environment(folder), stdout=log, stderr=log)
        stack.callback(end, process)
        yield process


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until(seconds: float, true: Callable[[], Any]) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, "it did not come to pass"
        time.sleep(0.02)
    return time.monotonic() - began


def session_of(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store.create()
    return f"sessionid={store.session_key}"


def token_of(user: User) -> str:
    return "Token " + token_create(name="machine", user=user, now=timezone.now())


class Stream:
    """One open board: `next("delta")` waits for the next event of that name."""

    def __init__(self, url: str, **headers: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.connection.request("GET", "/api/v1/realtime/board/stream/", headers=headers)
        self.answer = self.connection.getresponse()
        self.events: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.ended = threading.Event()
        if self.answer.status == 200:
            threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        name = ""
        try:
            while line := self.answer.readline():
                if line.startswith(b"event: "):
                    name = line[7:].decode().strip()
                elif line.startswith(b"data: "):
                    self.events.put((name, json.loads(line[6:])))
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass  # cut off: that it ended is what is asked for
        self.ended.set()

    def next(self, name: str, seconds: float = 10) -> Any:
        until_then = time.monotonic() + seconds
        while True:
            found, data = self.events.get(timeout=max(0.01, until_then - time.monotonic()))
            if found == name:
                return data

    def row(self, seconds: float = 10) -> dict[str, Any]:
        """The next row that changed; only one may have."""
        while True:
            if rows := self.next("delta", seconds)["rows"]:
                (row,) = rows
                return row  # type: ignore[no-any-return]


def post(url: str, token: str, events: list[dict[str, Any]]) -> dict[str, Any]:
    headers = {"Authorization": token, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1/realtime/events/", json.dumps(events).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())  # type: ignore[no-any-return]
