"""Celery's worker and beat as real processes on the test's database, broker and files."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).parent.parent


def environment(folder: Path) -> dict[str, str]:
    """What a process of OCC needs to work on the same things as the test."""
    here = settings.DATABASES["default"]
    url = (
        f"postgres://{here['USER']}:{here['PASSWORD']}@{here['HOST']}:{here['PORT']}/{connection.settings_dict['NAME']}"
    )
    return os.environ | {
        "DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL, "SECRET_KEY": settings.SECRET_KEY,
        "STORAGE_URL": f"file://{settings.MEDIA_ROOT}", "OCC_VAR": str(folder), "OCC_DEMO": "1", "LOG_LEVEL": "INFO",
        "DJANGO_SETTINGS_MODULE": "occ.settings",
    }  # fmt: skip


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "occ", *words, "--loglevel", "INFO"]


@contextmanager
def running(folder: Path, *, workers: int = 1, beats: int = 1) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes; ended before the test's database is emptied. What they say is in `folder`."""
    commands = [command("worker", "--concurrency", "1", "-n", f"w{i}@occ") for i in range(workers)]
    commands += [command("beat", "--pidfile=") for _i in range(beats)]
    with ExitStack() as stack:
        started = []
        for i, words in enumerate(commands):
            log = stack.enter_context(open(folder / f"process{i}.log", "wb"))
            process = subprocess.Popen(words, cwd=ROOT, env=environment(folder), stdout=log, stderr=log)
            stack.callback(end, process)
            started.append(process)
        yield started


def end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
