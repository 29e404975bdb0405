"""SCIM servers to speak to: the real `scim2-server` as a process, and one of our own that errs as it is told."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.processes import end

TOKEN = "rahasia-0123456789"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def real_server(folder: Path) -> Iterator[str]:
    """scim2-server in a process of its own; its base URL."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "scim2-server"), "--port", str(port), "--bearer-token", TOKEN]
    with open(folder / "scim2-server.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None and time.monotonic() < deadline, (folder / "scim2-server.log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v2"
    finally:
        end(process)


# A fault answers a request itself, or lets it be answered rightly by returning False.
Fault = Callable[["Handler"], bool]


class Faulty(ThreadingHTTPServer):
    """A small SCIM server whose next answers go wrong as `faults` say, one after the other.

    `always` goes before them and stays. `asked` keeps what came in: (method, path, query, body).
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.users: dict[str, dict[str, Any]] = {}
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        self.asked: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked has gone: that is meant."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/scim/v2"

    def add(self, user_id: str, **values: Any) -> dict[str, Any]:
        key = f"u{len(self.users) + 1}"
        made = datetime(2024, 1, 1, tzinfo=UTC).isoformat()
        user = {"schemas": [USER], "id": key, "userName": user_id, "active": True,
                "meta": {"resourceType": "User", "created": made, "lastModified": made}} | values  # fmt: skip
        self.users[key] = user
        return user

    def count(self, method: str) -> int:
        return sum(one[0] == method for one in self.asked)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Faulty

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def say(self, status: int, body: Any = None, **headers: str) -> bool:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "application/scim+json"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return True

    def error(self, status: int, detail: str = "", **headers: str) -> bool:
        return self.say(status, {"schemas": [ERROR], "status": str(status), "detail": detail}, **headers)

    def answer(self) -> None:
        server, parts = self.server, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        self.body = json.loads(self.rfile.read(length)) if length else None
        self.query, self.where = parse_qs(parts.query), unquote(parts.path).removeprefix("/scim/v2")
        with server.lock:
            server.asked.append((self.command, self.where, self.query, self.body))
            fault = server.always or (server.faults.pop(0) if server.faults else None)
        if fault is not None and fault(self):
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.error(401, "no such token")
        elif self.where == "/Users":
            self.list()
        elif (user := server.users.get(self.where.removeprefix("/Users/"))) is None:
            self.error(404, "no such user")
        else:
            if self.command == "PATCH":
                self.change(user)
            self.say(200, user)

    do_GET = do_PATCH = answer

    def change(self, user: dict[str, Any]) -> None:
        for one in self.body["Operations"]:
            head, _dot, tail = one["path"].partition(".")
            if tail:
                user.setdefault(head, {})[tail] = one["value"]
            else:
                user[head] = one["value"]
        user["meta"]["lastModified"] = datetime.now(UTC).isoformat()

    def list(self) -> None:
        rows = list(self.server.users.values())
        if wanted := self.query.get("filter"):
            found = re.fullmatch(r'userName eq (".*")', wanted[0])
            assert found, wanted
            name = json.loads(found[1]).casefold()
            rows = [one for one in rows if one["userName"].casefold() == name]
        start, count = int(self.query.get("startIndex", ["1"])[0]), int(self.query.get("count", ["100"])[0])
        self.page(rows, start, count)

    def page(self, rows: Any, start: int, count: int, *, total: int | None = None) -> bool:
        shown = rows[start - 1 : start - 1 + count]
        return self.say(200, {
            "schemas": [LIST], "totalResults": len(rows) if total is None else total, "startIndex": start,
            "itemsPerPage": len(shown), "Resources": shown,
        })  # fmt: skip


@contextmanager
def faulty_server() -> Iterator[Faulty]:
    server = Faulty()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# Faults -------------------------------------------------------------------------------------------------------------


def status(code: int, detail: str = "", **headers: str) -> Fault:
    return lambda one: one.error(code, detail, **headers)


def plain(code: int, body: bytes, kind: str = "text/html") -> Fault:
    return lambda one: one.say(code, body, Content_Type=kind)


def reset(one: Handler) -> bool:
    """The connection breaks off without an answer."""
    one.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    one.close_connection = True
    one.connection.close()
    return True


def silence(seconds: float) -> Fault:
    def wait(one: Handler) -> bool:
        time.sleep(seconds)
        return False

    return wait


def deaf(one: Handler) -> bool:
    """Says 200 to a PATCH and changes nothing."""
    return one.command == "PATCH" and one.say(200, one.server.users[one.where.removeprefix("/Users/")])
