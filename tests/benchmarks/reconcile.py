"""Reconciliation of 100 000 application users with 100 000 user IDs; `reconcile.py 10000` for another size.

Target (UID-11): under 30 s and 500 MiB, reading the file and issuing the report included. 3 of 100 rows differ.
Then the same list again; with `--worst` also a logbook that knows none of the list, so that each user is a finding.
"""

import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from _bench import Report, measured, use_database

SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
HEAD = ["User ID", "Nama", "Email", "Role", "Status", "Login Terakhir"]
FILL = [
    """INSERT INTO people_person
        (number, name, email, position, site_id, joined_on, last_working_day, leaving_reason, left_announced)
        SELECT 'P' || i, 'Agent Nomor ' || i, 'agent' || i || '@x.test', 'Agent', %(site)s, '2024-01-01',
        CASE WHEN i %% 200 = 0 THEN date '2026-11-01' END, '', true FROM generate_series(1, %(n)s) i""",
    """INSERT INTO userids_account
        (application_id, user_id, role, channels, site_id, status, created_at, activated_at, remarks, search_text)
        SELECT %(app)s, 'OMN' || lpad(i::text, 7, '0'), 'Agent', '{voice}', %(site)s, 'active', '2024-01-01',
        '2024-01-01', '', '' FROM generate_series(1, %(n)s) i""",
    """INSERT INTO userids_assignment (account_id, person_id, email, starts_at, began, ended)
        SELECT a.id, p.id, p.email, a.activated_at, '', ''
        FROM userids_account a JOIN people_person p ON p.number = 'P' || ltrim(substr(a.user_id, 4), '0')
        WHERE a.application_id = %(app)s""",
]


def rows() -> Any:
    """3 % differ: a leaver that is active, another name, an address, an ID that is not there, one too many, unused."""
    for i in range(1, SIZE + 1):
        kind = i % 200
        if kind == 3:
            yield [f"ASING{i}", "Siapa", None, "Agent", "Aktif", NOW.replace(tzinfo=None)]
            continue
        name = f"Orang Lain {i}" if kind == 1 else f"Agent Nomor {i}"
        email = f"lain{i}@x.test" if kind == 2 else f"agent{i}@x.test"
        last = NOW - timedelta(days=60 if kind == 4 else 20)
        yield [f"omn{i:07}", name, email, "Agent", "Aktif", last.replace(tzinfo=None)]


def main() -> None:
    use_database("bench_reconcile")
    from django.contrib.auth import get_user_model
    from django.db import connection
    from openpyxl import Workbook

    from occ.people.models import RoleAssignment, Site
    from occ.policies.services import install_defaults
    from userids.choices import ListSource
    from userids.models import Application
    from userids.models.reconciliation import Finding
    from userids.reconciling.reading import list_read
    from userids.reconciling.runs import reconciliation_run

    install_defaults()
    report = Report("reconcile")
    site = Site.objects.create(code="JKT", name="Jakarta")
    actor = get_user_model().objects.create_user(username="dc", password="x" * 20)
    RoleAssignment.objects.create(user=actor, role="document_control", site=None, starts_on=date(2020, 1, 1))
    known = Application.objects.get_or_create(code="OMNI", defaults={"name": "Omni Channel"})[0]
    unknown = Application.objects.create(code="NEW", name="Baru")
    with connection.cursor() as cursor:
        for sql in FILL:
            cursor.execute(sql, {"n": SIZE, "app": known.pk, "site": site.pk})
        cursor.execute("VACUUM ANALYZE")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "daftar.xlsx")
        book = Workbook(write_only=True)
        sheet = book.create_sheet("Users")
        for line in [HEAD, *rows()]:
            sheet.append(line)
        book.save(path)

        def run(what: str, application: Application, at: datetime) -> None:
            with measured() as whole, path.open("rb") as file:
                listing = list_read(file=file, name=path.name, taken_at=at)
                made = reconciliation_run(
                    application=application, listing=listing, source=ListSource.FILE, taken_at=at, confirmed=True,
                    actor=actor, now=at, language="id",
                )  # fmt: skip
            new = sum(made.counts["new"].values())
            report.add(what, users=SIZE, new=new, seconds=whole.seconds, comparing=made.seconds, mib=whole.peak)

        run("first run, 3 % differ", known, NOW)
        run("the same list again", known, NOW + timedelta(minutes=1))
        if "--worst" in sys.argv:
            run("worst: the logbook knows none of them", unknown, NOW)
    report.add("findings", count=Finding.objects.count())
    report.write()


if __name__ == "__main__":
    main()
