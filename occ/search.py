"""Search across modules: each app registers where it looks; what a user may not see is not found.

And `full_text`: words and beginnings of words in a column of a big table, ordered, quickly.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection, models, transaction
from django.utils.functional import Promise

HEAD, ENOUGH, RARE = 20_000, 50, 5_000
LONGEST = 254  # of what is looked for: a user ID as an application tells it


@dataclass(frozen=True)
class Result:
    title: str
    subtitle: str
    url: str


@dataclass(frozen=True)
class Group:
    label: str
    results: list[Result]


Finder = Callable[[Any, str, int], Iterable[Result]]
_finders: list[tuple["str | Promise", Finder]] = []


def register(label: "str | Promise", finder: Finder) -> None:
    """`finder(user, text, limit)` looks for the words of `text` in what the user may see."""
    _finders.append((label, finder))


def search(user: Any, text: str, *, limit: int = 8) -> list[Group]:
    """Groups with results, in the order of registration; nothing for less than two characters."""
    text = text.replace("\x00", "").strip()[:LONGEST]
    if len(text) < 2:
        return []
    groups = [Group(str(label), list(finder(user, text, limit))) for label, finder in _finders]
    return [group for group in groups if group.results]


def full_text(rows: "models.QuerySet[Any]", text: str, *, column: str, order: str) -> "models.QuerySet[Any]":
    """`rows` whose tsvector `column` holds every word of `text`, or its beginning: "bud omn-0" finds Budi with OMN-037.

    PostgreSQL keeps no statistics of beginnings and takes one row in fifty to match, so for rare words it would read a
    big table from end to end in the order of the page. The first rows in that order tell which case it is: where they
    hold a page full the order's index is the quick way, else the text index is, and the rows are few.
    """
    words = "".join(c if c.isalnum() else " " for c in text).split()
    if not words:
        return rows
    query = " & ".join(f"{word}:*" for word in words)
    rare = _rare(rows.model, query, column, order)
    match = models.Q(pk__in=rare) if rare is not None else models.Q()
    return rows.filter(match, **{column: SearchQuery(query, config="simple", search_type="raw")})


@transaction.atomic
def _rare(model: Any, query: str, column: str, order: str) -> list[Any] | None:
    """The keys of all rows that match, when they are few; None when they are many."""
    table, pk = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(model._meta.pk.column)
    column, order = connection.ops.quote_name(column), connection.ops.quote_name(order)
    head = f"SELECT {column} FROM {table} ORDER BY {order}, {pk} LIMIT %s"  # noqa: S608 - names of our own models
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM ({head}) head WHERE {column} @@ to_tsquery('simple', %s)",  # noqa: S608
            [HEAD, query],
        )
        if cursor.fetchone()[0] >= ENOUGH:
            return None
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            f"SELECT {pk} FROM {table} WHERE {column} @@ to_tsquery('simple', %s) LIMIT %s",  # noqa: S608
            [query, RARE + 1],
        )
        found = [one for (one,) in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found if len(found) <= RARE else None
