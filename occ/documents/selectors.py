from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from occ.documents.models import IssuedDocument
from occ.people.models import User

PAGE = 50


def register_rows(user: User, filters: dict[str, Any], *, today: date) -> QuerySet[IssuedDocument]:
    """The documents that the user may see, as filtered, the latest first."""
    rows = IssuedDocument.objects.visible_to(user).select_related("site").defer("data").order_by("-pk")
    if q := (filters.get("q") or "").strip():
        rows = rows.filter(Q(number__icontains=q) | Q(title__icontains=q) | Q(issued_by_label__icontains=q))
    if filters.get("type"):
        rows = rows.filter(type_code=filters["type"])
    if filters.get("site"):
        rows = rows.filter(site=filters["site"])
    if filters.get("status"):
        rows = rows.filter(status=filters["status"])
    if filters.get("expired") == "yes":
        rows = rows.filter(expires_on__lt=today)
    elif filters.get("expired") == "no":
        rows = rows.filter(expires_on__gte=today)
    return rows


def page_of(rows: QuerySet[IssuedDocument], before: str) -> tuple[list[IssuedDocument], int | None]:
    """One page of rows older than `before`, and the key where the next begins."""
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def revisions(document: IssuedDocument) -> QuerySet[IssuedDocument]:
    return IssuedDocument.objects.filter(number=document.number).defer("data").order_by("-revision")
