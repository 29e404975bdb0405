"""Imports of which each row is one call of a service, in the background (SDM-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from occ.import_jobs import Import, Label, register_import
from occ.jobs.kinds import Progress
from occ.jobs.models import Job
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from sdm.contracts.workflow import PAYROLL
from sdm.discipline.workflow import RELATIONS
from sdm.evaluating.workflow import PERFORMANCE
from sdm.services.letter_import import LETTERS
from sdm.services.past_evaluation_import import EVALUATIONS
from sdm.services.plan import PLANNERS
from sdm.services.plan_import import PLAN
from sdm.services.row_import import RowImport
from sdm.services.wage_import import WAGES


def registered(
    rows: RowImport, key: str, preview: Label, label: Label, *, space: str, may: Callable[[User], bool]
) -> Import:
    def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
        reading = rows.read(file=file, actor=job.owner, now=now, report=progress)
        return reading.preview, rows.summary(reading)

    def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
        return rows.bring_in(file=file, name=job.input_name, actor=job.owner, now=now, report=progress)

    return register_import(key, preview, label, space=space, may=may, read=read, bring=bring)


PLAN_IMPORT = registered(
    PLAN, "sdm.plan_import", _("Import of the plan: preview"), _("Import of the plan"), space="sdm:plan_import",
    may=lambda user: has_role(user, PLANNERS),
)  # fmt: skip
WAGE_IMPORT = registered(
    WAGES, "sdm.wage_import", _("Import of wages: preview"), _("Import of wages"), space="sdm:wage_import",
    may=lambda user: has_role(user, PAYROLL),
)  # fmt: skip
LETTER_IMPORT = registered(
    LETTERS, "sdm.letter_import", _("Import of warning letters: preview"), _("Import of warning letters"),
    space="sdm:letter_import", may=lambda user: has_role(user, RELATIONS),
)  # fmt: skip
EVALUATION_IMPORT = registered(
    EVALUATIONS, "sdm.evaluation_import", _("Import of evaluations of before: preview"),
    _("Import of evaluations of before"), space="sdm:evaluation_import", may=lambda user: has_role(user, PERFORMANCE),
)  # fmt: skip
