"""A month's evaluation of 1 000 people at one site: opened, scored, verified, compiled by the services; then its pages.

Target (SDM): p95 of any page under 100 ms. What key figures tell of a person is put in their place (a constant): how
long those take to reckon is measured where they are made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from _bench import Report, repeated, use_database

PEOPLE, TEAMS, TIMES = 1_000, 50, 25
STATIC = "django.contrib.staticfiles.storage.StaticFilesStorage"
KEYS = ("coaching.qm", "realtime.attendance", "realtime.login_accuracy", "realtime.adherence", "realtime.rotg")
MONTH, LONG_AGO = date(2026, 10, 1), datetime(2026, 1, 5, 3, tzinfo=UTC)
OVER = datetime(2026, 11, 1, 3, tzinfo=UTC)
TERMS: dict[str, Any] = {
    "amounts": [{"position": "Agent", "amount": "500000"}], "demands": [], "cap": "1000000", "step": "1000",
    "bands": [{"basis": "total", "least": "90", "percent": "100"}, {"basis": "total", "least": "75", "percent": "60"}],
}  # fmt: skip


def main() -> None:
    use_database("bench_month")
    from django.conf import settings
    from django.test import Client

    from sdm.models import Evaluation
    from sdm.services import evaluation_periods, evaluations

    settings.ALLOWED_HOSTS, settings.STORAGES["staticfiles"]["BACKEND"] = ["testserver"], STATIC
    site, users = fill()
    report = Report("people_month")
    period, took = timed(
        lambda: evaluation_periods.period_open(site=site, month=MONTH, actor=users["quality_assurance"], now=OVER)
    )
    report.add("a month opened", people=PEOPLE, seconds=took, ms_a_person=took * 1000 / PEOPLE)
    keys = list(Evaluation.objects.filter(period=period).order_by("pk").values_list("pk", flat=True))
    assert len(keys) == PEOPLE

    def score(pk: int) -> None:
        evaluations.evaluation_score(
            evaluation_id=pk, judged={"judged.attitude": "80"}, remarks="Baik", improvement="AHT",
            actor=users["coordinator"], now=OVER,
        )  # fmt: skip
        evaluations.evaluation_verify(evaluation_id=pk, actor=users["quality_assurance"], now=OVER)

    _none, took = timed(lambda: [score(pk) for pk in keys])
    report.add("all scored and verified, one by one", seconds=took, ms_a_person=took * 1000 / PEOPLE)
    actor = users["quality_assurance"]
    _none, took = timed(lambda: evaluation_periods.period_compile(period_id=period.pk, actor=actor, now=OVER))
    report.add("compiled", seconds=took, ms_a_person=took * 1000 / PEOPLE)
    worst = 0.0
    pages = (
        ("month", "quality_assurance", f"/sdm/evaluation-months/{period.pk}/"),
        ("months", "quality_assurance", "/sdm/evaluation-months/"),
        ("evaluations", "quality_assurance", "/sdm/evaluations/?sort=name"),
        ("one evaluation", "quality_assurance", f"/sdm/evaluations/{keys[500]}/"),
    )  # fmt: skip
    for name, who, url in pages:
        client = Client()
        client.force_login(users[who])
        assert client.get(url).status_code == 200, (name, url)
        median, p95 = repeated(TIMES, lambda url=url, client=client: client.get(url))
        worst = max(worst, p95)
        report.add(name, median_ms=median, p95_ms=p95, share_of_100_ms=p95 / 100)
    report.add("worst p95 as a share of 100 ms", ratio=worst / 100)
    report.write()


def timed(deed: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    found = deed()
    return found, time.perf_counter() - began


def fill() -> tuple[Any, dict[str, Any]]:
    from occ.figures.registry import FIGURES, Figure, Scope, Value
    from occ.people.actors import COMMAND
    from occ.people.models import Person, RoleAssignment, Site, Team, TeamMembership, User
    from occ.policies.services import install_defaults
    from sdm.services.employees import employees_take_up
    from sdm.services.incentive_schemes import scheme_draft, scheme_publish

    def constant(scope: Scope) -> Value:
        return Value(92.0, {"present": 20.0})

    install_defaults()
    for key in KEYS:
        known = FIGURES.get(key) or Figure(key, key, "points", "x", "MO 3.2", constant)
        FIGURES[key] = replace(known, provider=constant)
    site = Site.objects.create(code="JKT", name="Jakarta")
    users = {}
    for role in ("hr_payroll", "manager", "coordinator", "quality_assurance"):
        users[role] = User.objects.create_user(username=role, password="x" * 20)
        RoleAssignment.objects.create(user=users[role], role=role, site=site, starts_on=date(2020, 1, 1))
    teams = Team.objects.bulk_create(Team(site=site, code=f"T{n}", name=f"Tim {n}") for n in range(TEAMS))
    joined = date(2024, 1, 1)
    people = Person.objects.bulk_create(
        Person(number=f"N{n:05}", name=f"Agent {n:04}", site=site, position="Agent", joined_on=joined)
        for n in range(PEOPLE)
    )
    TeamMembership.objects.bulk_create(
        TeamMembership(person=one, team=teams[n % TEAMS], starts_on=joined) for n, one in enumerate(people)
    )
    employees_take_up(people=people, actor=COMMAND, now=LONG_AGO)
    made = scheme_draft(
        site=site, name="Insentif", starts_on=date(2026, 1, 1), terms=TERMS, reason="Uji", actor=users["hr_payroll"],
        now=LONG_AGO,
    )  # fmt: skip
    scheme_publish(scheme_id=made.pk, actor=users["manager"], now=LONG_AGO)
    return site, users


if __name__ == "__main__":
    main()
