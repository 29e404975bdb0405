"""Keyset paging: the next page begins after the last row seen, so that page 10 000 costs what page 1 costs."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import QueryDict

M = TypeVar("M", bound=models.Model)
T = TypeVar("T")
LONGEST = 2_000  # characters of a cursor; the longest field that a list is sorted by is far shorter


def key_of(text: str) -> int | None:
    """The key of a row as an address or a form names it; None for what can be none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def part(rows: Sequence[T], number: str, size: int) -> tuple[Sequence[T], dict[str, int | None]]:
    """That page of what lies in memory, and what the pager says of it: first, last, previous_page, next_page."""
    at = max(1, int(number)) if number.isdecimal() and len(number) < 6 else 1
    return rows[(at - 1) * size : at * size], {
        "first": (at - 1) * size + 1,
        "last": min(at * size, len(rows)),
        "previous_page": at - 1 if at > 1 else None,
        "next_page": at + 1 if at * size < len(rows) else None,
    }


@dataclass(frozen=True)
class Page(Generic[M]):
    """Rows in the order asked for; the URLs are query strings (`?…`) or None where there is no further page."""

    rows: list[M]
    next_url: str | None
    previous_url: str | None


def paginate(rows: "models.QuerySet[M]", params: QueryDict, *, order: str, size: int = 50) -> Page[M]:
    """A page ordered by `order` ("due_at", "-due_at"; never null), then by id. A broken cursor shows the first page."""
    descending = order.startswith("-")
    field = order.lstrip("-")
    after, before = read(params.get("after", "")), read(params.get("before", ""))
    backwards = before is not None and after is None
    cursor = before if backwards else after
    down = descending != backwards
    ordered = rows.order_by(f"{'-' if down else ''}{field}", f"{'-' if down else ''}pk")
    if cursor is not None:
        computed = rows.query.annotations.get(field)
        try:
            if computed is not None:  # a length of time goes to the database as it is written
                cursor = [computed.output_field.to_python(cursor[0]), cursor[1]]
            ordered = ordered.filter(beyond(field, cursor, down))
        except (ValueError, TypeError, ValidationError):  # a cursor made by hand: the value is none of the field's
            return paginate(rows, QueryDict(), order=order, size=size)
    found = list(ordered[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = more if not backwards else True
    has_previous = more if backwards else cursor is not None
    return Page(
        rows=found,
        next_url=link(params, "after", field, found[-1]) if found and has_next else None,
        previous_url=link(params, "before", field, found[0]) if found and has_previous else None,
    )


def beyond(field: str, cursor: list[Any], down: bool) -> Q:
    """Rows further on than the cursor's; by the outer bound the database begins at the right place of an index."""
    value, pk = cursor
    side = "lt" if down else "gt"
    return Q(**{f"{field}__{side}e": value}) & (Q(**{f"{field}__{side}": value}) | Q(**{f"pk__{side}": pk}))


def link(params: QueryDict, name: str, field: str, row: models.Model) -> str:
    value: Any = row
    for part in field.split("__"):
        value = getattr(value, part)
    kept = params.copy()
    for other in ("after", "before"):
        kept.pop(other, None)
    if isinstance(value, date | datetime):
        value = value.isoformat()
    kept[name] = base64.urlsafe_b64encode(json.dumps([value, row.pk], default=str).encode()).decode().rstrip("=")
    return "?" + kept.urlencode()


def read(cursor: str) -> list[Any] | None:
    if not cursor or len(cursor) > LONGEST:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair fits no database
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], str | int):
        return None
    key_fits = abs(found[1]) < 2**63 if isinstance(found[1], int) else isinstance(found[1], str) and len(found[1]) < 64
    return found if key_fits and "\x00" not in f"{found[0]}{found[1]}" else None
