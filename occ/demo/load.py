"""Loads the demo once: all of it or nothing."""

import json
import os
import random
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from occ.demo import reviews
from occ.demo.clockwork import until
from occ.demo.leaving import Exits
from occ.demo.logbook import Life, agents_log_in, live, present
from occ.demo.people import contracts, make_staff, transfers
from occ.demo.realtime.floor import floor
from occ.demo.realtime.months import months
from occ.demo.realtime.rotg import tata_tertib
from occ.demo.reconciliation import plan, this_morning
from occ.demo.retention.around import around, counted
from occ.demo.retention.backups import backups
from occ.demo.retention.disposals import disposals
from occ.demo.retention.files import files
from occ.demo.retention.old_papers import old_papers
from occ.demo.sdm.absence import leave
from occ.demo.sdm.contracts import contract_life
from occ.demo.sdm.discipline import pembinaan
from occ.demo.sdm.evaluating import monthly
from occ.demo.sdm.recruiting import recruiting
from occ.demo.sdm.training import trainings
from occ.notifications.models import Notification
from occ.people.models import User
from occ.times import JAKARTA, local_day

SEED = 22  # the same people and leavings in every demo
# Shown first by bin/demo: the roles of the first processes.
FIRST = ("support", "team_leader.jkt", "team_leader.ygy", "coordinator.jkt", "coordinator.ygy", "document_control",
         "auditor", "agent.jkt", "manager", "client")  # fmt: skip


def logins_file() -> Path:
    return Path(settings.VAR) / "demo-logins.json"


def loaded() -> bool:
    return User.objects.exists()


def load(*, now: datetime, say: Callable[[str], None] = lambda words: None) -> dict[str, Any]:
    """Fill the empty database, saying how far it is; returns and keeps the log-ins: {"password", "users"}."""
    password = "-".join(secrets.token_hex(2) for _part in range(3))
    with transaction.atomic():
        start = local_day(now, JAKARTA) - timedelta(days=1100)
        staff = make_staff(rng=random.Random(SEED), password=password, start=start)  # noqa: S311
        say("1 of 6: two years of user IDs, leavings and reviews")
        with Life(staff, now) as life, Exits(life):
            reviews.schedule(life)
            plan(life)
            live(life)
            agents_log_in(life)
            present(life)
            reviews.others(life)
            this_morning(life)
        say("2 of 6: transfers and contracts")
        transfers(staff, now=now)
        contracts(staff, now=now)
        recruiting(staff, now=now)
        contract_life(staff, now)
        leave(staff, now)
        say("3 of 6: conversations and recordings")
        files(staff, now=now)
        around(staff, now=now)
        say("4 of 6: their backups, month by month")
        backups(staff, now=now)
        say("5 of 6: what was destroyed, and how it stands")
        disposals(staff, password=password, now=now)
        old_papers(staff, password=password, now=now)
        counted(now=now)
        say("6 of 6: the floor's last days")
        floor(staff, password=password, now=now)
        months(staff, now)
        tata_tertib(staff, now)
        trainings(staff, now)
        pembinaan(staff, password=password, now=now)
        monthly(staff, password=password, now=now)
        until(now)
        old = Notification.objects.filter(created_at__lt=now - timedelta(days=2))
        old.update(read_at=F("created_at") + timedelta(hours=1))
        names = sorted(staff.users, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
        logins = {"password": password, "users": names}
        keep(logins)
    return logins


def keep(logins: dict[str, Any]) -> None:
    path = logins_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(logins, file)
