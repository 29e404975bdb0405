"""The report of a month, made in the background: thousands of people have their figures asked for, one by one."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy

from occ.jobs.kinds import Kind, Outcome, Progress, register
from occ.jobs.models import Job
from occ.people.scope import has_role
from sdm.evaluating.workflow import PERFORMANCE
from sdm.services.evaluation_periods import period_compile


def run(job: Job, progress: Progress, now: datetime) -> Outcome:
    period = period_compile(period_id=job.params["period"], actor=job.owner, now=now, report=progress)
    return Outcome(url=period.get_absolute_url(), result={"evaluations": period.evaluations.count()})


COMPILE = register(
    Kind("sdm.evaluation_report", gettext_lazy("Report of the monthly evaluation"), run,
         lambda user: has_role(user, PERFORMANCE))
)  # fmt: skip
