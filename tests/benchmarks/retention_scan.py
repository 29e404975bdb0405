"""A source of a million files that are catalogued already, scanned again; and what a first scan of some takes.

Target: the scan of what is known under 120 s. SIZE chooses another number of files. Their records are made by the
database out of the source's list, since cataloguing a million one after another is not what is measured.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from _bench import ROOT, Report, measured, use_database

SIZE = int(os.environ.get("SIZE", "1000000"))
FOLDERS = 1_000
NEW = 20_000
PATTERN = r"\d+/(?P<id>(?P<agent>\w+)-(?P<start>\d{8}T\d{6})-(?P<seconds>\d+))\.wav"
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def files(root: Path) -> None:
    """Small files: a scan reads none of them."""
    for folder in range(FOLDERS):
        place = root / f"{folder:04}"
        place.mkdir(parents=True)
        directory = os.open(place, os.O_RDONLY)
        for i in range(folder, SIZE, FOLDERS):
            start = BEGAN + timedelta(seconds=37 * i)
            name = f"A{i % 105:03}-{start:%Y%m%dT%H%M%S}-{i % 900}.wav"
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT, dir_fd=directory))
        os.close(directory)


def catalogue(source: Any, now: datetime) -> None:
    """A record for each file of the list but for the last ones."""
    from django.db import connection

    from retention.services.listing import Listing
    from retention.storing import opened

    with Listing(source, follow=timedelta(hours=48), now=now) as listing, connection.cursor() as cursor:
        for _count in listing.read(opened(source)):
            pass
        cursor.execute(
            """INSERT INTO retention_record
               (source_id, external_id, kind, channel, site_id, agent_label, started_at, ended_at, path, size,
                fingerprint, sha256, customer, customer_mark, state, waived_because, catalogued_at)
               SELECT %s, substr(path, 6, length(path) - 9), 'recording', 'voice', %s, 'A', %s, %s, path, size, mark,
                      '', '', '', 'catalogued', '', %s
               FROM scan_listed ORDER BY path LIMIT %s""",
            [source.pk, source.site_id, BEGAN, BEGAN, now, SIZE - NEW],
        )
        cursor.execute("VACUUM ANALYZE retention_record")


def main() -> None:
    use_database("bench_scan", keep=True)
    from django.db import connection
    from django.utils import timezone

    from occ.people.actors import COMMAND
    from occ.people.models import Site
    from occ.policies.services import install_defaults
    from retention.models import Source
    from retention.services.scanning import source_scan

    install_defaults()
    root = ROOT / "var" / "bench" / "retention-scan"
    shutil.rmtree(root, ignore_errors=True)
    report = Report("retention_scan")
    try:
        with measured() as made:
            files(root)
        report.add(f"making {SIZE} files (not part of it)", seconds=made.seconds)
        site = Site.objects.get_or_create(code="JKT", defaults={"name": "Jakarta"})[0]
        source = Source.objects.create(
            code=f"BENCH-{Source.objects.count()}", name="Bench", kind="directory", url=root.as_uri(),
            record_kind="recording", site=site, channel="voice", pattern=PATTERN,
        )  # fmt: skip
        now = timezone.now() + timedelta(minutes=10)
        catalogue(source, now)
        for what in (f"{NEW} are new, the others known", "all are known", "all are known, again"):
            with measured() as found:
                done = source_scan(source_id=source.pk, actor=COMMAND, now=now)
            assert not done.error and done.files == SIZE and not done.refused, done.error or done.refusals[:3]
            report.add(what, seconds=found.seconds, files_per_second=SIZE / found.seconds, added=done.added,
                       known=done.known, memory_mib=found.peak, began_mib=found.began)  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE retention_record")
        report.write()
        sys.exit(found.seconds > 120 or done.known != SIZE)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
