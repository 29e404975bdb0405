"""The logbook as an issued document (SOP-UID 10): its type, its masa simpan, and the words of its columns."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from occ.times import local_day
from userids.models import AccessReview

LOGBOOK = register_type(
    DocumentType(
        code="LOG-UID",
        title=gettext_lazy("Logbook User ID Omni Channel"),
        procedure="SOP User ID Omni Channel",
        clause="SOP-UID 10",
        sop_revision="02",
        owner=Role.DOCUMENT_CONTROL,
        readers=frozenset({Role.SUPPORT}),
        template=Path(__file__).parent / "typst" / "logbook.typ",
    )
)
register_policy(
    Definition(
        LOGBOOK.retention_policy,
        gettext_lazy("The user-ID logbook is kept"),
        gettext_lazy("years"),
        "SOP-UID 10",
        2,
        number(1, 100),
    )
)


ACCESS_REVIEW = register_type(
    DocumentType(
        code="ACR-UID",
        title=gettext_lazy("Access review of the user IDs"),
        procedure="SOP User ID Omni Channel",
        clause="SOP-UID 7.1",
        sop_revision="02",
        owner=Role.DOCUMENT_CONTROL,
        readers=frozenset({Role.SUPPORT, Role.TEAM_LEADER}),
        template=Path(__file__).parent / "typst" / "logbook.typ",
    )
)
register_policy(
    Definition(
        ACCESS_REVIEW.retention_policy,
        gettext_lazy("The access review of the user IDs is kept"),
        gettext_lazy("years"),
        "SOP-UID 10",
        2,
        number(1, 100),
    )
)


SIGN_HERE = "." * 32


def day(value: date | None) -> str:
    return date_format(value, "j M Y") if value else "-"


def logbook_body(
    *,
    rows: Iterable[Sequence[Any]],
    totals: Mapping[str, int],
    site: str,
    period: tuple[date, date] | None,
    as_of: date,
    language: str,
) -> dict[str, Any]:
    """The template's data. A row: user ID, name, e-mail, role, channels, site, active since, status, inactive since,
    remarks (dates as `date` or None, words already in `language`). Rows are numbered here."""
    with translation.override(language):
        columns = [
            (_("No."), 0.9), (_("User ID"), 2.4), (_("Name"), 3.6), (_("E-mail"), 4.6), (_("Role"), 2),
            (_("Channel"), 2.4), (_("Site"), 1.1), (_("Active since"), 2), (_("Status"), 1.7),
            (_("Inactive since"), 2), (_("Remarks"), 3.4),
        ]  # fmt: skip
        cells = [[str(n), *(_cell(value) for value in row)] for n, row in enumerate(rows, 1)]
        facts = [{"label": _("Site"), "value": site}, {"label": _("As of"), "value": date_format(as_of, "j F Y")}]
        if period:
            value = " – ".join(date_format(one, "j F Y") for one in period)
            facts.insert(1, {"label": _("Period"), "value": value})
        counted = [{"label": label, "value": str(count)} for label, count in totals.items()]
        return _table(columns, cells, facts, counted, _("No user ID was recorded in this period."))


def access_review_body(
    *, rows: Iterable[Sequence[Any]], totals: Mapping[str, int], review: AccessReview, language: str
) -> dict[str, Any]:
    """The template's data. A row: user ID, name, team, role, decision, decided by, decided (date or None), note."""
    with translation.override(language):
        columns = [
            (_("No."), 0.9), (_("User ID"), 2.4), (_("Name"), 3.6), (_("Team"), 2.4), (_("Role"), 2),
            (_("Decision"), 2.2), (_("Decided by"), 3), (_("Decided"), 2), (_("Note"), 4),
        ]  # fmt: skip
        cells = [[str(n), *(_cell(value) for value in row)] for n, row in enumerate(rows, 1)]
        facts = [
            {"label": _("Site"), "value": review.site.name},
            {"label": _("Quarter"), "value": review.quarter_label},
            {"label": _("Opened"), "value": date_format(local_day(review.opened_at, review.site.zone), "j F Y")},
        ]
        counted = [{"label": label, "value": str(count)} for label, count in totals.items()]
        return _table(columns, cells, facts, counted, _("No user ID was on the list."))


def _table(
    columns: Sequence[tuple[str, float]], cells: list[list[str]], facts: list[dict[str, str]],
    totals: list[dict[str, str]], empty: str,
) -> dict[str, Any]:  # fmt: skip
    """What typst/logbook.typ draws: facts, totals, the table, places to sign on paper."""
    places = [
        (_("Prepared by"), _("Document Control")), (_("Checked by"), _("Team Leader / SPV")),
        (_("Approved by"), _("Coordinator")),
    ]  # fmt: skip
    return {
        "columns": [{"label": label, "width": width} for label, width in columns],
        "rows": cells,
        "facts": facts,
        "totals": [*totals, {"label": _("User IDs"), "value": str(len(cells))}],
        "empty": empty,
        "places": [
            {"purpose": purpose, "name": SIGN_HERE, "position": position, "signed_at": None}
            for purpose, position in places
        ],
    }


def _cell(value: Any) -> str:
    return day(value) if isinstance(value, date) or value is None else str(value)
