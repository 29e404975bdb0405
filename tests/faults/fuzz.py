"""The API under schemathesis as several roles, on a real server: no 5xx, answers as the schema says, no half state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from _house import ROOT, House, Wrong, check, people, run, token

# What the schema cannot say: that a well-formed request is refused for its state is meant.
EXCLUDED = "positive_data_acceptance,missing_required_header"
SEED = 20261121


def fault(house: House, small: bool) -> None:
    from django.utils import timezone

    from occ.people.choices import Role
    from occ.people.models import Person, User
    from tests import factories
    from userids.models import Account, DeactivationRequest, ReplacementRequest
    from userids.services import deactivations

    leavers = people(12)
    support = User.objects.get(username="support.all")
    for one in leavers[:6]:
        deactivations.resignation_record(
            person_id=one.pk, last_working_day=timezone.localdate() + timedelta(days=1), actor=support,
            now=timezone.now(),
        )  # fmt: skip
    known = {
        "id": list(DeactivationRequest.objects.values_list("pk", flat=True)),
        "employee": list(Person.objects.values_list("number", flat=True)),
        "account": list(Account.objects.values_list("pk", flat=True)),
        "transition": ["request", "start", "fail", "confirm", "document", "cancel"],
    }
    jkt = factories.site("JKT")
    users = {
        "support": support, "team leader": factories.user(Role.TEAM_LEADER, jkt),
        "document control": factories.user(Role.DOCUMENT_CONTROL), "auditor": factories.user(Role.AUDITOR),
        "agent": factories.user(Role.AGENT, jkt),
    }  # fmt: skip
    house.web()
    before = house.log("web").stat().st_size
    for name, user in list(users.items())[: 2 if small else None]:
        fuzz(house, name, token(user), known, seconds=12 if small else 90, examples=15 if small else 200)
    consistent()
    said = house.log("web").read_text()[before:]
    check("Traceback" not in said, f"the server's log holds a traceback: {said[said.find('Traceback') :][:3000]}")
    counts = {model.__name__: model.objects.count() for model in (Account, DeactivationRequest, ReplacementRequest)}
    house.say(f"rows and their histories, obligations and ledger agree: {counts}")


def fuzz(house: House, name: str, key: str, known: dict[str, Any], *, seconds: int, examples: int) -> None:
    report = house.folder / f"fuzz-{name.replace(' ', '-')}.txt"
    words = [
        str(Path(sys.executable).parent / "schemathesis"), "run", f"{house.url}/api/v1/schema/?format=json", "--header",
        f"Authorization: {key}", "--checks", "all", "--exclude-checks", EXCLUDED, "--seed", str(SEED), "--max-examples",
        str(examples), "--max-time", str(seconds), "--mode", "all", "--generation-database", "none", "--no-color",
        "--continue-on-failure", "--warnings", "off", "--request-timeout", "20", "--suppress-health-check", "all",
    ]  # fmt: skip
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "_hooks", "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{ROOT}",
        "FUZZ_KNOWN": json.dumps(known),
    }  # fmt: skip
    began = time.monotonic()
    with report.open("w") as out:
        code = subprocess.call(words, cwd=house.folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
    said = report.read_text()
    if code:
        raise Wrong(f"as {name}:\n{said[-12_000:]}")
    done = next((line.strip() for line in said.splitlines() if " generated, " in line), "")
    house.say(f"as {name}: requests {done} in {time.monotonic() - began:.0f} s, nothing found")


def consistent() -> None:
    """What must hold after whatever was sent."""
    from django.contrib.contenttypes.models import ContentType
    from django.db.models import Count
    from django.utils import timezone

    from occ.ledger.services import seal_entries
    from occ.ledger.verification import faults
    from occ.obligations.models import Obligation
    from occ.workflow.models import WorkflowStep
    from userids.models import Account, Assignment, DeactivationRequest, ReplacementRequest

    for request in [*DeactivationRequest.objects.all(), *ReplacementRequest.objects.all()]:
        label = request._meta.label_lower
        of_it = {"content_type": ContentType.objects.get_for_model(request), "object_id": request.pk}
        last = WorkflowStep.objects.filter(**of_it).order_by("-pk").first()
        check(last is not None and last.to_state == request.status, f"{label} {request.pk} is {request.status}, {last}")
        still = Obligation.objects.open().filter(**of_it).count()
        over = request.status in {"documented", "cancelled"}
        check(not (over and still), f"{label} {request.pk} is {request.status} with {still} open obligations")
    held = Assignment.objects.filter(ends_at=None).values("account").annotate(n=Count("pk")).filter(n__gt=1)
    check(not held.exists(), "an ID with two holders")
    stray = Account.objects.filter(status="inactive", assignments__ends_at=None, assignments__isnull=False)
    check(not stray.exists(), f"inactive, but held: {list(stray)[:3]}")
    seal_entries(now=timezone.now())
    check(not list(faults()), "the ledger is broken")


if __name__ == "__main__":
    run(fault)
