"""The list of batches with what is open of each: findings, and records that cannot be restored.

Target: the page in under 200 ms with thousands of batches. `BATCHES` says how many (4 000 unless told: ten years of
weekly parts of two sites), of 75 records each; a finding for each package in each way, of which few are open.
"""

from __future__ import annotations

import os
import sys
from datetime import date

from _bench import Report, repeated, use_database

BATCHES = int(os.environ.get("BATCHES", "4000"))
STATEMENTS = [
    """INSERT INTO retention_batch (kind, site_id, month, part, status, due_at, opened_at, completed_at, records_count,
           bytes_count, done_count, problems_count, stops, error)
       SELECT CASE WHEN n %% 2 = 0 THEN 'chat' ELSE 'recording' END, %(site)s,
              date '2000-01-01' + (n / 20 || ' months')::interval, n %% 20 / 2 + 1, 'complete',
              now() - (n || ' days')::interval, now(), now(), 75, 75000, 75, 0, 0, ''
       FROM generate_series(0, %(n)s - 1) n""",
    """INSERT INTO retention_bag (batch_id, number, identifier, key, status, opened_at, completed_at, files, bytes,
           manifest_sha256)
       SELECT id, 1, 'B' || id, '', 'complete', now(), now(), 75, 75000, '' FROM retention_batch""",
    """INSERT INTO retention_pack (bag_id, number, name, size, sha256, written_at)
       SELECT id, g, 'bags/' || identifier || '/' || g, 1000, '', now() FROM retention_bag, generate_series(0, 5) g""",
    """INSERT INTO retention_copy (pack_id, store_id, version, checked_at, result)
       SELECT p.id, s.id, '', now(), 'ok' FROM retention_pack p, retention_store s""",
    """INSERT INTO retention_packed (record_id, pack_id, name, "offset", length, size, sha256, sha512, key)
       SELECT row_number() OVER (), p.id, 'data/' || g, g * 100, 100, 100, '', '', decode(repeat('00', 60), 'hex')
       FROM retention_pack p, generate_series(1, 25) g WHERE p.number BETWEEN 1 AND 3""",
    """INSERT INTO retention_finding (kind, store_id, name, bag_id, site_id, status, owner_role, detail, found_at,
           seen_at, due_at)
       SELECT (ARRAY['damaged', 'size', 'pack_missing'])[g], s.id, p.name, p.bag_id, %(site)s,
              CASE WHEN p.id %% 25 = 0 AND g = 1 THEN 'open' ELSE 'gone' END, 'it', '', now(), now(), now()
       FROM retention_pack p, retention_store s, generate_series(1, 3) g""",
    """INSERT INTO retention_finding (kind, name, bag_id, record_id, site_id, status, owner_role, detail, found_at,
           seen_at, due_at)
       SELECT 'key_missing', 'B' || p.bag_id || '#' || k.record_id, p.bag_id, k.record_id, %(site)s,
              CASE WHEN k.record_id %% 200 = 0 THEN 'open' ELSE 'gone' END, 'it', '', now(), now(), now()
       FROM retention_packed k JOIN retention_pack p ON p.id = k.pack_id WHERE k.record_id %% 4 = 0""",
]


def fill() -> None:
    from django.db import connection

    from occ.people.models import RoleAssignment, Site, User
    from occ.policies.services import install_defaults
    from retention.models import Store

    install_defaults()
    site = Site.objects.create(code="JKT", name="JKT")
    for code in ("MAIN", "SECOND"):
        Store.objects.create(code=code, name=code, kind="directory", url=f"file:///{code}")
    user = User.objects.create_user(username="auditor", password="x" * 20)
    RoleAssignment.objects.create(user=user, role="auditor", site=site, starts_on=date(2020, 1, 1))
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # the records themselves are not asked for
        for statement in STATEMENTS:
            cursor.execute(statement, {"site": site.pk, "n": BATCHES})
        cursor.execute("SET session_replication_role = DEFAULT")
        for table in ("batch", "bag", "pack", "copy", "packed", "finding"):
            cursor.execute(f"ANALYZE retention_{table}")


def main() -> None:
    use_database(f"bench_batches_{BATCHES}")
    from django.conf import settings
    from django.test import Client

    from occ.people.models import User

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}  # whose addresses are not what is measured
    fill()
    report, worst = Report("retention_batches"), 0.0
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="auditor"))
    for what, url in {
        "newest": "/retention/batches/?sort=-due",
        "with open findings": "/retention/batches/?status=findings",
        "API": "/api/v1/retention/batches/",
        "API, with open findings": "/api/v1/retention/batches/?status=findings",
    }.items():
        assert client.get(url).status_code == 200
        median, p95 = repeated(20, lambda url=url: client.get(url))
        worst = max(worst, p95)
        report.add(what, median_ms=median, p95_ms=p95)
    report.add(f"{BATCHES} batches", worst_p95_ms=worst)
    report.write()
    sys.exit(worst > 200)


if __name__ == "__main__":
    main()
