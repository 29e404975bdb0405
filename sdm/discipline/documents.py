"""The papers of pembinaan: the verified evidence that HR files, and the warning letters SP 1-3. Read by few."""

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
from sdm.discipline.choices import Receipt
from sdm.models.discipline import DisciplineCase, WarningLetter

TYPST = Path(__file__).parent.parent / "typst"


def _type(code: str, title: Any, template: str) -> DocumentType:
    return register_type(
        DocumentType(
            code=code, title=title, procedure="Manual Operasi", clause="MO 4.1.3", owner=Role.HR_RELATIONS,
            template=TYPST / template, confidential=True,
        )
    )  # fmt: skip


EVIDENCE = _type("PBN", gettext_lazy("Verified evidence of pembinaan"), "discipline_evidence.typ")
LETTER = _type("SP", gettext_lazy("Warning letter"), "discipline_letter.typ")
# The manual gives no masa simpan: five years cover what may still be claimed after an employment (a policy, so to say).
for _one, _label in (
    (EVIDENCE, gettext_lazy("Evidence of pembinaan is kept")), (LETTER, gettext_lazy("Warning letters are kept")),
):  # fmt: skip
    register_policy(Definition(_one.retention_policy, _label, gettext_lazy("years"), "MO 4.1.3", 5, number(1, 100)))


def day_words(day: date | None) -> str:
    return date_format(day, "j F Y") if day else "–"


def ordinal(level: int) -> str:
    return {1: _("first warning letter (SP 1)"), 2: _("second warning letter (SP 2)"),
            3: _("third and last warning letter (SP 3)")}[level]  # fmt: skip


def who_facts(case: DisciplineCase) -> list[dict[str, str]]:
    person = case.person
    rows = [
        (_("Employee"), f"{person.name} ({person.number})"), (_("Position"), person.position),
        (_("Site"), case.site.name), (_("Matter"), str(case)),
    ]  # fmt: skip
    return [{"label": label, "value": str(value)} for label, value in rows]


def evidence_body(case: DisciplineCase, *, language: str) -> dict[str, Any]:
    """Everything that was said and done until the improvement was verified."""
    zone = case.site.zone
    with translation.override(language):
        rows = []
        for one in case.entries.order_by("pk"):
            what = one.get_kind_display() + (f" ({one.get_method_display()})" if one.method else "")
            local = one.at.astimezone(zone)
            rows.append([f"{date_format(local, 'j F Y')} {local:%H:%M}", what, one.by_label, one.text])
        facts = who_facts(case)
        for label, value in ((_("About"), case.get_matter_display()), (_("What was seen"), case.about),
                             (_("What is to improve"), case.target),
                             (_("Time for it until"), day_words(case.improve_until))):  # fmt: skip
            facts.append({"label": label, "value": str(value)})
        return {
            "facts": facts, "columns": [_("When"), _("What"), _("Who"), _("Words")], "rows": rows,
            "places": [
                {"purpose": purpose, "name": name, "position": position, "signed_at": None}
                for purpose, name, position in (
                    (_("Superior"), "................................", _("Superior")),
                    (_("Employee"), case.person.name, case.person.position),
                    (_("HR"), "................................", _("HR Industrial Relations")),
                )
            ],
        }  # fmt: skip


def letter_body(one: WarningLetter, earlier: list[WarningLetter], *, language: str, law: str) -> dict[str, Any]:
    """The letter: why, by which clause, which one, until when, what follows, and how it was received."""
    assert one.level is not None
    case, person = one.case, one.person
    with translation.override(language):
        facts = who_facts(case)
        for label, value in ((_("Level"), f"SP {one.level}"), (_("Day of the violation"), day_words(one.violated_on)),
                             (_("Clause of the company rules"), one.clause),
                             (_("Valid from"), day_words(one.issued_on)),
                             (_("Valid until"), day_words(one.valid_until))):  # fmt: skip
            facts.append({"label": label, "value": str(value)})
        follows = (
            _("A new violation within this time allows the employment to be ended.") if one.level == 3
            else _("A new violation within this time allows the next level, SP %(level)s.") % {"level": one.level + 1}
        )  # fmt: skip
        return {
            "opening": _("With this letter the company gives %(name)s the %(which)s.")
            % {"name": person.name, "which": ordinal(one.level)},
            "facts": facts,
            "reason_title": _("Reason"), "reason": one.reason,
            "target_title": _("What is to improve"), "target": case.target,
            "follows": f"{follows} ({_(law)})",
            "earlier_title": _("Letters in force before"),
            "earlier": [
                f"SP {row.level} · {day_words(row.issued_on)} – {day_words(row.valid_until)}" for row in earlier
            ],
            "receipt_title": _("Receipt"), "receipt": _receipt(one),
            "withdrawn": _("WITHDRAWN on %(day)s: %(why)s") % {
                "day": day_words(one.withdrawn_at.astimezone(case.site.zone).date()), "why": one.withdrawn_why
            } if one.withdrawn_at else "",
            "places": [
                {"purpose": _("Superior"), "name": one.requested_name, "position": one.requested_position,
                 "signed_at": None},
                {"purpose": _("HR"), "name": one.issued_name, "position": one.issued_position, "signed_at": None},
                {"purpose": _("Employee"), "name": person.name, "position": person.position, "signed_at": None},
            ],
        }  # fmt: skip


def _receipt(one: WarningLetter) -> str:
    if one.receipt == Receipt.SIGNED:
        return _("The employee signed for the letter in the own session.")
    if one.receipt == Receipt.PAPER:
        return _("The employee signed for the letter on paper; the scan is kept with the case.")
    if one.receipt == Receipt.REFUSED:
        seen = "; ".join(f"{row['name']} ({row['position']})" for row in one.witnesses)
        return _("The employee refused to sign for it. Witnesses: %(names)s.") % {"names": seen}
    return _("Not signed for yet.")
