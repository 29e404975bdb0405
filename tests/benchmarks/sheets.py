"""Import (preview and apply) and export of a logbook of 100 000 rows; `sheets.py 10000` for another size.

Targets (UID-13, UID-14): preview and apply under 60 s and 500 MiB; export not slower than openpyxl's write-only mode
on the same rows by more than 20 %, memory flat.
"""

import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from _bench import Report, measured, use_database

SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
HEAD = [
    "No",
    "User ID",
    "Nama",
    "NIK",
    "Email",
    "Jabatan",
    "Kanal",
    "Tgl Aktif",
    "Status",
    "Tgl Non Aktif",
    "Keterangan",
]


def rows() -> Any:
    first = date(2022, 1, 3)
    for i in range(SIZE):
        gone = i % 5 == 0
        begin = first + timedelta(days=i % 1200)
        yield [
            i + 1, f"OMN{i:06}", f"Agent Nomor {i}", f"P{i:07}", f"agent{i}@pegadaian.test", "Agent",
            ("Voice, Chat", "WhatsApp", "Sosmed; Email")[i % 3], begin, "Non Aktif" if gone else "Aktif",
            begin + timedelta(days=90) if gone else None, "Resign" if gone else None,
        ]  # fmt: skip


def write_only(path: Path, lines: Any) -> None:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Logbook")
    for line in lines:
        sheet.append(line)
    book.save(path)


def main() -> None:
    use_database("bench_sheets")
    from django.contrib.auth import get_user_model
    from django.db import connection

    from occ.people.models import RoleAssignment, Site
    from occ.sheets.writing import write_workbook
    from occ.times import JAKARTA
    from userids.models import Account, Application
    from userids.services.exports import logbook_columns, logbook_rows, logbook_workbook
    from userids.services.importing import logbook_read
    from userids.services.imports import logbook_import

    report = Report("sheets")
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    site = Site.objects.create(code="JKT", name="Jakarta")
    application = Application.objects.get_or_create(code="OMNI", defaults={"name": "Omni Channel"})[0]
    actor = get_user_model().objects.create_user(username="dc", password="x" * 20)
    RoleAssignment.objects.create(user=actor, role="document_control", site=None, starts_on=date(2020, 1, 1))
    place = {"site": site, "application": application, "actor": actor, "now": now}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "logbook.xlsx")
        write_only(path, [HEAD, *rows()])
        with measured() as preview, path.open("rb") as file:
            counts = logbook_read(file=file, **place).preview.counts
        assert counts == {"total": SIZE, "good": SIZE, "faulty": 0}, counts
        with measured() as apply, path.open("rb") as file:
            made = logbook_import(file=file, name=path.name, **place)
        assert made["accounts"] == SIZE
        both = preview.seconds + apply.seconds
        report.add("import, preview", rows=SIZE, seconds=preview.seconds, mib=preview.peak)
        report.add("import, apply", rows=SIZE, seconds=apply.seconds, mib=apply.peak)
        report.add("import, both, as a share of 60 s", ratio=both / 60, seconds=both)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        accounts = Account.objects.with_holder().select_related("site", "application")
        lines = list(logbook_rows(accounts, at=None))
        with measured() as plain:
            write_only(Path(folder, "plain.xlsx"), lines)
        with Path(folder, "same.xlsx").open("wb") as out, measured() as ours:
            write_workbook(out, title="Logbook", columns=logbook_columns(), rows=lines, meta={}, zone=JAKARTA)
        del lines
        with Path(folder, "all.xlsx").open("wb") as out, measured() as whole:
            logbook_workbook(out, accounts, at=None, now=now)
        report.add("export, openpyxl write-only, bare", rows=SIZE, seconds=plain.seconds)
        report.add("export, the same rows styled", seconds=ours.seconds, ratio=ours.seconds / plain.seconds)
        report.add(
            "export, with the query",
            seconds=whole.seconds,
            ratio=whole.seconds / plain.seconds,
            mib_grown=whole.peak - whole.began,
        )
    report.write()


if __name__ == "__main__":
    main()
