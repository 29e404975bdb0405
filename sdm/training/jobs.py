"""What of training runs in the background: the import of results."""

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
from sdm.models import TrainingBatch
from sdm.services.training_import import results_import, results_read, summary
from sdm.training.workflow import HR, TRAINERS


def enters(user: User) -> bool:
    return has_role(user, HR | TRAINERS)


def batch_of(job: Job) -> TrainingBatch:
    return TrainingBatch.objects.select_related("site").get(pk=job.params["batch"])


def read(job: Job, file: File, progress: Progress, now: datetime) -> tuple[Preview, dict[str, Any]]:
    reading = results_read(file=file, batch=batch_of(job), actor=job.owner, now=now)
    return reading.preview, summary(reading)


def bring(job: Job, file: File, progress: Progress, now: datetime) -> dict[str, Any]:
    batch = batch_of(job)
    done = results_import(file=file, name=job.input_name, batch=batch, actor=job.owner, now=now)
    return {"done": done, "url": batch.get_absolute_url()}


IMPORT = register_import(
    "sdm.training_import", gettext_lazy("Import of results: preview"), gettext_lazy("Import of results"),
    space="sdm:training_results", may=enters, read=read, bring=bring,
)  # fmt: skip
