"""Form JO and BAPP (MO 4.1.1): what the operation asks for, and what it received."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from sdm.models import Candidate, Recruitment
from sdm.personal import HR

TYPST = Path(__file__).parent.parent / "typst"
CLAUSE = "MO 4.1.1"
JO = register_type(
    DocumentType(
        code="JO", title=gettext_lazy("Form JO: request for people"), procedure="Manual Operasi", clause=CLAUSE,
        owner=Role.HR_RECRUITMENT, readers=HR, template=TYPST / "jo.typ",
    )
)  # fmt: skip
BAPP = register_type(
    DocumentType(
        code="BAPP", title=gettext_lazy("BAPP: request for people fulfilled"), procedure="Manual Operasi",
        clause=CLAUSE, owner=Role.HR_RECRUITMENT, readers=HR, template=TYPST / "bapp.typ",
    )
)  # fmt: skip
# The manual gives no masa simpan for them: five years, as for what people may still claim (a policy, so to say).
for one, words in ((JO, gettext_lazy("Forms JO are kept")), (BAPP, gettext_lazy("BAPP are kept"))):
    register_policy(
        Definition(one.retention_policy, words, gettext_lazy("years"), CLAUSE, 5, number(1, 100))
    )  # fmt: skip


def place(purpose: str, name: str, position: str) -> dict[str, Any]:
    dots = "................................"
    return {"purpose": purpose, "name": name or dots, "position": position, "signed_at": None}


def jo_body(row: Recruitment, *, requester: str, planned: int | None, actual: int | None, language: str
            ) -> dict[str, Any]:  # fmt: skip
    with translation.override(language):
        version = row.version
        facts = [
            (_("Position"), row.position.name), (_("Site"), row.site.name), (_("People needed"), str(row.people)),
            (_("Needed by"), date_format(row.needed_by, "j F Y")), (_("Contract"), row.get_kind_display()),
            (_("Why"), row.get_why_display()), (_("Requested by"), requester),
            (_("Planned (MO 2.2.A)"), "–" if planned is None else str(planned)),
            (_("There on that day"), "–" if actual is None else str(actual)),
        ]  # fmt: skip
        checked = []
        if version.education:
            checked.append(_("Education at least %(what)s") % {"what": version.get_education_display()})
        if version.experience_months:
            months = version.experience_months
            words = ngettext("Experience at least %(n)s month", "Experience at least %(n)s months", months)
            checked.append(words % {"n": months})
        checked += [_("Skill: %(what)s") % {"what": one} for one in version.skills]
        return {
            "facts": [{"label": label, "value": str(value)} for label, value in facts],
            "explanation_title": _("Explanation"),
            "explanation": row.explanation,
            "spec_title": _("Specification as written (%(clause)s)") % {"clause": version.clause},
            "spec": [{"text": text, "applied": applied} for text, applied in version.lines],
            "quoted": _("quoted, not applied"),
            "checked_title": _("What is checked of each candidate"),
            "checked": checked,
            "places": [
                place(_("Requested by"), requester, _("Operation")), place(_("Verified by"), "", _("HR Recruitment")),
                place(_("Salary scheme"), "", _("HR Payroll")),
            ],
        }  # fmt: skip


def bapp_body(
    row: Recruitment, hired: Sequence[Candidate], *, steps: Sequence[tuple[str, str]], language: str
) -> dict[str, Any]:
    with translation.override(language):
        facts = [
            (_("Position"), row.position.name), (_("Site"), row.site.name),
            (_("Requested on"), date_format(row.requested_at.astimezone(row.site.zone), "j F Y")),
            (_("Needed by"), date_format(row.needed_by, "j F Y")), (_("People needed"), str(row.people)),
            (_("People hired"), str(len(hired))),
        ]  # fmt: skip
        return {
            "facts": [{"label": label, "value": str(value)} for label, value in facts],
            "text": _("HR hands over, and the operation receives, the people named here, who are active employees with"
                      " contract and ID card."),
            "people_title": _("People"),
            "columns": [_("No."), _("Employee number"), _("Name"), _("Contract number"), _("From"), _("ID card")],
            "people": [
                [str(n), one.employee.number if one.employee else "–", one.name, one.contract_number or "–",
                 date_format(one.contract_from, "j M Y") if one.contract_from else "–", one.id_card or "–"]
                for n, one in enumerate(hired, 1)
            ],
            "steps_title": _("Time in each step"),
            "step_columns": [_("Step"), _("Time")],
            "steps": [[name, value] for name, value in steps],
            "places": [
                place(_("Handed over by"), "", _("HR Recruitment")), place(_("Received by"), "", _("Operation")),
            ],
        }  # fmt: skip
