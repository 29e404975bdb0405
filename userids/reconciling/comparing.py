"""The list against the logbook, as sets: two temporary tables in, one of findings out; row by row nothing.

`occ_list` is the list, `occ_book` the application's rows of the logbook each with its last holder and, where that one
is leaving, the instant from which they have left: the end of the last working day, or of the last shift where that ends
later. `occ_unknown` is what the logbook lacks of the list, `occ_seen` what differs. IDs are the same whatever their
case; who somebody is, is never told by e-mail alone.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from io import StringIO
from typing import Any

from django.db import connection

from userids.choices import FindingKind as K
from userids.models import Application
from userids.reconciling.reading import Listed

SOME = 20_000
NO_WORD = re.compile(r"[\W_]+")
LIST = """
DROP TABLE IF EXISTS occ_list, occ_book, occ_unknown, occ_seen;
CREATE TEMPORARY TABLE occ_list (
    user_id text NOT NULL, active boolean NOT NULL, name text NOT NULL, email text NOT NULL, role text NOT NULL,
    last_login_at timestamptz, last_activity_at timestamptz, inactive_since timestamptz,
    key text GENERATED ALWAYS AS (upper(user_id)) STORED,
    last_at timestamptz GENERATED ALWAYS AS (GREATEST(last_login_at, last_activity_at)) STORED
) ON COMMIT DROP;
CREATE TEMPORARY TABLE occ_seen (
    kind text NOT NULL, user_id text NOT NULL, account_id bigint, person_id bigint, site_id bigint NOT NULL,
    details jsonb NOT NULL, floor_at timestamptz, key text GENERATED ALWAYS AS (upper(user_id)) STORED
) ON COMMIT DROP;
"""
BOOK = """
CREATE TEMPORARY TABLE occ_book ON COMMIT DROP AS
SELECT a.id AS account_id, a.user_id, upper(a.user_id) AS key, a.site_id, a.status = 'active' AS active,
    a.activated_at, h.person_id, h.email, h.starts_at, h.ends_at, p.name,
    CASE WHEN h.ends_at IS NULL THEN h.person_id END AS holder_id, p.last_working_day, r.open_due,
    CASE WHEN p.last_working_day IS NOT NULL THEN GREATEST(
        ((p.last_working_day + 1)::timestamp AT TIME ZONE s.timezone), r.starts_at) END AS left_at,
    CASE WHEN p.last_working_day IS NOT NULL THEN coalesce(
        r.starts_at, (p.last_working_day + 1)::timestamp AT TIME ZONE s.timezone) END AS gone_at
FROM userids_account a
LEFT JOIN (
    SELECT DISTINCT ON (g.account_id) g.* FROM userids_assignment g
    JOIN userids_account o ON o.id = g.account_id AND o.application_id = %(application)s
    ORDER BY g.account_id, g.starts_at DESC
) h ON h.account_id = a.id
LEFT JOIN people_person p ON p.id = h.person_id
LEFT JOIN people_site s ON s.id = p.site_id
LEFT JOIN (
    SELECT DISTINCT ON (q.account_id, q.person_id) q.account_id, q.person_id, q.starts_at,
        CASE WHEN q.status IN ('recorded', 'requested', 'in_progress', 'failed') THEN q.due_at END AS open_due
    FROM userids_deactivationrequest q WHERE q.status <> 'cancelled' ORDER BY q.account_id, q.person_id, q.id DESC
) r ON r.account_id = a.id AND r.person_id = h.person_id
WHERE a.application_id = %(application)s;
CREATE INDEX ON occ_list (key);
CREATE INDEX ON occ_book (key);
ANALYZE occ_list;
ANALYZE occ_book;
-- A table of its own: the planner takes what is not in the logbook for a single row and would look for each by itself.
CREATE TEMPORARY TABLE occ_unknown ON COMMIT DROP AS
SELECT l.* FROM occ_list l WHERE NOT EXISTS (SELECT FROM occ_book b WHERE b.key = l.key);
ANALYZE occ_unknown;
"""
SEEN = "INSERT INTO occ_seen (kind, user_id, account_id, person_id, site_id, details, floor_at) "
RULES = {
    # A leaver's ID may stay active until its request is due (SOP-UID 5.1): the finding is not due before that.
    K.ACTIVE_AFTER_LEAVING: """
        SELECT %(kind)s, b.user_id, b.account_id, b.person_id, b.site_id,
            jsonb_build_object('left_at', b.gone_at, 'listed', l.name, 'logbook_active', b.active), b.open_due
        FROM occ_list l JOIN occ_book b USING (key) WHERE l.active AND b.left_at <= %(taken_at)s""",
    # Whose ID it was at that instant, whoever holds it now; an ID that nobody held then is still the last one's.
    K.ACTIVITY_AFTER_LAST_DAY: """
        SELECT %(kind)s, b.user_id, b.account_id, h.person_id, b.site_id,
            jsonb_build_object('at', l.last_at, 'left_at', h.left_at,
                'what', CASE WHEN l.last_at = l.last_login_at THEN 'login' ELSE 'activity' END), NULL
        FROM occ_list l JOIN occ_book b USING (key)
        JOIN LATERAL (
            SELECT g.person_id, GREATEST(((p.last_working_day + 1)::timestamp AT TIME ZONE s.timezone), (
                SELECT q.starts_at FROM userids_deactivationrequest q
                WHERE q.account_id = b.account_id AND q.person_id = g.person_id AND q.status <> 'cancelled'
                ORDER BY q.id DESC LIMIT 1)) AS left_at, p.last_working_day
            FROM userids_assignment g JOIN people_person p ON p.id = g.person_id JOIN people_site s ON s.id = p.site_id
            WHERE g.account_id = b.account_id AND g.starts_at <= l.last_at ORDER BY g.starts_at DESC LIMIT 1
        ) h ON true
        WHERE l.last_at IS NOT NULL AND h.last_working_day IS NOT NULL AND l.last_at >= h.left_at""",
    # It is filed where the one works whose address it bears: a hint where to ask, no proof of who it is.
    K.UNKNOWN: """
        WITH e AS MATERIALIZED (
            SELECT upper(email) AS email, min(site_id) AS site_id FROM people_person
            WHERE upper(email) IN (SELECT upper(email) FROM occ_unknown WHERE email <> '')
            GROUP BY 1 HAVING min(site_id) = max(site_id)
        )
        SELECT %(kind)s, l.user_id, NULL, NULL, COALESCE(e.site_id, %(home)s),
            jsonb_build_object('active', l.active, 'listed', l.name, 'email', l.email, 'role', l.role), NULL
        FROM occ_unknown l LEFT JOIN e ON e.email = upper(l.email)""",
    K.MISSING: """
        SELECT %(kind)s, b.user_id, b.account_id, b.holder_id, b.site_id,
            jsonb_build_object('holder', CASE WHEN b.ends_at IS NULL THEN b.name END), NULL
        FROM occ_book b LEFT JOIN occ_list l USING (key) WHERE b.active AND l.key IS NULL""",
    # A leaver's ID that is shut before its request was confirmed is no difference but the request's evidence.
    K.INACTIVE_IN_APPLICATION: """
        SELECT %(kind)s, b.user_id, b.account_id, b.holder_id, b.site_id, '{}'::jsonb, NULL
        FROM occ_list l JOIN occ_book b USING (key)
        WHERE NOT l.active AND b.active AND (b.left_at IS NULL OR b.left_at > %(taken_at)s)""",
    K.ACTIVE_IN_APPLICATION: """
        SELECT %(kind)s, b.user_id, b.account_id, b.person_id, b.site_id,
            jsonb_build_object('listed', l.name), NULL
        FROM occ_list l JOIN occ_book b USING (key)
        WHERE l.active AND NOT b.active AND (b.left_at IS NULL OR b.left_at > %(taken_at)s)""",
    K.EMAIL_DIFFERS: """
        SELECT %(kind)s, b.user_id, b.account_id, b.person_id, b.site_id,
            jsonb_build_object('listed', l.email, 'logbook', b.email), NULL
        FROM occ_list l JOIN occ_book b USING (key)
        WHERE b.active AND b.ends_at IS NULL AND l.email <> '' AND b.email <> ''
            AND upper(l.email) <> upper(b.email)""",
    K.DORMANT: """
        SELECT %(kind)s, b.user_id, b.account_id, b.holder_id, b.site_id, jsonb_build_object('last_at', l.last_at), NULL
        FROM occ_list l JOIN occ_book b USING (key)
        WHERE l.active AND b.active AND (b.left_at IS NULL OR b.left_at > %(taken_at)s)
            AND GREATEST(l.last_at, b.starts_at, b.activated_at) < %(dormant)s""",
    # Whose an ID is, the logbook says; of one that it does not know, name and e-mail together.
    K.TWO_IDS: """
        WITH owned AS (
            SELECT b.person_id, b.user_id, b.site_id FROM occ_list l JOIN occ_book b USING (key)
            WHERE l.active AND b.active AND b.ends_at IS NULL AND b.person_id IS NOT NULL
            UNION ALL
            SELECT p.id, l.user_id, p.site_id FROM occ_unknown l
            JOIN people_person p ON upper(p.email) = upper(l.email) AND upper(p.name) = upper(l.name)
            WHERE l.active AND l.email <> '' AND l.name <> ''
        )
        SELECT %(kind)s, '', NULL, o.person_id, p.site_id, jsonb_build_object('ids', jsonb_agg(o.user_id ORDER BY
            upper(o.user_id))), NULL
        FROM owned o JOIN people_person p ON p.id = o.person_id GROUP BY o.person_id, p.site_id HAVING count(*) > 1""",
}
# What a list must tell for a kind to be judged by it.
NEEDS = {K.HOLDER_DIFFERS: {"name"}, K.EMAIL_DIFFERS: {"email"}, K.DORMANT: {"last_login", "last_activity"},
         K.ACTIVITY_AFTER_LAST_DAY: {"last_login", "last_activity"}}  # fmt: skip


def judged_by(tells: frozenset[str]) -> list[K]:
    return [kind for kind in K if kind not in NEEDS or NEEDS[kind] & tells]


def list_load(users: Iterable[Listed]) -> list[str]:
    """Fill `occ_list`; returns IDs that it holds twice (some of them)."""
    with connection.cursor() as cursor:
        cursor.execute(LIST)
        copy = "COPY occ_list (user_id, active, name, email, role, last_login_at, last_activity_at, inactive_since)"
        for lines in copied(users):
            cursor.cursor.copy_expert(f"{copy} FROM STDIN", lines)
        cursor.execute("SELECT min(user_id) FROM occ_list GROUP BY key HAVING count(*) > 1 ORDER BY 1 LIMIT 10")
        return [user_id for (user_id,) in cursor.fetchall()]


def copied(users: Iterable[Listed]) -> Iterator[StringIO]:
    """COPY's text format, some thousand rows at a time."""
    out = StringIO()
    for count, user in enumerate(users, 1):
        out.write("\t".join(map(cell, user)) + "\n")
        if count % SOME == 0:
            out.seek(0)
            yield out
            out = StringIO()
    out.seek(0)
    yield out


def cell(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat()
    return (
        str(value)
        .replace("\\", "\\\\")
        .replace("\t", "\\t")
        .replace("\n", "\\n")
        .replace("\r", "\\r")
        .replace("\0", "")
    )


def known_keep(application: Application) -> None:
    """Where the list is silent about an ID's last log-in or activity, what an earlier one told of it stays true."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE occ_list l SET last_login_at = COALESCE(l.last_login_at, r.last_login_at),"
            " last_activity_at = COALESCE(l.last_activity_at, r.last_activity_at) FROM userids_remoteaccount r"
            " WHERE r.application_id = %s AND upper(r.user_id) = l.key"
            " AND (l.last_login_at IS NULL AND r.last_login_at IS NOT NULL"
            " OR l.last_activity_at IS NULL AND r.last_activity_at IS NOT NULL)",
            [application.pk],
        )


def lost_share(application: Application) -> float | None:
    """How much of what the application showed last is not in `occ_list`, in percent; None where it showed nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE l.key IS NULL) FROM userids_remoteaccount r"
            " LEFT JOIN occ_list l ON l.key = upper(r.user_id) WHERE r.application_id = %s AND r.present",
            [application.pk],
        )
        before, lost = cursor.fetchone()
    return 100 * lost / before if before else None


def compare(application: Application, *, kinds: Iterable[K], taken_at: datetime, dormant: datetime, home: int) -> None:
    """Fill `occ_book` and `occ_seen`."""
    values: dict[str, Any] = {"application": application.pk, "taken_at": taken_at, "dormant": dormant, "home": home}
    with connection.cursor() as cursor:
        cursor.execute(BOOK, values)
        for kind in kinds:
            if kind in RULES:
                cursor.execute(SEEN + RULES[kind], values | {"kind": str(kind)})
    if K.HOLDER_DIFFERS in kinds:
        holders_compare()
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX ON occ_seen (key); ANALYZE occ_seen")


HOLDERS = (
    "SELECT %s, u, a, p, s, jsonb_build_object('listed', n, 'logbook', b), NULL FROM unnest("
    "%s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[]) AS t(u, a, p, s, n, b)"
)


def holders_compare() -> None:
    """Names that differ in more than case, order, punctuation and blanks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.user_id, b.account_id, CASE WHEN b.ends_at IS NULL THEN b.person_id END, b.site_id, l.name,"
            " CASE WHEN b.ends_at IS NULL THEN b.name END FROM occ_list l JOIN occ_book b USING (key)"
            " WHERE b.active AND l.name <> '' AND (b.ends_at IS NOT NULL OR b.name IS NULL OR l.name <> b.name)"
        )
        found = [row for row in cursor.fetchall() if words(row[4]) != words(row[5] or "")]
        for i in range(0, len(found), SOME):
            some = list(zip(*found[i : i + SOME], strict=True))
            cursor.execute(SEEN + HOLDERS, [str(K.HOLDER_DIFFERS), *(list(column) for column in some)])


def words(name: str) -> list[str]:
    return sorted(NO_WORD.sub(" ", name.casefold()).split())


def mirror_keep(application: Application, run_id: int, taken_at: datetime) -> None:
    """Take the list over as what the application showed last."""
    with connection.cursor() as cursor:
        cursor.execute(MIRROR, {"application": application.pk, "run": run_id, "taken_at": taken_at})


# Since when an ID is inactive, where the list does not say: when the first list was taken that shows it so. It stays
# what it was as long as the ID stays inactive.
MIRROR = """
INSERT INTO userids_remoteaccount AS r (application_id, user_id, active, name, email, role, last_login_at,
    last_activity_at, inactive_since, inactive_said, present, run_id)
SELECT %(application)s, user_id, active, name, email, role, last_login_at, last_activity_at,
    CASE WHEN NOT active THEN COALESCE(inactive_since, %(taken_at)s) END, NOT active AND inactive_since IS NOT NULL,
    true, %(run)s
FROM occ_list
ON CONFLICT (application_id, upper(user_id)) DO UPDATE SET
    user_id = excluded.user_id, active = excluded.active, name = excluded.name, email = excluded.email,
    role = excluded.role, last_login_at = excluded.last_login_at, last_activity_at = excluded.last_activity_at,
    inactive_since = CASE WHEN NOT excluded.active AND NOT excluded.inactive_said AND NOT r.active
        THEN r.inactive_since ELSE excluded.inactive_since END,
    inactive_said = excluded.inactive_said OR (NOT excluded.active AND NOT r.active AND r.inactive_said),
    present = true, run_id = excluded.run_id;
UPDATE userids_remoteaccount SET present = false
WHERE application_id = %(application)s AND present AND run_id <> %(run)s;
"""


def listed_active() -> int:
    """How many active users the list has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM occ_list WHERE active")
        (count,) = cursor.fetchone()
    return int(count)


def book_counts() -> tuple[int, int, int, int]:
    """Users and active ones of the list, rows and active ones of the logbook."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM occ_list), (SELECT count(*) FROM occ_list WHERE active),"
            " (SELECT count(*) FROM occ_book), (SELECT count(*) FROM occ_book WHERE active)"
        )
        users, active_users, accounts, active = cursor.fetchone()
    return users, active_users, accounts, active


def teams_on(people: list[int], day: date) -> dict[int, int]:
    """person -> team on that day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person_id, team_id FROM people_teammembership WHERE person_id = ANY(%s) AND starts_on <= %s"
            " AND (ends_on IS NULL OR ends_on >= %s)",
            [people, day, day],
        )
        return dict(cursor.fetchall())
