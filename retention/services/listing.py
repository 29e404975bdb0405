"""A source's list in a temporary table, and what the database says of it against the catalogue.

The table belongs to the session and goes with it. Every statement is a transaction of its own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import DatabaseError, connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.texts import kept
from retention.choices import FindingKind, RecordState
from retention.marks import SHORT, numbers_hidden
from retention.models import Source
from retention.services.facts import ENDING, File
from retention.storing import Object, Shelf

CHUNK = 20_000  # lines of a COPY
SOME = 2_000  # new files that are read and catalogued together
# A file changed since so short a time may be half written: the next scan sees it. One from tomorrow is no such file.
SETTLED, AHEAD = timedelta(minutes=2), timedelta(days=1)
UNSAVED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
FRESH = [str(RecordState.CATALOGUED)]


class Unmarked(NamedTuple):
    """A record without fingerprint, and the mark of the file that is listed at its path."""

    pk: int
    path: str
    sha256: str
    same_size: bool
    mark: str


class Listing:
    """To be used by `with`: the tables are there from its beginning to its end.

    `follow`: for so long after a conversation ended, or was catalogued, its file may change and the catalogue follows.
    """

    def __init__(self, source: Source, *, follow: timedelta, now: datetime) -> None:
        self.source, self.now, self.young = source, now, now - follow

    def __enter__(self) -> Listing:
        self._drop()
        self._run("CREATE TEMP TABLE scan_listed (path text, size bigint, mark text, odd text, fresh boolean)")
        self._run("CREATE TEMP TABLE scan_wrong (kind text, path text, why text, record_id bigint, name text)")
        return self

    def __exit__(self, *raised: object) -> None:
        with suppress(DatabaseError):  # they go with the session too
            self._drop()

    def _drop(self) -> None:
        self._run("DROP TABLE IF EXISTS pg_temp.scan_listed, pg_temp.scan_wrong, pg_temp.scan_new, pg_temp.scan_pks")

    # Reading the source ----------------------------------------------------------------------------------------------

    def read(self, shelf: Shelf) -> Iterator[int]:
        """Take in the whole list; says from time to time how many. Raises PlaceAway."""
        lines: list[str] = []
        count = 0
        for one in shelf.objects():
            lines.append(self._line(one))
            if len(lines) >= CHUNK:
                count += self._copy(lines)
                yield count
        self._copy(lines)
        self._run("CREATE INDEX ON scan_listed (path)")
        self._run("ANALYZE scan_listed")

    def _line(self, one: Object) -> str:
        fresh = one.changed_at is not None and self.now - SETTLED < one.changed_at < self.now + AHEAD
        name, odd = one.name, one.odd
        if "\x00" in name or not name.isprintable():  # as it can be kept: what is wrong is said with it
            try:
                name.encode()
            except UnicodeEncodeError:
                name = name.encode("utf-8", "backslashreplace").decode()
                odd = odd or _("Its name is no UTF-8.")
        if len(name) > 600:
            name, odd = name[:600], odd or _("Its path is longer than 600 characters.")
        name, odd = name.translate(UNSAVED), odd.translate(UNSAVED)
        return f"{name}\t{one.size}\t{one.fingerprint}\t{odd}\t{'t' if fresh else 'f'}\n"

    def _copy(self, lines: list[str]) -> int:
        with connection.cursor() as cursor:
            cursor.cursor.copy_expert(
                "COPY scan_listed (path, size, mark, odd, fresh) FROM STDIN", io.StringIO("".join(lines))
            )
        count = len(lines)
        lines.clear()
        return count

    def leave_out_sidecars(self) -> None:
        """A .json is no conversation where it lies beside a file that it describes."""
        self._run("DELETE FROM scan_listed beside USING scan_listed file WHERE beside.path = file.path || %s", [ENDING])

    def count(self) -> int:
        return int(self._one("SELECT count(*) FROM scan_listed"))

    def has(self, path: str) -> bool:
        return bool(self._one("SELECT EXISTS (SELECT FROM scan_listed WHERE path = %s)", [path]))

    # Against the catalogue -------------------------------------------------------------------------------------------

    def new(self) -> Iterator[list[File]]:
        """What the catalogue does not know and nobody is writing now, some at a time."""
        self._run(
            """CREATE TEMP TABLE scan_new AS
               SELECT row_number() OVER (ORDER BY l.path) AS n, l.path, l.size, l.mark, l.odd
               FROM scan_listed l
               LEFT JOIN retention_record r ON r.source_id = %s AND r.path = l.path AND r.state <> 'destroyed'
               WHERE r.id IS NULL AND NOT l.fresh""",
            [self.source.pk],
        )
        self._run("CREATE INDEX ON scan_new (n)")
        after = 0
        while some := self._all(
            "SELECT path, size, mark, odd FROM scan_new WHERE n > %s AND n <= %s ORDER BY n", [after, after + SOME]
        ):
            yield [File(*one) for one in some]
            after += SOME

    def refuse(self, refused: Mapping[str, tuple[FindingKind, str, str]]) -> None:
        """By path: as what, why, and the name under which it is told."""
        rows = [(str(kind), path, numbers_hidden(why)[:300], name) for path, (kind, why, name) in refused.items()]
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO scan_wrong (kind, path, why, name) VALUES (%s, %s, %s, %s)", rows)

    def known(self) -> int:
        return int(self._one(f"SELECT count(*) {JOINED} AND r.fingerprint = l.mark", [self.source.pk]))

    def renewed(self) -> Iterator[list[int]]:
        """Records that are not backed up and whose file is another one by now, young enough to be followed."""
        other = f"SELECT r.id {JOINED} AND r.fingerprint <> l.mark AND NOT l.fresh AND {FOLLOWED}"
        return self._pks(other, [self.source.pk, FRESH, self.young])

    def renew(self, pks: list[int]) -> int:
        """Take over size and fingerprint. How many had another content before."""
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE retention_record r SET size = l.size, fingerprint = l.mark
                   FROM (SELECT id, fingerprint AS was, size AS had FROM retention_record
                         WHERE id = ANY(%s) AND state = ANY(%s) ORDER BY id FOR UPDATE) o, scan_listed l
                   WHERE r.id = o.id AND l.path = r.path AND l.odd = ''
                   RETURNING o.was <> '' OR o.had <> l.size""",
                [pks, FRESH],
            )
            return sum(1 for (other,) in cursor.fetchall() if other)

    def note_changed(self) -> None:
        """What is another file by now and is not followed: kept as it was, and told."""
        before = kept(gettext_noop("The file at the source is no longer the one that was catalogued."))
        after = kept(gettext_noop("The file at the source is no longer the one that was backed up."))
        self._run(
            f"""INSERT INTO scan_wrong
                SELECT %s, r.path, CASE WHEN r.state = ANY(%s) THEN %s ELSE %s END, r.id {JOINED}
                AND r.fingerprint <> l.mark AND NOT l.fresh AND NOT {FOLLOWED}
                AND (r.fingerprint <> '' OR r.state = ANY(%s))""",
            [FindingKind.FILE_CHANGED, FRESH, before, after, self.source.pk, FRESH, self.young, FRESH],
        )

    def unmarked(self, most: int) -> list[Unmarked]:
        """Records backed up (or without need of it) before any scan saw their file: only its bytes can tell whether
        what is listed is it."""
        rows = self._all(
            f"""SELECT r.id, r.path, r.sha256, r.size = l.size, l.mark {JOINED}
                AND r.fingerprint = '' AND NOT l.fresh AND NOT r.state = ANY(%s) ORDER BY r.id LIMIT %s""",
            [self.source.pk, FRESH, most],
        )
        return [Unmarked(*row) for row in rows]

    def mark(self, one: Unmarked) -> None:
        """What is listed is its file."""
        self._run(
            "UPDATE retention_record SET fingerprint = %s WHERE id = %s AND fingerprint = '' AND state <> 'destroyed'",
            [one.mark, one.pk],
        )

    def note_other(self, one: Unmarked) -> None:
        words = kept(gettext_noop("The file at the source is no longer the one that was backed up."))
        rows = [FindingKind.FILE_CHANGED, one.path, words, one.pk]
        self._run("INSERT INTO scan_wrong (kind, path, why, record_id) VALUES (%s, %s, %s, %s)", rows)

    def note_reappeared(self) -> None:
        """Files at the very paths of records that were destroyed, of which tombstones keep marks: found to be those,
        or not understood and of their size."""
        self._run(
            """UPDATE scan_wrong w SET kind = %s, why = %s, record_id = t.record_id
               FROM retention_tombstone t, scan_listed l
               WHERE t.source = %s AND l.path = w.path AND (w.kind = %s OR w.kind = %s AND l.size = t.size)
                 AND t.path_mark = encode(sha256(convert_to(%s || E'\\n' || w.path, 'UTF8')), 'hex')""",
            [
                FindingKind.REAPPEARED,
                kept(gettext_noop("This conversation was destroyed, and its file is there again.")),
                self.source.code,
                FindingKind.REAPPEARED,
                FindingKind.UNKNOWN_FILE,
                self.source.code,
            ],
        )

    def left_out(self, mount: str) -> tuple[int, int]:
        """How many files of known records below that directory are listed, and how many are not."""
        below = "AND r.gone_at IS NULL AND starts_with(r.path, %s)"
        asked = [self.source.pk, f"{mount}/"]
        there, left = (self._one(f"SELECT count(*) {some} {below}", asked) for some in (JOINED, GONE))
        return int(there), int(left)

    def mark_gone(self, now: datetime, away: list[str]) -> int:
        """Note since when a file is not there; how many are newly so. Below `away` nobody knows of any."""
        count = 0
        known = "AND NOT EXISTS (SELECT FROM unnest(%s::text[]) AS a(dir) WHERE starts_with(r.path, a.dir || '/'))"
        for pks in self._pks(f"SELECT r.id {GONE} AND r.gone_at IS NULL {known}", [self.source.pk, away]):
            still = "id = ANY(%s) AND state <> 'destroyed' AND gone_at IS NULL"
            count += self._run(f"UPDATE retention_record SET gone_at = %s WHERE {still}", [now, pks])  # noqa: S608
        self._run(
            f"INSERT INTO scan_wrong SELECT %s, r.path, %s, r.id {GONE} AND r.gone_at IS NOT NULL {UNANSWERED}",
            [
                FindingKind.FILE_GONE,
                kept(gettext_noop("Its file is no longer at the source.")),
                self.source.pk,
                FindingKind.FILE_GONE,
            ],
        )
        return count

    def mark_back(self) -> None:
        for pks in self._pks(f"SELECT r.id {JOINED} AND r.gone_at IS NOT NULL", [self.source.pk]):
            self._run("UPDATE retention_record SET gone_at = NULL WHERE id = ANY(%s)", [pks])

    # What was wrong --------------------------------------------------------------------------------------------------

    def refusals(self, most: int) -> list[tuple[str, str]]:
        return self._all(
            "SELECT coalesce(name, ''), why FROM scan_wrong WHERE kind IN (%s, %s) ORDER BY path LIMIT %s",
            [FindingKind.UNKNOWN_FILE, FindingKind.REAPPEARED, most],
        )

    def wrong_count(self, kind: FindingKind) -> int:
        return int(self._one("SELECT count(*) FROM scan_wrong WHERE kind = %s", [kind]))

    def wrong(self, kind: FindingKind, open_now: set[str], most: int) -> list[tuple[str, str, int | None, str | None]]:
        """Path, detail, record and name of those that stand open already, and of the first others: `most` together.

        `name` None: it is to be made of the path and the record's customer.
        """
        marks = [mark for name in open_now if (mark := name.rpartition(" #")[2]) != name]
        return self._all(
            """SELECT path, why, record_id, name FROM scan_wrong WHERE kind = %s
               ORDER BY path = ANY(%s::text[]) OR
                        left(encode(sha256(convert_to(%s || E'\\n' || path, 'UTF8')), 'hex'), %s) = ANY(%s::text[])
                   DESC, path
               LIMIT greatest(%s, cardinality(%s::text[]))""",
            [kind, list(open_now), self.source.code, SHORT, marks, most, list(open_now)],
        )

    # SQL -------------------------------------------------------------------------------------------------------------

    def _pks(self, query: str, values: list[Any]) -> Iterator[list[int]]:
        """What the query finds, some at a time; it is asked once, however much there is."""
        self._run("DROP TABLE IF EXISTS pg_temp.scan_pks")
        self._run(
            f"CREATE TEMP TABLE scan_pks AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM ({query}) found",  # noqa: S608
            values,
        )
        self._run("CREATE INDEX ON scan_pks (n)")
        after = 0
        while some := self._all("SELECT id FROM scan_pks WHERE n > %s AND n <= %s", [after, after + SOME]):
            yield [pk for (pk,) in some]
            after += SOME

    def _run(self, sql: str, values: list[Any] | None = None) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.rowcount

    def _all(self, sql: str, values: list[Any]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def _one(self, sql: str, values: list[Any] | None = None) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchone()[0]


# Not backed up, nobody has said which bytes it is, and it is young; or what was told of it before it was seen fits.
FOLLOWED = """(r.state = ANY(%s) AND (r.sha256 = '' AND greatest(r.ended_at, r.catalogued_at) > %s
              OR r.fingerprint = '' AND r.size = l.size))"""
# The records of a source whose file is listed; and those whose file is not.
JOINED = """FROM retention_record r JOIN scan_listed l ON l.path = r.path AND l.odd = ''
            WHERE r.source_id = %s AND r.state <> 'destroyed'"""
# Of what goes without a backup no copy can be put back: that it is gone is answered once, till it comes and goes again.
UNANSWERED = """AND NOT (r.state = 'waived' AND EXISTS (SELECT FROM retention_finding f WHERE f.record_id = r.id
                AND f.kind = %s AND f.status = 'resolved' AND f.settled_at >= r.gone_at))"""
GONE = """FROM retention_record r WHERE r.source_id = %s AND r.state <> 'destroyed'
          AND NOT EXISTS (SELECT FROM scan_listed l WHERE l.path = r.path AND l.odd = '')"""
