"""What of leave runs in the background: an import."""

from __future__ import annotations

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
from sdm.absence.importing import leave_file_import, leave_file_read, summary
from sdm.services.absence import TAKERS_UP


def takes_up(user: User) -> bool:
    return has_role(user, TAKERS_UP)


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = leave_file_read(file=file, actor=job.owner, now=now)
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return leave_file_import(file=file, name=job.input_name, actor=job.owner, now=now)


IMPORT = register_import(
    "sdm.leave_import", gettext_lazy("Import of leave: preview"), gettext_lazy("Import of leave"),
    space="sdm:leave_file", may=takes_up, read=read, bring=bring,
)  # fmt: skip
