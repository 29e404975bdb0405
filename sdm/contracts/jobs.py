"""Contracts out of a spreadsheet, in the background: what the file would do, and then all of it or nothing."""

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from occ.import_jobs import register_import
from occ.jobs.kinds import Progress
from occ.jobs.models import Job
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.importing import Preview
from sdm.personal import KEEPERS
from sdm.services.contract_import import contracts_import, contracts_read, summary


def keeps(user: User) -> bool:
    return has_role(user, KEEPERS)


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = contracts_read(file=file, actor=job.owner, now=now, report=progress)
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    return contracts_import(file=file, name=job.input_name, actor=job.owner, now=now, report=progress)


IMPORT = register_import(
    "sdm.contracts_import", _("Import of contracts: preview"), _("Import of contracts"), space="sdm:contract_import",
    may=keeps, read=read, bring=bring,
)  # fmt: skip
