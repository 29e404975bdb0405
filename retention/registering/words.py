"""How a line of the register is said."""

from datetime import date

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from retention.choices import RecordKind, RegisterKind, RegisterStatus
from retention.models import RegisterLine


def state_of(one: RegisterLine, today: date) -> dict[str, str]:
    """For status_badge: label, tone, icon."""
    if one.status == RegisterStatus.DESTROYED:
        return {"label": one.get_status_display(), "tone": "neutral", "icon": "trash"}
    if one.expires_on < today:
        return {"label": _("May be disposed of"), "tone": "warning", "icon": "hourglass-empty"}
    if one.status == RegisterStatus.SUPERSEDED:
        return {"label": one.get_status_display(), "tone": "neutral", "icon": "versions"}
    return {"label": one.get_status_display(), "tone": "success", "icon": "archive"}


def title_of(one: RegisterLine) -> str:
    """A batch's title in the reader's language; the database has its kind and month."""
    if one.kind != RegisterKind.BATCH:
        return one.title
    kind, _space, month = one.title.partition(" ")
    return f"{RecordKind(kind).label}, {date_format(date.fromisoformat(month + '-01'), 'F Y')}"


def url_of_line(one: RegisterLine) -> str:
    """The page of what the line stands for, "" where it has none."""
    if one.kind == RegisterKind.DOCUMENT:
        return reverse("documents:detail", args=[one.ref])
    return reverse(f"retention:{'batch' if one.kind == RegisterKind.BATCH else 'entry'}", args=[one.ref])
