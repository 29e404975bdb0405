"""The register as an issued document (SOP-RET 5.6, 8.1 step 10): its type, its masa simpan, and its words."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.documents.signing import Signing
from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.models import Site
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from occ.times import local_day
from retention.choices import RegisterStatus
from retention.models import RegisterLine
from retention.models.register import RegisterLineQuerySet
from retention.registering.words import state_of, title_of

REGISTER = register_type(
    DocumentType(
        code="DCD-RET",
        title=gettext_lazy("Register of documents (Daftar Catatan Dokumen)"),
        procedure="SOP Retensi Chat dan Recording",
        clause="SOP-RET 5.6",
        owner=Role.DOCUMENT_CONTROL,
        template=Path(__file__).parent.parent / "typst" / "register.typ",
    )
)
register_policy(
    Definition(
        REGISTER.retention_policy,
        gettext_lazy("The register of documents is kept"),
        gettext_lazy("years"),
        "SOP-RET 5.6",
        2,
        number(1, 100),
    )
)
SIGN_HERE = "." * 32


def register_issue(
    *, lines: RegisterLineQuerySet, site: Site, period: tuple[date, date] | None, language: str,
    signatures: Sequence[Signing], actor: Actor, now: datetime,
) -> IssuedDocument:  # fmt: skip
    """Issue the register of a site as it stands today; with a period only what was issued in it."""
    today = local_day(now, site.zone)
    if period:
        lines = lines.filter(issued_on__range=period)
    with translation.override(language):
        rows = list(_rows(lines.order_by("issued_on", "key").iterator(chunk_size=2_000), today))
        body = register_body(rows=rows, site=site, today=today, period=period)
    return document_issue(
        type=REGISTER, site=site, subject=None, title=str(_titled(language)), data=body, language=language,
        actor=actor, now=now, period=period, signatures=tuple(signatures),
    )  # fmt: skip


def _titled(language: str) -> str:
    with translation.override(language):
        return str(REGISTER.title)


def _rows(lines: Iterable[RegisterLine], today: date) -> Iterator[list[str]]:
    for n, one in enumerate(lines, 1):
        yield [
            str(n), one.number, title_of(one), one.get_medium_display(), one.get_owner_role_display(), one.place,
            _day(one.issued_on), _day(one.expires_on), _day(one.destroyed_on), state_of(one, today)["label"],
        ]  # fmt: skip


def register_body(
    *, rows: Sequence[Sequence[str]], site: Site, today: date, period: tuple[date, date] | None
) -> dict[str, Any]:
    """The template's data, in the active language."""
    columns = [
        (_("No."), 0.9), (_("Number"), 3.6), (_("Title"), 4.2), (_("Medium"), 1.6), (_("Owner"), 2.6),
        (_("Kept at"), 2.8), (_("Issued"), 1.9), (_("Expires"), 1.9), (_("Destroyed"), 1.9), (_("Status"), 2.2),
    ]  # fmt: skip
    facts = [{"label": _("Site"), "value": site.name}, {"label": _("As of"), "value": date_format(today, "j F Y")}]
    if period:
        value = " – ".join(date_format(one, "j F Y") for one in period)
        facts.append({"label": _("Issued"), "value": value})
    gone = str(RegisterStatus.DESTROYED.label)
    destroyed = sum(1 for row in rows if row[-1] == gone)
    totals = [(_("Documents"), len(rows)), (_("Destroyed"), destroyed), (_("Kept"), len(rows) - destroyed)]
    places = [(_("Prepared by"), _("Document Control")), (_("Checked by"), _("Coordinator")), (_("Approved by"), "QMR")]
    return {
        "columns": [{"label": label, "width": width} for label, width in columns],
        "rows": [list(row) for row in rows],
        "facts": facts,
        "totals": [{"label": label, "value": str(count)} for label, count in totals],
        "empty": _("No document is in the register."),
        "places": [
            {"purpose": purpose, "name": SIGN_HERE, "position": position, "signed_at": None}
            for purpose, position in places
        ],
    }


def _day(value: date | None) -> str:
    return date_format(value, "j M Y") if value else "-"
