"""What of recruitment runs in the background: the import of candidates."""

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy

from occ.import_jobs import register_import
from occ.jobs.kinds import Progress
from occ.jobs.models import Job
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from sdm.models import Recruitment
from sdm.recruiting.workflow import RECRUIT
from sdm.services.candidate_import import candidates_import, candidates_read, summary


def recruits(user: User) -> bool:
    return has_role(user, RECRUIT)


def row_of(job: Job) -> Recruitment:
    return Recruitment.objects.visible_to(job.owner).select_related("site").get(pk=job.params["recruitment"])


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    found = candidates_read(file=file, recruitment=row_of(job), actor=job.owner, now=now, report=progress)
    return found, summary(found)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return candidates_import(
        file=file, name=job.input_name, recruitment=row_of(job), actor=job.owner, now=now, report=progress
    )


IMPORT = register_import(
    "sdm.candidates_import", gettext_lazy("Import of candidates: preview"), gettext_lazy("Import of candidates"),
    space="sdm:candidate_import", may=recruits, read=read, bring=bring,
)  # fmt: skip
