"""Pages of people with 20 000 employees and ten years of history behind them: server time per page.

Target (SDM): p95 of any page under 100 ms. Django's test client, one process, the whole request (session, rights,
queries, template) without the network.
"""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

from _bench import Report, repeated, use_database

EMPLOYED, GONE, TIMES = 20_000, 30_000, 25
STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"


def main() -> None:
    fresh = use_database("bench_people", keep=True)
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from occ.people.models import User
    from sdm.models import Employee, LeaveRequest, Leaving

    settings.ALLOWED_HOSTS, settings.STORAGES["staticfiles"]["BACKEND"] = ["testserver"], STATIC
    if fresh or Employee.objects.count() < EMPLOYED + GONE:
        fill()
    report = Report("people")
    report.add("filled", employees=Employee.objects.count(), leave=LeaveRequest.objects.count())
    leave, leaving = LeaveRequest.objects.order_by("-pk")[0], Leaving.objects.order_by("-pk")[0]
    person = Employee.objects.filter(person__last_working_day=None).order_by("pk")[777]
    worst = 0.0
    for name, who, url in pages(person.pk, leave.pk, leaving.pk):
        client = Client()
        client.force_login(User.objects.get(username=who))
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(url)
            made = list(captured.captured_queries)
        assert answer.status_code == 200, (name, url, answer.status_code)
        median, p95 = repeated(TIMES, lambda url=url, client=client: client.get(url))
        worst = max(worst, p95)
        report.add(name, median_ms=median, p95_ms=p95, share_of_100_ms=p95 / 100, queries=len(made))
        if "--explain" in sys.argv or p95 > 100:
            explain(max(made, key=lambda one: float(one["time"])))
    report.add("worst p95 as a share of 100 ms", ratio=worst / 100)
    report.write()


def pages(person: int, leave: int, leaving: int) -> list[tuple[str, str, str]]:
    """(what, log-in, address)."""
    hr, leader = "hr_relations", "team_leader"
    return [
        ("people", hr, "/sdm/?sort=name"), ("people: search", hr, "/sdm/?q=abc"),
        ("people: site, position", hr, "/sdm/?site=JKT&position=agent"), ("people: left", hr, "/sdm/?status=left"),
        ("people: as of five years ago", hr, "/sdm/?as_of=2021-06-15"),
        ("people: contract ends", hr, "/sdm/?contract=30"), ("people (team leader)", leader, "/sdm/?sort=name"),
        ("person", hr, f"/sdm/people/{person}/"), ("leavings", hr, "/sdm/leavings/?sort=-day"),
        ("leavings: open", hr, "/sdm/leavings/?status=open"), ("leaving", hr, f"/sdm/leavings/{leaving}/"),
        ("leave", hr, "/sdm/leave/?sort=-first"), ("leave: to be decided", hr, "/sdm/leave/?status=waiting"),
        ("leave: site, sick, a month", hr, "/sdm/leave/?site=JKT&what=sick&since=2026-10-01&until=2026-10-31"),
        ("leave: by name", hr, "/sdm/leave/?sort=name"), ("leave: search", hr, "/sdm/leave/?q=abc"),
        ("leave (team leader)", leader, "/sdm/leave/?sort=-first"), ("one leave", hr, f"/sdm/leave/{leave}/"),
        ("leave: a team's month", hr, "/sdm/leave/calendar/?site=JKT&team=T7&month=2026-10"),
        ("leave: a site's month", hr, "/sdm/leave/calendar/?site=JKT&month=2026-10"),
        ("balances", hr, "/sdm/leave/balances/?sort=name"), ("organisation", hr, "/sdm/organisation/?site=JKT"),
        ("organisation five years ago", hr, "/sdm/organisation/?site=JKT&as_of=2021-06-15"),
        ("turnover", hr, "/sdm/turnover/?"), ("turnover: a site", hr, "/sdm/turnover/?site=JKT"),
        ("turnover: three years", hr, "/sdm/turnover/?since=2023-11&until=2026-10"),
        ("who left", hr, "/sdm/turnover/rows/?what=left"), ("who works here", hr, "/sdm/turnover/rows/?what=working"),
        ("who left early", hr, "/sdm/turnover/rows/?what=early"),
    ]  # fmt: skip


def explain(query: dict[str, Any]) -> None:
    from django.db import connection

    print(f"   {query['time']} s: {query['sql'][:1500]}")
    if query["sql"].startswith("SELECT"):
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, BUFFERS OFF) " + query["sql"])
            print("\n".join(f"      {row[0]}" for row in cursor.fetchall()[:40]))


def fill() -> None:
    """Made by the database itself: people, where they were, teams, contracts, leavings, leave; all or nothing."""
    from django.db import connection, transaction

    with transaction.atomic():
        fill_all()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def fill_all() -> None:
    from django.db import connection

    from occ.people.models import RoleAssignment, Site, Team, User
    from occ.policies.services import install_defaults

    install_defaults()
    jkt, ygy = (Site.objects.create(code=code, name=name) for code, name in (("JKT", "Jakarta"), ("YGY", "Yogyakarta")))
    teams = [Team.objects.create(site=(jkt, ygy)[i % 2], code=f"T{i}", name=f"Tim {i}") for i in range(1_000)]
    for role, site, team in (("hr_relations", None, None), ("team_leader", teams[7].site, teams[7])):
        user = User.objects.create_user(username=role, password="x" * 20)
        RoleAssignment.objects.create(user=user, role=role, site=site, team=team, starts_on=date(2010, 1, 1))
    first = teams[0].pk
    values = {"n": EMPLOYED + GONE, "gone": GONE, "jkt": jkt.pk, "ygy": ygy.pk, "first": first}
    for sql in STATEMENTS:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)


SITE = "CASE WHEN i %% 2 = 0 THEN %(jkt)s ELSE %(ygy)s END"
JOINED = "(date '2016-12-01' + (i * 3643 %% 3640))"
# Who has gone stayed for one month to three years, and left by November 2026.
LAST = f"least({JOINED} + 30 + (i * 7919 %% 1100), date '2026-11-15' - (i %% 30))"
STATEMENTS = [
    f"""INSERT INTO people_person
        (number, name, email, position, site_id, joined_on, last_working_day, leaving_reason, left_announced)
        SELECT 'P' || i, 'Karyawan ' || substr(md5(i::text), 1, 8) || ' ' || i, 'p' || i || '@x.test',
        CASE WHEN i %% 25 = 0 THEN 'Team Leader' WHEN i %% 60 = 1 THEN 'Quality Control' ELSE 'Agent' END, {SITE},
        {JOINED}, CASE WHEN i <= %(gone)s THEN greatest({LAST}, {JOINED}) END,
        CASE WHEN i <= %(gone)s THEN CASE WHEN i %% 3 = 0 THEN 'non_renewal' ELSE 'resignation' END ELSE '' END,
        i <= %(gone)s
        FROM generate_series(1, %(n)s) i""",
    """INSERT INTO sdm_employee (person_id, phone, skills, channels)
        SELECT id, '', '{}', '{voice}' FROM people_person""",
    """INSERT INTO sdm_placement
        (employee_id, site_id, position, leader_id, starts_on, ends_on, began, note, told_at, stuck_because)
        SELECT p.id, p.site_id, p.position, NULL, p.joined_on + s.at,
        CASE WHEN s.nth < n.count THEN p.joined_on + (s.nth * (coalesce(p.last_working_day, date '2026-11-20')
          - p.joined_on) / n.count)::int - 1 ELSE p.last_working_day END,
        CASE WHEN s.nth = 1 THEN 'hired' ELSE 'transferred' END, '', now(), ''
        FROM people_person p
        CROSS JOIN LATERAL (SELECT CASE WHEN coalesce(p.last_working_day, date '2026-11-20') - p.joined_on > 400
          THEN 1 + p.id %% 3 ELSE 1 END AS count) n
        CROSS JOIN LATERAL (SELECT nth, ((nth - 1) * (coalesce(p.last_working_day, date '2026-11-20') - p.joined_on)
          / n.count)::int AS at FROM generate_series(1, n.count) nth) s""",
    """INSERT INTO people_teammembership (person_id, team_id, starts_on, ends_on)
        SELECT id, %(first)s + (id %% 500) * 2 + CASE WHEN site_id = %(jkt)s THEN 0 ELSE 1 END, joined_on,
        last_working_day
        FROM people_person WHERE position <> 'Quality Control'""",
    """INSERT INTO sdm_employment (employee_id, kind, number, starts_on, agreed_until, ends_on, note, probation_months,
         registration)
        SELECT p.id, 'pkwt', '', p.joined_on + y * 365, p.joined_on + y * 365 + 364,
        least(p.joined_on + y * 365 + 364, p.last_working_day), '', 0, ''
        FROM people_person p CROSS JOIN LATERAL generate_series(0, 9) y
        WHERE p.joined_on + y * 365 <= coalesce(p.last_working_day, date '2026-11-20')""",
    """INSERT INTO sdm_leaving
        (employee_id, site_id, reason, last_working_day, status, recorded_at, closed_at)
        SELECT id, site_id, leaving_reason, last_working_day, 'closed', last_working_day - 14, last_working_day + 1
        FROM people_person WHERE last_working_day IS NOT NULL""",
    """INSERT INTO sdm_leaverequest
        (employee_id, site_id, kind, label, "group", paid, proof, starts_on, ends_on, days, reason, status, asked_at,
         due_at, decided_at, confirmed_at)
        SELECT p.id, p.site_id, k.kind, k.label, k.kind, true, k.kind = 'sick', d.day, d.day + 1,
        ARRAY[d.day, d.day + 1], '', CASE WHEN d.day > date '2026-11-25' THEN 'requested' ELSE 'taken' END,
        d.day - 10, CASE WHEN d.day > date '2026-11-25' THEN d.day - 8 END, d.day - 9, d.day - 8
        FROM people_person p
        CROSS JOIN LATERAL generate_series(0, 39) nth
        CROSS JOIN LATERAL (SELECT p.joined_on + 60 + nth * 91 + (p.id %% 60)::int AS day) d
        CROSS JOIN LATERAL (SELECT CASE WHEN nth %% 3 = 2 THEN 'sick' ELSE 'annual' END AS kind,
          CASE WHEN nth %% 3 = 2 THEN 'Sick, with a doctor''s note' ELSE 'Annual leave' END AS label) k
        WHERE d.day + 1 <= coalesce(p.last_working_day, date '2026-12-20') AND d.day < date '2026-12-20'""",
]

if __name__ == "__main__":
    main()
