"""Backup of recordings, local to local, against restic in the same run.

Target (RET-5): 10 GB in 20 000 files with the read-back not slower than `restic backup` followed by `restic check
--read-data`, in under 300 MiB. `BENCH_MB` and `BENCH_FILES` say how much (1 000 and 2 000 unless told). Half of the
recordings are compressed already, half are samples that compress to about 80 %. One store, as restic has one.
restic is Debian's (`apt-get install restic`); without it only ours is measured.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _bench import ROOT, Report, measured, use_database

MEGABYTES, FILES = int(os.environ.get("BENCH_MB", "1000")), int(os.environ.get("BENCH_FILES", "2000"))
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
ENDED = NOW - timedelta(days=360)


def tree(folder: Path) -> list[tuple[str, int]]:
    """The recordings: (name, size), of sizes around the mean."""
    mean, made = MEGABYTES * 1_000_000 // FILES, []
    for i in range(FILES):
        size = mean // 2 + (i * 7_919) % mean
        path = folder / f"{i // 500:03}" / f"call-{i:06}.{'wav' if i % 2 else 'opus'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = os.urandom(size)
        if i % 2:  # quieter samples: their upper bits seldom change
            content = content.translate(bytes((b & 0x3F) + 0x60 for b in range(256)))
        path.write_bytes(content)
        made.append((str(path.relative_to(folder)), size))
    return made


def restic(folder: Path, work: Path, report: Report) -> float:
    program = shutil.which("restic")
    if program is None:
        return 0.0
    given = os.environ | {"RESTIC_PASSWORD": "bench", "RESTIC_REPOSITORY": str(work / "restic"),
                          "RESTIC_CACHE_DIR": str(work / "cache")}  # fmt: skip
    subprocess.run([program, "init", "--quiet", "--repository-version", "2"], env=given, check=True)
    total = 0.0
    for words in (["backup", "--quiet", str(folder)], ["check", "--quiet", "--read-data"]):
        began = time.perf_counter()
        with measured() as one:
            subprocess.run([program, *words], env=given, check=True)
        total += time.perf_counter() - began
        report.add(f"restic {words[0]}", seconds=one.seconds, mib=one.peak - one.began)
    return total


def ours(batch: str, work: Path) -> tuple[float, float]:
    """The command in a process of its own, as it is started: seconds with its start, MiB at its peak."""
    words = [sys.executable, str(ROOT / "manage.py"), "retention_backup", batch, "--json"]
    began = time.perf_counter()
    process = subprocess.Popen(words, env=os.environ | {"OCC_VAR": str(work / "var")})
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, high_water(process.pid))
        time.sleep(0.02)
    if process.returncode:
        sys.exit("it did not complete")
    return time.perf_counter() - began, peak


def high_water(pid: int) -> float:
    """MiB; not what wait4 says, which counts this process's own memory at the fork."""
    try:
        said = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in said.splitlines() if line.startswith("VmHWM")), 0.0)


def main() -> None:
    use_database("bench_retention")

    from django.db import connections

    from occ.people.models import Site
    from occ.policies.services import install_defaults
    from retention.models import Batch, Pack, Record, Source, Store
    from retention.services import batches
    from retention.storing import opened

    install_defaults()
    report = Report("retention_backup")
    folder = os.environ.get("BENCH_DIR")
    with tempfile.TemporaryDirectory(dir=folder) as given:
        work = Path(given)

        for name in ("source", "store"):
            (work / name).mkdir()
        made = tree(work / "source")
        os.sync()
        site = Site.objects.create(code="JKT", name="Jakarta")
        common: dict[str, Any] = {"kind": "directory"}
        source = Source.objects.create(
            code="REC", name="Recorder", url=f"file://{work}/source", record_kind="recording", site=site, pattern=".",
            **common,
        )  # fmt: skip
        store = Store.objects.create(code="MAIN", name="Main", url=f"file://{work}/store", **common)
        if hasattr(opened(store), "mark"):
            opened(store).mark(now=NOW)
        shelf = opened(source)
        Record.objects.bulk_create(
            Record(
                source=source, external_id=name, kind="recording", channel="voice", site=site, started_at=ENDED,
                ended_at=ENDED, path=name, size=size, fingerprint=shelf.head(name).fingerprint, catalogued_at=NOW,
            )
            for name, size in made
        )  # fmt: skip
        batches.batches_gather(now=NOW)
        batch = Batch.objects.get()
        theirs = restic(work / "source", work, report)
        os.sync()
        connections.close_all()
        seconds, mib = ours(batch.identifier, work)
        figures: dict[str, Any] = {"megabytes": MEGABYTES, "files": FILES, "packages": Pack.objects.count()}
        report.add("OCC, with its read-back", seconds=seconds, mib=mib, **figures)
        if theirs:
            report.add("OCC / (restic backup + check --read-data)", ratio=seconds / theirs)
    report.write()
    sys.exit(mib > 300 or (theirs and seconds > theirs) or 0)


if __name__ == "__main__":
    main()
