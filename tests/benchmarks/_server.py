"""A real web process in front of a filled database, and log-ins for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _bench import ROOT


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(var: Path, *, workers: int = 0) -> Iterator[str]:
    """The address of uvicorn, as delivered: compressed answers, hashed static files, a process for each core."""
    port = free_port()
    environment = os.environ | {
        "OCC_VAR": str(var), "BASE_URL": f"http://127.0.0.1:{port}", "ALLOWED_HOSTS": "127.0.0.1",
        "PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    manage = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "-v0"]
    subprocess.run(manage, env=environment, check=True)
    command = [sys.executable, "-m", "uvicorn", "occ.asgi:application", "--port", str(port), "--lifespan", "off",
               "--no-access-log", "--timeout-keep-alive", "75", "--log-level", "warning", "--workers",
               str(workers or os.cpu_count() or 1)]  # fmt: skip
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str) -> None:
    for _second in range(60):
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(1)
    raise SystemExit(f"{url} does not answer")


def session_of(user: Any) -> str:
    """The cookie of a new session, as logging in makes it, second factor included."""
    from allauth.mfa.models import Authenticator
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from occ.login.sessions import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    Authenticator.objects.get_or_create(user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": ""}})
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": "mfa", "at": time.time(), "type": "totp"}]
    session.create()
    return str(session.session_key)
