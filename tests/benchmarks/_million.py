"""A logbook of a million user IDs and as many shut requests, made by the database itself (a minute or three)."""

from __future__ import annotations

from datetime import date
from typing import Any

SIZE = 1_000_000


def fill(size: int = SIZE) -> dict[str, Any]:
    """{site, other, application, users by role}: nine IDs of ten are shut and have a fulfilled obligation."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import connection

    from occ.people.models import RoleAssignment, Site, User
    from occ.policies.services import install_defaults
    from userids.models import Application, DeactivationRequest

    install_defaults()
    jkt = Site.objects.create(code="JKT", name="Jakarta")
    ygy = Site.objects.create(code="YGY", name="Yogyakarta")
    application = Application.objects.get_or_create(code="OMNI", defaults={"name": "Omni Channel"})[0]
    users = {}
    for role, site in (("support", None), ("document_control", None), ("team_leader", jkt), ("coordinator", jkt),
                       ("manager", None), ("auditor", None)):  # fmt: skip
        users[role] = User.objects.create_user(username=role, password="x" * 20)
        RoleAssignment.objects.create(user=users[role], role=role, site=site, starts_on=date(2020, 1, 1))
    values = {
        "n": size, "a": jkt.pk, "b": ygy.pk, "app": application.pk,
        "kind": ContentType.objects.get_for_model(DeactivationRequest).pk,
    }  # fmt: skip
    for sql in STATEMENTS:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {"site": jkt, "other": ygy, "application": application, "users": users}


SITE = "CASE WHEN i %% 3 = 0 THEN %(b)s ELSE %(a)s END"
GONE = "i %% 10 <> 0"
BEGAN = "timestamptz '2020-01-01' + make_interval(mins => (i %% 2000000)::int)"
STATEMENTS = [
    f"""INSERT INTO people_person
        (number, name, email, position, site_id, joined_on, last_working_day, leaving_reason, left_announced)
        SELECT 'P' || i, 'Agent ' || substr(md5(i::text), 1, 8) || ' Nomor ' || i, 'agent' || i || '@x.test', 'Agent',
        {SITE}, ({BEGAN})::date, CASE WHEN {GONE} THEN ({BEGAN} + interval '90 days')::date END,
        CASE WHEN {GONE} THEN 'resignation' ELSE '' END, true
        FROM generate_series(1, %(n)s) i""",
    f"""INSERT INTO userids_account
        (application_id, user_id, role, channels, site_id, status, created_at, activated_at, deactivated_at, remarks,
         search_text)
        SELECT %(app)s, 'OMN' || lpad(i::text, 7, '0'), 'Agent',
        CASE WHEN i %% 50 = 0 THEN '{{video}}' ELSE '{{voice,chat}}' END::varchar(20)[], {SITE},
        CASE WHEN {GONE} THEN 'inactive' ELSE 'active' END, {BEGAN}, {BEGAN},
        CASE WHEN {GONE} THEN {BEGAN} + interval '91 days' END, '',
        'OMN' || lpad(i::text, 7, '0') || ' P' || i || ' Agent ' || substr(md5(i::text), 1, 8) || ' Nomor ' || i
        || ' agent' || i || ' x test'
        FROM generate_series(1, %(n)s) i""",
    """INSERT INTO userids_assignment (account_id, person_id, email, starts_at, ends_at, began, ended)
        SELECT a.id, p.id, p.email, a.activated_at, a.deactivated_at, '', ''
        FROM userids_account a JOIN people_person p ON p.number = 'P' || ltrim(substr(a.user_id, 4), '0')""",
    """INSERT INTO userids_deactivationrequest
        (account_id, person_id, site_id, reason, last_working_day, status, starts_at, due_at, recorded_at, requested_at,
         confirmed_at, inactive_since, asked_reason)
        SELECT a.id, h.person_id, a.site_id, 'resignation', a.deactivated_at::date, 'documented',
        a.deactivated_at, a.deactivated_at + interval '24 hours', a.deactivated_at - interval '5 days',
        a.deactivated_at - interval '5 days', a.deactivated_at, a.deactivated_at, ''
        FROM userids_account a JOIN userids_assignment h ON h.account_id = a.id WHERE a.deactivated_at IS NOT NULL""",
    """INSERT INTO obligations_obligation
        (rule, clause, content_type_id, object_id, subject_label, url, site_id, owner_role, opened_at, starts_at,
         due_at, state, fulfilled_at, closed_at, evidence, cause, error)
        SELECT 'userids.deactivate', 'SOP-UID 5.1', %(kind)s, r.id, a.user_id, '', r.site_id, 'team_leader',
        r.recorded_at, r.starts_at, r.due_at, 'fulfilled', r.inactive_since, r.inactive_since, '{}', '', ''
        FROM userids_deactivationrequest r JOIN userids_account a ON a.id = r.account_id""",
]
