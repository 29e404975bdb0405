"""What every benchmark needs: Django on a database of its own, a clock with memory, a table, the figures as JSON.

The figures are compared on one machine in one run and given as ratios: docs/performance.md says how to read them.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).parent.parent.parent
MIB = 2**20


def use_database(name: str, *, keep: bool = False) -> bool:
    """Set Django up on a database, made anew and migrated unless it is kept; whether it was made now.

    One that is kept is of just these migrations: those of others go.
    """
    import psycopg2

    sys.path.insert(0, str(ROOT))
    files = [*ROOT.glob("*/migrations/0*.py"), *ROOT.glob("occ/*/migrations/0*.py")]
    migrations = sorted(str(path.relative_to(ROOT)) for path in files)
    wanted = f"{name}_{hashlib.sha256(' '.join(migrations).encode()).hexdigest()[:8]}"
    parts = urlsplit(os.environ["DATABASE_URL"])
    connection = psycopg2.connect(urlunsplit(parts._replace(path="/postgres")))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{name}(_[0-9a-f]{{8}})?$"])
        there = {found for (found,) in cursor.fetchall()}
        kept = keep and wanted in there
        for old in there - ({wanted} if kept else set()):
            cursor.execute(f'DROP DATABASE "{old}" WITH (FORCE)')
        if not kept:
            # In a process of its own: what migrations leave in memory is nobody's work that is measured.
            migrated = subprocess.run(
                [sys.executable, "-c", "from tests.database import template; print(template())"], cwd=ROOT, check=True,
                stdout=subprocess.PIPE, text=True,
            ).stdout.split()[-1]  # fmt: skip
            cursor.execute(f'CREATE DATABASE "{wanted}" TEMPLATE "{migrated}"')
    connection.close()
    os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{wanted}"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "occ.settings"
    import django

    django.setup()
    return not kept


@dataclass
class Measured:
    seconds: float = 0.0
    peak: float = 0.0  # MiB, of this process and its children, above nothing: resident memory as the system counts it
    began: float = 0.0  # MiB at the beginning
    queries: int = 0


@contextmanager
def measured() -> Iterator[Measured]:
    """Wall-clock seconds, and the greatest resident memory seen (sampled each 20 ms, children included)."""
    found, over = Measured(began=resident()), threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            found.peak = max(found.peak, resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    began = time.perf_counter()
    try:
        yield found
    finally:
        found.seconds = time.perf_counter() - began
        over.set()
        watcher.join()
        found.peak = max(found.peak, resident())


def resident() -> float:
    """MiB of this process and its direct children."""
    total = 0
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    pids = [str(os.getpid()), *(children.read_text().split() if children.exists() else [])]
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
        except (OSError, IndexError):
            continue
    return total / MIB


def repeated(times: int, deed: Callable[[], Any]) -> tuple[float, float]:
    """(median, p95) in milliseconds of `times` runs after one that is not counted."""
    deed()
    taken = []
    for _run in range(times):
        began = time.perf_counter()
        deed()
        taken.append((time.perf_counter() - began) * 1000)
    cut = quantiles(taken, n=20, method="inclusive")
    return cut[9], cut[18]


def yardstick() -> float:
    """Seconds for a fixed piece of Python, the best of five: how quick this machine is just now."""

    def piece() -> float:
        began = time.perf_counter()
        counted: dict[str, int] = {}
        for i in range(400_000):
            key = f"{i % 1_009}-{i & 7}"
            counted[key] = counted.get(key, 0) + i
        hashlib.sha256(json.dumps(counted).encode() * 200).digest()
        return time.perf_counter() - began

    return min(piece() for _time in range(5))


@dataclass
class Report:
    """Rows of one benchmark: printed as a table, kept as JSON under var/bench/ with the machine's yardstick."""

    name: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    before: float = field(default_factory=yardstick)

    def add(self, what: str, **figures: Any) -> None:
        self.rows.append({"what": what} | figures)
        shown = "  ".join(
            f"{key} {round(value, 2) if isinstance(value, float) else value}" for key, value in figures.items()
        )
        print(f"{what:<58} {shown}", flush=True)

    def write(self) -> None:
        folder = ROOT / "var" / "bench"
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "benchmark": self.name,
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "yardstick_s": [round(self.before, 3), round(yardstick(), 3)],  # before and after
            "rows": self.rows,
        }
        (folder / f"{self.name}.json").write_text(json.dumps(about, indent=1, default=str) + "\n")
