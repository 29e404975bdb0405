"""The document that ends a leaving: exit interview and clearance on one sheet (MO 4.1.3)."""

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
from sdm.models import Leaving

EXIT = register_type(
    DocumentType(
        code="EXIT",
        title=gettext_lazy("Exit interview and clearance"),
        procedure="Manual Operasi",
        clause="MO 4.1.3",
        owner=Role.HR_RELATIONS,
        readers=frozenset({Role.MANAGER, Role.HEAD_MANAGER}),
        template=Path(__file__).parent / "typst" / "exit.typ",
        restricted=True,
    )
)
# The manual gives no masa simpan for it: five years cover what a former employee may still claim (a policy, so to say).
register_policy(
    Definition(
        EXIT.retention_policy, gettext_lazy("Exit interviews and clearances are kept"), gettext_lazy("years"),
        "MO 4.1.3", 5, number(1, 100),
    )
)  # fmt: skip


def exit_body(leaving: Leaving, *, language: str, waived: str, matters: list[tuple[str, str]]) -> dict[str, Any]:
    """The template's data. `waived`: why no interview was held; `matters`: what ticked itself, label and words."""
    person, interview = leaving.person, getattr(leaving, "interview", None)
    with translation.override(language):
        facts = [
            (_("Employee"), f"{person.name} ({person.number})"), (_("Position"), person.position),
            (_("Site"), leaving.site.name), (_("Last working day"), date_format(leaving.last_working_day, "j F Y")),
            (_("Reason"), leaving.get_reason_display()),
        ]  # fmt: skip
        if interview is not None:
            facts.append((_("Interview held on"), date_format(interview.held_on, "j F Y")))
            facts.append((_("Interviewer"), str(interview.interviewer)))
        items = [
            (str(item), item.get_outcome_display(), item.note) for item in leaving.items.all()
        ] + [(label, said, "") for label, said in matters]  # fmt: skip
        return {
            "facts": [{"label": label, "value": str(value)} for label, value in facts],
            "interview_title": _("Exit interview"),
            "answers": [{"label": label, "value": value} for label, value in interview.answers()] if interview else [],
            "waived": _("No interview was held: %(why)s") % {"why": waived} if interview is None else "",
            "clearance_title": _("Clearance"),
            "columns": [_("Item"), _("Outcome"), _("Note")],
            "items": [[str(cell) for cell in row] for row in items],
            "places": [
                {"purpose": purpose, "name": name or "................................", "position": position,
                 "signed_at": None}
                for purpose, name, position in (
                    (_("Employee"), person.name, person.position),
                    (_("Superior"), interview.superior if interview else "", _("Team Leader / SPV")),
                    (_("HR"), "", _("HR Industrial Relations")),
                )
            ],
        }  # fmt: skip
