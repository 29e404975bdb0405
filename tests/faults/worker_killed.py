"""A worker is killed with -9 in the middle of an import: nothing of it is there, and the next worker does all of it."""

from __future__ import annotations

import random
import time
from typing import Any

from _house import House, check, run

HEADER = "User ID;Nama;NIK;Email;Jabatan;Channel;Tanggal Aktif;Status"


def fault(house: House, small: bool) -> None:
    from django.core.files.base import ContentFile
    from django.utils import timezone

    from occ.jobs.models import SILENT, Job, State
    from occ.jobs.services import job_start
    from occ.ledger.models import Entry
    from occ.people.models import Person, User
    from userids.models import Account, Application, Assignment

    def counts() -> tuple[int, ...]:
        return tuple(model.objects.count() for model in (Account, Person, Assignment))

    rows = 4_000 if small else 20_000
    lines = [f"KIL-{i:06};Orang {i};K{i:06};k{i}@x.test;Agent;Voice;1 Agustus 2025;Aktif" for i in range(rows)]
    file = ContentFile("\n".join([HEADER, *lines]).encode(), name="logbook.csv")
    support = User.objects.get(username="support.all")
    params: dict[str, Any] = {
        "site": support_site(), "application": Application.objects.values_list("pk", flat=True)[0],
    }  # fmt: skip
    before = counts()
    house.worker()
    if not small:
        house.beat()
    house.until(40, lambda: "ready" in house.log("worker").read_text(), "the worker")
    job = job_start(kind="userids.import_apply", params=params, owner=support, now=timezone.now(), file=file)
    house.until(30, lambda: Job.objects.get(pk=job.pk).state == State.RUNNING, "the job runs")
    time.sleep(random.uniform(0.1, 0.5) if small else random.uniform(2, 5))
    check(Job.objects.get(pk=job.pk).state == State.RUNNING, "the job was over before the worker could be killed")
    house.kill("worker")
    house.say(f"worker killed with -9 in the middle of an import of {rows} rows")
    check(counts() == before, "half an import is there")
    if small:  # three minutes pass
        Job.objects.filter(pk=job.pk).update(heard_at=timezone.now() - SILENT, created_at=timezone.now() - SILENT)
        house.beat()
    house.worker()
    took = house.until(60 if small else 600, lambda: not Job.objects.get(pk=job.pk).is_open, "the job is taken up")
    job.refresh_from_db()
    house.say(f"{'' if small else 'after three minutes of silence '}taken up and ended {took:.0f} s later: {job.state}")
    check(job.state == State.DONE and job.attempts == 2, f"{job.state} {job.error} after {job.attempts} attempts")
    check(counts() == tuple(n + rows for n in before), f"{counts()} and not {rows} more than {before}")
    check(Entry.objects.filter(action="logbook.imported").count() == 1, "one entry in the ledger")
    house.say(f"{rows} rows are there once, and one ledger entry")


def support_site() -> int:
    from occ.people.models import Site

    return Site.objects.get(code="JKT").pk


if __name__ == "__main__":
    run(fault)
