"""What is issued of contracts: the PKWT, the report of a renewal's process, and each month's report of what expires.

A wage is kept encrypted; an issued document's data are not. So the PKWT leaves a place for it, to be written in by
payroll when it is printed, as for what OCC does not know of a person (PP 35/2021 art. 13 says what a PKWT holds).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from occ.workflow.drawing import history
from sdm.contracts.terms import months_of, rounded
from sdm.contracts.workflow import RENEWAL
from sdm.models import Renewal

TYPST = Path(__file__).parents[1] / "typst"
MANUAL = "Manual Operasi"
PKWT = register_type(
    DocumentType(
        code="PKWT", title=gettext_lazy("Fixed-term employment contract (PKWT)"), procedure=MANUAL, clause="MO 4.1.5",
        owner=Role.HR_RELATIONS, readers=frozenset({Role.HR_PAYROLL}), template=TYPST / "pkwt.typ", restricted=True,
    )
)  # fmt: skip
RENEWAL_REPORT = register_type(
    DocumentType(
        code="RNW", title=gettext_lazy("Report of a contract's renewal"), procedure=MANUAL, clause="MO 4.1.5",
        owner=Role.HR_RELATIONS, readers=frozenset({Role.HR_PAYROLL, Role.MANAGER, Role.HEAD_MANAGER}),
        template=TYPST / "contract_report.typ", restricted=True,
    )
)  # fmt: skip
EXPIRING = register_type(
    DocumentType(
        code="EXPC", title=gettext_lazy("Report of expiring contracts"), procedure=MANUAL, clause="MO 4.1.5",
        owner=Role.HR_RELATIONS,
        readers=frozenset({Role.HR_PAYROLL, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER}),
        template=TYPST / "contract_report.typ", restricted=True,
    )
)  # fmt: skip
# The manual gives no masa simpan: contracts as long as claims may come of them, reports as long as other lists.
for kind, words, years in (
    (PKWT, gettext_lazy("PKWTs are kept"), 10),
    (RENEWAL_REPORT, gettext_lazy("Reports of renewals are kept"), 5),
    (EXPIRING, gettext_lazy("Reports of expiring contracts are kept"), 5),
):
    register_policy(Definition(kind.retention_policy, words, gettext_lazy("years"), "MO 4.1.5", years, number(1, 100)))


def day(value: date | None) -> str:
    return date_format(value, "j F Y") if value else "–"


def months_said(first: date, last: date) -> str:
    """So many months, with two places where one is begun."""
    months = rounded(months_of(first, last)).quantize(Decimal("0.01"))
    shown = number_format(int(months) if months == int(months) else months)
    return ngettext("%(n)s month", "%(n)s months", 1 if months == 1 else 2) % {"n": shown}


def pkwt_body(renewal: Renewal, *, language: str) -> dict[str, Any]:
    """The extension of a PKWT with what PP 35/2021 article 13 asks for."""
    person, made = renewal.person, renewal.made
    assert made is not None
    assert made.agreed_until is not None
    with translation.override(language):
        facts = [
            (_("Contract number"), made.number), (_("Extends the contract"), renewal.employment.number or "–"),
            (_("Employee"), person.name), (_("Employee number"), person.number),
            (_("Position"), person.position), (_("Place of work"), person.site.name),
            (_("From"), day(made.starts_on)), (_("Until"), day(made.agreed_until)),
            (_("Length of this term"), months_said(made.starts_on, made.agreed_until)),
            (_("Previous term"), f"{day(renewal.employment.starts_on)} – {day(renewal.ends_on)}"),
        ]  # fmt: skip
        blanks = [_("National ID number (NIK)"), _("Address of the employee"), _("Sex"), _("Wage of a month"),
                  _("How the wage is paid")]  # fmt: skip
        clauses = [
            (_("Kind and term"), _(
                "This is a fixed-term contract (PKWT) by period. It extends the contract named above and holds from "
                "%(from)s until %(until)s."
            ) % {"from": day(made.starts_on), "until": day(made.agreed_until)}),
            (_("No probation"), _("There is no probation (PP 35/2021 article 12).")),
            (_("Longest term"), _(
                "The terms of this contract and of those before it last no longer in all than PP 35/2021 article 8 "
                "allows."
            )),
            (_("Compensation"), _(
                "At the end of the term the employer pays compensation by PP 35/2021 articles 15 to 17."
            )),
            (_("Registration"), _(
                "The employer registers this contract at the ministry within the time of PP 35/2021 article 14."
            )),
            (_("Rights and duties"), _(
                "Rights and duties are those of the company regulation and of the job description of the position."
            )),
        ]  # fmt: skip
        return {
            "facts": _facts(facts),
            "blanks_title": _("To be written in when it is printed"),
            "blanks": blanks,
            "clauses": [{"title": title, "text": text} for title, text in clauses],
            "place": _("Made at %(place)s, in two copies of equal force") % {"place": renewal.site.name},
            "places": _places([(_("Employer"), "", _("HR Industrial Relations")),
                               (_("Employee"), person.name, person.position)]),
        }  # fmt: skip


def renewal_body(renewal: Renewal, *, language: str) -> dict[str, Any]:
    """The report of the process: what was proposed and made, and who did which step when."""
    person, zone = renewal.person, renewal.site.zone
    with translation.override(language):
        facts = [
            (_("Employee"), f"{person.name} ({person.number})"), (_("Position"), person.position),
            (_("Site"), renewal.site.name), (_("Previous term"), f"{day(renewal.employment.starts_on)} – "
             f"{day(renewal.ends_on)}"),
            (_("Extended until"), day(renewal.agreed_until)), (_("Contract number"), renewal.number),
            (_("Signed on"), day(renewal.signed_on)),
            (_("Registered on"), f"{day(renewal.registered_on)} ({renewal.registration})"),
        ]  # fmt: skip
        steps = []
        for one in history(renewal):
            at = one.at.astimezone(zone)
            name = str(RENEWAL.find(one.transition).label) if one.transition else _("Reminder of HR")
            steps.append([f"{date_format(at, 'j M Y')} {at:%H:%M}", name, one.who, one.note])
        tables = [
            {"title": _("Steps"), "columns": [_("When"), _("Step"), _("Who"), _("Note")],
             "widths": [1.3, 2, 1.6, 2.4], "rows": steps}
        ]  # fmt: skip
        if renewal.summary.get("lines"):
            rows = [[one["label"], one["value"], one["note"]] for one in renewal.summary["lines"]]
            tables.append(
                {
                    "title": _("What was known when it was proposed"),
                    "columns": [_("Figure"), _("Value"), _("Note")],
                    "widths": [3, 1.2, 3],
                    "rows": rows,
                }
            )
        return {"facts": _facts(facts), "tables": tables, "places": _places(
            [(_("HR"), "", _("HR Industrial Relations")), (_("Operation"), "", _("Operation Manager"))]
        )}  # fmt: skip


def expiring_body(
    site_name: str, month: date, rows: Sequence[Sequence[str]], counts: Sequence[tuple[str, int]], *, language: str
) -> dict[str, Any]:
    """`rows`: name and number, position, from, until, in all, renewal. Strings in the document's language."""
    with translation.override(language):
        facts = [(_("Month"), date_format(month, "F Y")), (_("Site"), site_name),
                 (_("Contracts that end"), str(len(rows)))]  # fmt: skip
        facts += [(label, str(count)) for label, count in counts]
        columns = [_("Employee"), _("Position"), _("From"), _("Until"), _("PKWTs in all"), _("Renewal")]
        tables = [{"title": _("Contracts"), "columns": columns, "widths": [2.2, 1.2, 1.35, 1.35, 1.1, 1.7],
                   "rows": [list(row) for row in rows]}]  # fmt: skip
        places = [(_("Prepared by"), "", _("HR Industrial Relations")), (_("Received by"), "", _("Operation Manager"))]
        return {"facts": _facts(facts), "tables": tables, "places": _places(places)}


def month_span(month: date) -> tuple[date, date]:
    first = month.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _facts(rows: Sequence[tuple[str, Any]]) -> list[dict[str, str]]:
    return [{"label": str(label), "value": str(value)} for label, value in rows]


def _places(rows: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "purpose": purpose,
            "name": name or "................................",
            "position": position,
            "signed_at": None,
        }
        for purpose, name, position in rows
    ]
