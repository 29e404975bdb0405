"""The catalogue's page with many millions of rows: metadata only, made by the database itself.

Target: p95 under 200 ms for filters by month, agent and channel, with 50 000 000 rows on two cores. SIZE chooses
another number (default 5 000 000); the plans must be index scans, whose cost does not grow with the rows.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from typing import Any

from _bench import Report, repeated, use_database

SIZE = int(os.environ.get("SIZE", "5000000"))
QUERIES = {
    "newest": "sort=-ended",
    "oldest": "sort=ended",
    "month": "month=2025-03",
    "month and channel": "month=2025-03&channel=voice",
    "month and a rare channel": "month=2025-03&channel=video",
    "month and agent": "month=2025-03&agent=P17",
    "agent": "agent=P17",
    "agent, channel and days": "agent=P17&channel=whatsapp&since=2025-01-01&until=2025-02-10",
    "site and month": "site={site}&month=2025-03",
    "site, kind and month": "site={site}&kind=chat&month=2025-03",
    "state, rare": "state=waived",
    "state, rare, of a month": "state=waived&month=2025-03",
    "state, old": "state=catalogued&sort=ended",
    "everything": "site={site}&kind=recording&channel=voice&agent=P17&state=backed_up&month=2025-03",
    "an ID": "q=REC-0000123456",
    "how IDs begin": "q=REC-00001234",
    "no such ID": "q=NOTHING",
}
STATEMENTS = [
    """INSERT INTO people_person (number, name, email, position, site_id, joined_on, leaving_reason, left_announced)
       SELECT 'P' || i, 'Agent ' || i, '', 'Agent', CASE WHEN i %% 7 < 4 THEN %(b)s ELSE %(a)s END, '2020-01-01',
       '', true
       FROM generate_series(1, 105) i""",
    # Three years, thirty in a hundred recordings; the last thirteen months are not backed up yet; a few were waived.
    """INSERT INTO retention_record
       (source_id, external_id, kind, channel, site_id, agent_id, agent_label, started_at, ended_at, path, size,
        fingerprint, sha256, customer, customer_mark, state, waived_because, catalogued_at)
       SELECT s.id, 'REC-' || lpad(i::text, 10, '0'), s.record_kind,
              CASE WHEN i %% 500 = 0 THEN 'video' WHEN i %% 10 < 3 THEN 'voice' WHEN i %% 10 < 7 THEN 'whatsapp'
                   WHEN i %% 10 = 7 THEN 'social' WHEN i %% 10 = 8 THEN 'chat' ELSE 'email' END,
              s.site_id, p.id, '', t.at - interval '5 minutes', t.at, 'r/' || i || '.wav', 1000 + i %% 90000,
              '1:' || i, '', '', '',
              CASE WHEN i %% 100003 = 0 THEN 'waived' WHEN t.at < now() - interval '395 days' THEN 'backed_up'
                   ELSE 'catalogued' END, '', t.at + interval '1 day'
       FROM generate_series(%(from)s, %(to)s) i
       CROSS JOIN LATERAL (SELECT now() - interval '1 day' - (i::float8 / %(n)s) * interval '1095 days' AS at) t
       JOIN people_person p ON p.number = 'P' || (1 + i::bigint * 7919 %% 105)
       JOIN retention_source s ON s.site_id = p.site_id
            AND s.record_kind = CASE WHEN i %% 10 < 3 THEN 'recording' ELSE 'chat' END""",
]


def fill() -> None:
    from django.db import connection

    from occ.people.models import RoleAssignment, Site, User
    from occ.policies.services import install_defaults
    from retention.models import Source

    install_defaults()
    sites = [Site.objects.create(code=code, name=code) for code in ("JKT", "YGY")]
    for where in sites:
        for kind in ("recording", "chat"):
            Source.objects.create(
                code=f"{where.code}-{kind.upper()}", name=kind, kind="directory", url="file:///x", record_kind=kind,
                site=where, pattern="x",
            )  # fmt: skip
    for role, at in (("auditor", None), ("coordinator", sites[0]), ("team_leader", sites[0])):
        user = User.objects.create_user(username=role, password="x" * 20)
        RoleAssignment.objects.create(user=user, role=role, site=at, starts_on=date(2020, 1, 1))
    values = {"a": sites[0].pk, "b": sites[1].pk, "n": SIZE}
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[0], values)
    with connection.cursor() as cursor:
        again = without_indexes(cursor)
        cursor.execute("SET session_replication_role = replica")  # the rows' foreign keys are known to be right
        for first in range(1, SIZE + 1, 500_000):
            cursor.execute(STATEMENTS[1], values | {"from": first, "to": min(SIZE, first + 499_999)})
            print(f"  {min(SIZE, first + 499_999)} rows", flush=True)
        cursor.execute("SET session_replication_role = DEFAULT")
        for sql in again:
            cursor.execute(sql)
        cursor.execute("VACUUM ANALYZE retention_record")
        cursor.execute("COMMENT ON TABLE retention_record IS 'filled'")  # one that was killed half way is filled anew


def without_indexes(cursor: Any) -> list[str]:
    """Take the table's indexes away but for its key; the statements that make them again, at once and so quicker."""
    cursor.execute(
        """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
           WHERE conrelid = 'retention_record'::regclass AND contype = 'u'"""
    )
    unique = cursor.fetchall()
    again = [f'ALTER TABLE retention_record ADD CONSTRAINT "{name}" {text}' for name, text in unique]
    for name, _text in unique:
        cursor.execute(f'ALTER TABLE retention_record DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'retention_record' AND indexname NOT LIKE %s",
        ["%pkey"],
    )
    for name, text in cursor.fetchall():
        again.append(text)
        cursor.execute(f'DROP INDEX "{name}"')
    return again


def main() -> None:
    name = f"bench_catalogue_{SIZE}"
    use_database(name, keep=True)
    from django.conf import settings
    from django.db import connection
    from django.http import QueryDict
    from django.test import Client

    from occ.filters import Reader
    from occ.people.models import Site, User
    from retention.filters import RecordFilter
    from retention.jobs import record_rows
    from retention.models import Record

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}  # whose addresses are not what is measured
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('retention_record'::regclass, 'pg_class')")
        filled = cursor.fetchone()[0] == "filled"
    if not filled and Record.objects.exists():
        connection.close()
        use_database(name)  # anew
    if not filled:
        fill()
    report = Report("retention_catalogue")
    worst = 0.0
    for role in ("auditor", "team_leader"):
        user = User.objects.get(username=role)
        client = Client(HTTP_HOST="127.0.0.1")
        client.force_login(user)
        for what, query in QUERIES.items():
            query = query.format(site=Site.objects.get(code="JKT").pk)
            url = f"/retention/records/?{query}"
            assert client.get(url).status_code == 200
            median, p95 = repeated(20, lambda url=url, client=client: client.get(url))
            chosen = RecordFilter(QueryDict(query), queryset=record_rows(user), request=Reader(user))
            order = ("ended_at", "pk") if "sort=ended" in query else ("-ended_at", "-pk")
            plan = chosen.qs.order_by(*order)[:51].explain()
            used = sorted({line.split(" using ")[1].split(" ")[0] for line in plan.splitlines()
                           if " using record" in line or " using retention" in line})  # fmt: skip
            whole = "  WHOLE TABLE" if "Seq Scan on retention_record" in plan else ""
            asked = chosen.qs.order_by(*order)[:51]
            query_ms, query_p95 = repeated(20, lambda asked=asked: list(asked.all()))
            worst = max(worst, p95)
            report.add(
                f"{role}: {what}",
                median_ms=median,
                p95_ms=p95,
                query_ms=query_ms,
                query_p95=query_p95,
                index=",".join(used) + whole,
            )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_table_size('retention_record'), pg_indexes_size('retention_record')")
        table, indexes = cursor.fetchone()
    report.add(f"{SIZE} rows", worst_p95_ms=worst, table_mib=table / 2**20, indexes_mib=indexes / 2**20)
    report.write()
    sys.exit(worst > 200)


if __name__ == "__main__":
    main()
