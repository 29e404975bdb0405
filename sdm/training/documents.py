"""The papers of training (MO 4.1.2): a report at the end of each stage, and a certificate for whoever passed."""

from collections.abc import Sequence
from decimal import Decimal
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
from sdm.models.training import Participant, RecordingSample, StageRun, TrainingResult
from sdm.training.choices import TrainingStatus as S

TYPST = Path(__file__).parent.parent / "typst"
READERS = frozenset({Role.HR_TRAINING, Role.TEAM_LEADER, Role.QUALITY_CONTROL, Role.QUALITY_ASSURANCE})


def _type(
    code: str, title: Any, kept: Any, *, owner: Role = Role.HR_TRAINING, template: str = "report"
) -> DocumentType:
    made = register_type(
        DocumentType(
            code=code, title=title, procedure="Manual Operasi", clause="MO 4.1.2", owner=owner, readers=READERS,
            template=TYPST / f"training_{template}.typ",
        )
    )  # fmt: skip
    # The manual gives no masa simpan: two years, as of the other records of operations (a policy, so to say).
    register_policy(Definition(made.retention_policy, kept, gettext_lazy("years"), "MO 4.1.2", 2, number(1, 100)))
    return made


REPORTS: dict[str, DocumentType] = {
    S.REGISTERED: _type(
        "TRH", gettext_lazy("Report: candidates for hardskill training"),
        gettext_lazy("Reports of hardskill candidates are kept"),
    ),
    S.SOFTSKILL: _type(
        "TRS", gettext_lazy("Report: candidates who passed softskill training"),
        gettext_lazy("Reports of softskill training are kept"),
    ),
    S.HARDSKILL: _type(
        "TRT", gettext_lazy("Report: pre test and post test"), gettext_lazy("Reports of tests are kept"),
        owner=Role.TEAM_LEADER,
    ),
    S.PASSIVE: _type(
        "TRP", gettext_lazy("Report: passive tandem"), gettext_lazy("Reports of the passive tandem are kept"),
        owner=Role.TEAM_LEADER,
    ),
    S.ACTIVE: _type(
        "TRA", gettext_lazy("Report: active tandem and recording samples"),
        gettext_lazy("Reports of the active tandem are kept"), owner=Role.TEAM_LEADER,
    ),
    S.VALIDATING: _type(
        "TRV", gettext_lazy("Report: validation of recording samples"),
        gettext_lazy("Reports of validated samples are kept"), owner=Role.QUALITY_CONTROL,
    ),
    S.RECAP: _type(
        "TRR", gettext_lazy("Recap of the whole training"), gettext_lazy("Recaps of trainings are kept"),
        owner=Role.TEAM_LEADER,
    ),
}  # fmt: skip
CERTIFICATE = _type(
    "CRT", gettext_lazy("Certificate of training"), gettext_lazy("Certificates of training are kept"),
    template="certificate",
)  # fmt: skip


def points(value: Decimal | None) -> str:
    """A score as the reader's language writes it, without needless zeros; "–" for none."""
    if value is None:
        return "–"
    shown = f"{value.normalize():f}"
    return shown.replace(".", ",") if translation.get_language() == "id" else shown


def _latest(one: Participant, stage: str) -> TrainingResult | None:
    """The result of the stage in the attempt that goes on; softskill training is passed once."""
    rows = [row for row in one.results.all() if row.stage == stage]
    if stage != S.SOFTSKILL:
        rows = [row for row in rows if row.attempt == one.attempt]
    return rows[-1] if rows else None


def _score(one: Participant, stage: str) -> str:
    found = _latest(one, stage)
    return points(found.score) if found else "–"


def _where(one: Participant) -> str:
    return str(one.get_status_display())


def _samples(one: Participant) -> list[RecordingSample]:
    return [row for row in one.samples.all() if row.attempt == one.attempt]


def _note(one: Participant, stage: str) -> str:
    found = _latest(one, stage)
    return found.note if found else ""


def _who(one: Participant) -> tuple[str, str]:
    """An employee by name; a candidate by number only: reports are kept, and who is not taken on is forgotten."""
    if one.person_id is not None:
        return one.name, one.number
    number = one.number or f"P-{one.pk}"
    return _("Candidate %(n)s") % {"n": number.removeprefix("CAND-")}, number


def _table(stage: str, people: Sequence[Participant]) -> tuple[list[str], list[list[str]]]:
    """Headings and rows of a stage's report; the first two columns are the participant."""
    who = [_("Participant"), _("Number")]
    if stage == S.REGISTERED:
        return [*who, _("Goes to")], [[*_who(one), _where(one)] for one in people]
    if stage in (S.SOFTSKILL, S.PASSIVE):
        rows = [[*_who(one), _score(one, stage), _note(one, stage), _where(one)] for one in people]
        return [*who, _("Score"), _("Note"), _("Goes to")], rows
    if stage == S.HARDSKILL:
        rows = []
        for one in people:
            found = _latest(one, stage)
            pre, post = (points(found.pre_score), points(found.score)) if found else ("–", "–")
            rows.append([*_who(one), str(one.attempt), pre, post, _where(one)])
        return [*who, _("Attempt"), _("Pre test"), _("Post test"), _("Goes to")], rows
    if stage in (S.ACTIVE, S.VALIDATING):
        rows = []
        for one in people:
            for row in _samples(one):
                scored = [points(row.score), row.remark] if stage == S.VALIDATING else []
                rows.append([*_who(one), row.reference, date_format(row.taken_on, "j M Y"), *scored])
            if stage == S.VALIDATING:
                rows.append([*_who(one), _("Average"), "", _score(one, stage), _where(one)])
        return [
            *who, _("Recording id"), _("Day"), *([_("Score"), _("Remark")] if stage == S.VALIDATING else [])
        ], rows  # fmt: skip
    rows = []
    for one in people:
        test = _latest(one, S.HARDSKILL)
        rows.append(
            [*_who(one), str(one.attempt), _score(one, S.SOFTSKILL), points(test.pre_score if test else None),
             points(test.score if test else None), _score(one, S.PASSIVE), str(len(_samples(one))),
             _score(one, S.VALIDATING)]
        )  # fmt: skip
    return [
        *who, _("Attempt"), _("Softskill"), _("Pre test"), _("Post test"), _("Passive tandem"), _("Samples"), _("QC")
    ], rows  # fmt: skip


def report_body(run: StageRun, people: Sequence[Participant], *, language: str, by: str) -> dict[str, Any]:
    """The template's data. `people`: with results and samples; `by`: who finished the stage."""
    zone = run.batch.site.zone
    with translation.override(language):
        columns, rows = _table(run.stage, people)
        facts = [
            (_("Batch"), str(run.batch)), (_("Site"), run.batch.site.name),
            (_("Training stage"), run.get_stage_display()),
            (_("Begun"), date_format(run.opened_at.astimezone(zone), "j F Y")),
            (_("Participants"), str(len(people))),
        ]  # fmt: skip
        return {
            "facts": [{"label": str(label), "value": str(value)} for label, value in facts],
            "columns": columns,
            "rows": rows,
            "places": [
                {"purpose": _("Prepared by"), "name": by, "position": "", "signed_at": None},
                {"purpose": _("Checked by"), "name": "................................", "position": "",
                 "signed_at": None},
            ],
        }  # fmt: skip


def certificate_body(one: Participant, *, language: str) -> dict[str, Any]:
    with translation.override(language):
        assert one.join_on is not None
        test = _latest(one, S.HARDSKILL)
        marks = [
            (_("Softskill training"), _score(one, S.SOFTSKILL)),
            (_("Post test of the hardskill training"), points(test.score if test else None)),
            (_("Passive tandem"), _score(one, S.PASSIVE)),
            (_("Recording samples validated by QC"), _score(one, S.VALIDATING)),
        ]
        return {
            "given": _("is given to"),
            "name": one.name,
            "number": one.number,
            "words": _("who passed the training “%(title)s” of %(site)s, begun on %(from)s, and joins on %(join_on)s.")
            % {"title": one.batch.title, "site": one.batch.site.name, "from": date_format(one.batch.starts_on, "j F Y"),
               "join_on": date_format(one.join_on, "j F Y")},
            "marks": [{"label": label, "value": value} for label, value in marks if value != "–"],
            "places": [
                {"purpose": _("HR Training"), "name": "................................", "position": "",
                 "signed_at": None},
                {"purpose": _("Operation Manager"), "name": "................................", "position": "",
                 "signed_at": None},
            ],
        }  # fmt: skip
