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
        return {
            "columns": [{"label": label, "width": width} for label, width in columns],
            "rows": cells,
            "facts": facts,
            "totals": [*counted, {"label": _("User IDs"), "value": str(len(cells))}],
            "empty": _("No user ID was recorded in this period."),
            "places": [
                {
                    "purpose": _("Prepared by"),
                    "name": "................................",
                    "position": _("Document Control"),
                    "signed_at": None,
                },
                {
                    "purpose": _("Checked by"),
                    "name": "................................",
                    "position": _("Team Leader / SPV"),
                    "signed_at": None,
                },
                {
                    "purpose": _("Approved by"),
                    "name": "................................",
                    "position": _("Coordinator"),
                    "signed_at": None,
                },
            ],
        }


def _cell(value: Any) -> str:
    return day(value) if isinstance(value, date) or value is None else str(value)
