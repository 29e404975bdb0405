"""How a line of a disposal list is said, whatever it stands for."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from occ.documents.models import IssuedDocument
from occ.people.models import User
from retention.marks import id_of, masked
from retention.models import Item
from retention.services.paper_minutes import title_of


@dataclass(frozen=True)
class Shown:
    """`at`: when a conversation ended, or the day a document was issued on. `size` in bytes; None where it has none.
    `channel`, `agent`, `customer`: of a conversation. The agent is told by personnel number, as the client reads it;
    the customer is masked, also where the name holds it."""

    name: str
    kind: str
    place: str
    at: datetime | date
    size: int | None
    quantity: str
    sha256: str
    url: str
    channel: str = ""
    agent: str = ""
    customer: str = ""


def with_subjects(rows: QuerySet[Item]) -> QuerySet[Item]:
    """Items with what `shown` needs."""
    rows = rows.select_related("record__source", "record__site", "record__agent", "document", "entry")
    return rows.defer("document__data")


def shown(one: Any) -> Shown:
    """Of an item of `with_subjects`."""
    if one.record is not None:
        found = one.record
        return Shown(
            id_of(found), str(found.get_kind_display()), found.source.code, found.ended_at, found.size, "",
            found.sha256, found.get_absolute_url(), str(found.get_channel_display()),
            found.agent.number if found.agent else "", masked(found.customer),
        )  # fmt: skip
    if one.document is not None:
        paper = one.document
        return Shown(
            paper.full_number, title_of(paper), "OCC", paper.issued_at, paper.size, "", paper.sha256,
            paper.get_absolute_url(),
        )  # fmt: skip
    assert one.entry is not None
    entry = one.entry
    return Shown(
        entry.number, entry.title, entry.place, entry.issued_on, None,
        entry.quantity or str(entry.get_medium_display()), "", entry.get_absolute_url(),
    )  # fmt: skip


def show(rows: list[Any], user: User | None = None) -> None:
    """Give each item its `shown`; and its `line_url`, of what this user may open, for whom one is given."""
    documents = [one.document_id for one in rows if one.document_id]
    seen = set()
    if user is not None and documents:
        visible = IssuedDocument.objects.visible_to(user).filter(pk__in=documents)
        seen = set(visible.values_list("pk", flat=True))
    for one in rows:
        one.shown = shown(one)
        hidden = user is None or (one.document_id is not None and one.document_id not in seen)
        one.line_url = "" if hidden else one.shown.url
