"""Pages, files and API of the monthly evaluation (SDM-6)."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook

from occ.jobs.models import Job
from occ.jobs.services import job_run, job_start
from occ.notifications.endings import endings
from occ.people.choices import Role
from occ.people.models import User
from occ.search import search
from sdm.models import Evaluation, EvaluationPeriod, EvaluationSheet, IncentiveScheme, PayrollLine, PayrollRun
from sdm.services import evaluation_periods, evaluations, payroll
from sdm.services.evaluation_amounts import Decided
from sdm.services.incentive_schemes import scheme_draft
from tests.factories import PASSWORD, Floor, person, user
from tests.sdm.evaluating import (
    OVER,
    TERMS,
    Told,
    log_in_of,
    opened,
    payroll_user,
    proof_of,
    quality,
    rp,
    scheme,
    told,
)

__all__ = ["told"]
pytestmark = pytest.mark.req("SDM-6")


def at(name: str, *args: Any) -> str:
    return reverse(f"sdm:{name}", args=args)


def as_(client: Client, who: User, language: str = "en") -> Client:
    client.force_login(who)
    client.cookies["django_language"] = language
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_superior_scores_on_the_page(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    as_(client, floor.leader)
    url = at("evaluation", month.of(floor.agent).pk)
    shown = text(client.get(url))
    assert "90 (86.5–93)" in shown and "not known" in shown and "Rp" not in shown
    step = at("evaluation_step", month.of(floor.agent).pk, "score")
    refused = client.post(step, {"judged.attitude": "101", "remarks": "tetap"})
    assert refused.status_code == 422 and "tetap" in text(refused)
    assert client.post(step, {"judged.attitude": "80", "remarks": "Baik"}).status_code == 302
    assert "79.06" in text(client.get(url))
    assert client.post(step, {"judged.attitude": "80"}).status_code == 409


def test_the_report_is_made_in_the_background(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    as_(client, quality())
    step = at("evaluation_period_step", month.period.pk, "compile")
    assert client.post(step).status_code == 409  # not all is verified
    month.score_all()
    answer = client.post(step)
    job = Job.objects.get()
    assert answer.status_code == 302 and str(job.pk) in answer["Location"]
    assert job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.url) == ("done", month.period.get_absolute_url())
    assert month.fresh().status == "reported"


def test_the_manager_approves_with_the_password(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    month.to("reported")
    as_(client, floor.manager)
    shown = text(client.get(month.period.get_absolute_url()))
    assert "Rp 600,000" in shown and month.fresh().list_sha256 in shown
    step = at("evaluation_period_step", month.period.pk, "approve")
    given = {"seen": month.fresh().list_sha256, "password": "salah"}
    assert client.post(step, given).status_code == 422
    assert client.post(step, given | {"password": PASSWORD}).status_code == 302
    assert month.fresh().status == "approved"


def test_the_own_is_read_signed_and_taken_along(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    month.to("distributed")
    found, own = month.of(floor.agent), log_in_of(floor.agent)
    as_(client, own)
    shown = text(client.get(at("evaluation", found.pk)))
    assert "Rp 300,000" in shown and "79.06" in shown
    assert client.get(at("evaluation_pdf", found.pk)).status_code == 404
    step = at("evaluation_step", found.pk, "sign")
    given = {"seen": found.told_number, "reply": "Siap", "password": "salah"}
    assert client.post(step, given).status_code == 422
    assert client.post(step, given | {"password": PASSWORD}).status_code == 302
    pdf = client.get(at("evaluation_pdf", found.pk))
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    other = month.period.evaluations.exclude(person=floor.agent).get()
    assert client.get(at("evaluation", other.pk)).status_code == 404
    assert client.get(at("payroll_runs")).status_code == 403
    as_(client, floor.leader)
    seen = text(client.get(at("evaluation", found.pk)))
    assert "79.06" in seen and "300,000" not in seen  # a superior reads the result, not what is paid
    assert client.get(at("evaluation_pdf", found.pk)).status_code == 403


def test_a_month_counts_who_is_to_sign_and_who_did_not_by_the_names_of_the_states(
    floor: Floor, told: Told, client: Client
) -> None:
    month, own = opened(floor, told), log_in_of(floor.agent)
    month.to("distributed")
    found = month.of(floor.agent)
    (asked,) = own.notifications.filter(kind="sdm.evaluation.told")
    assert not endings([asked])
    evaluations.evaluation_witness(evaluation_id=found.pk, note="Tidak masuk", actor=floor.leader,
                                   now=OVER + timedelta(days=1))  # fmt: skip
    as_(client, floor.manager)
    context = client.get(at("evaluation_period", month.period.pk)).context
    counted = {one["code"]: one["n"] for one in context["states"]}
    assert sum(one.unsigned for one in context["sheets"]) == counted.get("told", 0)
    assert sum(one.witnessed for one in context["sheets"]) == counted["witnessed"] == 1
    assert endings([asked])[asked.pk].how == "done"


def test_payroll_takes_the_run_along_and_twice_is_once(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    month.to("validated")
    as_(client, payroll_user())
    assert client.post(at("payroll_make", month.period.pk)).status_code == 302
    again = client.post(at("payroll_make", month.period.pk), follow=True)
    run = PayrollRun.objects.get()
    assert "exported already: run INS/JKT/2026-11/1" in text(again)
    found = list(csv.reader(io.StringIO(text(client.get(at("payroll_file", run.pk, "csv"))))))
    assert len(found) == 3 and found[1][1] in {floor.agent.number, found[2][1]}
    assert {row[10] for row in found[1:]} == {"300000"}
    book = load_workbook(io.BytesIO(client.get(at("payroll_file", run.pk, "xlsx")).content))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert sorted(str(row[1]) for row in rows[1:]) == sorted(row[1] for row in found[1:])
    assert [row[10] for row in rows[1:]] == [300000, 300000]
    assert client.get(at("payroll_file", run.pk, "pdf")).status_code == 404
    assert text(client.get(run.get_absolute_url())).count("Rp 300,000") == 2
    paid = client.post(at("evaluation_period_step", month.period.pk, "pay"), {"text": "Transfer 5 Des"})
    assert paid.status_code == 302 and month.fresh().status == "paid"


def rows_of(prefix: str, rows: list[dict[str, Any]], initial: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for n, row in enumerate(rows):
        found |= {f"{prefix}-{n}-{name}": value for name, value in row.items()}
    return found


def form_of(floor: Floor, **change: Any) -> dict[str, Any]:
    today = timezone.localdate()
    given: dict[str, Any] = {"site": floor.jkt.pk, "name": "Desember", "starts_on": f"{today:%Y-%m}", "step": 1000,
                             "cap": "1000000", "reason": "Rapat"}  # fmt: skip
    for part in ("amounts", "bands", "demands"):
        given |= rows_of(part, TERMS[part])
    return given | change


def test_payroll_drafts_a_scheme_and_a_manager_publishes_it(floor: Floor, client: Client) -> None:
    as_(client, payroll_user())
    refused = client.post(at("incentive_scheme_new"), form_of(floor, cap="1500"))
    assert refused.status_code == 422 and "multiple" in text(refused)
    assert client.post(at("incentive_scheme_new"), form_of(floor)).status_code == 302
    made = IncentiveScheme.objects.get()
    assert made.terms == TERMS
    assert "Rp 500,000" in text(client.get(made.get_absolute_url()))
    assert 'value="500000"' in text(client.get(at("incentive_scheme_edit", made.pk)))
    assert client.post(at("incentive_scheme_edit", made.pk), form_of(floor, name="Lain")).status_code == 302
    step = at("incentive_scheme_step", made.pk, "publish")
    assert client.post(step).status_code == 403
    as_(client, floor.manager)
    made.refresh_from_db()
    assert client.post(step, {"seen": made.drafted_at.isoformat()}).status_code == 302
    made.refresh_from_db()
    assert (made.status, made.name) == ("published", "Lain")


def test_a_scheme_is_tried_on_a_month(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    month.to("reported")
    draft = scheme_draft(
        site=floor.jkt, name="Usul", starts_on=OVER.date(), reason="x", actor=payroll_user(), now=OVER,
        terms=TERMS | {"bands": [{"basis": "total", "least": "0", "percent": "100"}]},
    )  # fmt: skip
    as_(client, floor.manager)
    shown = text(client.get(draft.get_absolute_url() + f"?month={month.period.pk}"))
    assert "Together Rp 600,000 then, Rp 1,000,000 by this scheme: +Rp 400,000." in shown
    assert shown.count("+Rp 200,000") == 2


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("evaluations", "quality"), ("evaluation_periods", "quality"), ("incentive_schemes", "pay"),
        ("payroll_runs", "pay"),
    ],
)  # fmt: skip
def test_lists_ask_as_much_for_many_as_for_one(floor: Floor, told: Told, client: Client, name: str, who: str) -> None:
    month = opened(floor, told)
    month.to("paid")
    reader = quality() if who == "quality" else payroll_user()
    as_(client, reader)
    client.get(at(name))

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(at(name) + "?clear=", follow=True).status_code == 200
        return len(queries)

    few = asked()
    for _n in range(3):
        person(floor.jkt, team=floor.team)
        scheme_draft(
            site=floor.jkt, name="x", starts_on=OVER.date(), terms=TERMS, reason="x", actor=payroll_user(), now=OVER
        )
    if name == "evaluations":
        sheet = EvaluationSheet.objects.get()
        for one in floor.jkt.people.exclude(pk__in=Evaluation.objects.values("person")):
            Evaluation.objects.create(
                period=month.period, sheet=sheet, month=month.period.month, site=floor.jkt, person=one, position="Agent"
            )
    assert asked() == few <= 16


def test_in_both_languages_every_page_opens(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    month.to("paid")
    run = PayrollRun.objects.get()
    for language in ("id", "en"):
        as_(client, payroll_user(), language)
        for url in (
            at("evaluations"), at("evaluation", month.of(floor.agent).pk), at("evaluation_periods"),
            month.period.get_absolute_url(), at("incentive_schemes"), month.period.scheme.get_absolute_url(),
            at("incentive_scheme_new") + f"?like={month.period.scheme_id}", at("payroll_runs"), run.get_absolute_url(),
            reverse("sdm:person", args=[floor.agent.pk]),
        ):  # fmt: skip
            assert client.get(url).status_code == 200, url


def test_found_by_search_by_who_may(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    with translation.override("en"):
        found = [one.url for group in search(quality(), floor.agent.name) for one in group.results]
        assert month.of(floor.agent).get_absolute_url() in found
        hidden = [one.url for group in search(log_in_of(floor.agent), floor.agent.name) for one in group.results]
        assert month.of(floor.agent).get_absolute_url() not in hidden


API = "/api/v1/sdm/"


def test_api_scores_and_tells_each_what_may_be_told(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    as_(client, floor.leader)
    url = f"{API}evaluations/{month.of(floor.agent).pk}/score/"
    assert client.post(url, {"judged": {"judged.attitude": "101"}}, "application/json").status_code == 400
    assert client.post(url, {"judged": {}}, "application/json").status_code == 422
    made = client.post(url, {"judged": {"judged.attitude": "80"}, "remarks": "Baik"}, "application/json")
    assert made.status_code == 201 and made.json()["total"] == "79.06" and "amount" not in made.json()
    assert client.post(url, {"judged": {"judged.attitude": "80"}}, "application/json").status_code == 409
    own = log_in_of(floor.agent)
    as_(client, own)
    assert client.get(f"{API}evaluations/").json()["results"] == []
    assert client.post(url, {"judged": {}}, "application/json").status_code == 404
    month.verify(floor.agent)
    month.to("distributed")
    as_(client, own)
    (row,) = client.get(f"{API}evaluations/?month=2026-11-15").json()["results"]
    assert (row["employee"], row["amount"], row["status"]) == (floor.agent.number, "300000", "told")
    as_(client, user(Role.CLIENT))
    for name in ("evaluations", "evaluation-months", "incentive-schemes", "payroll-runs"):
        assert client.get(f"{API}{name}/").status_code == 403


def test_api_makes_a_payroll_run_once(floor: Floor, told: Told, client: Client) -> None:
    month = opened(floor, told)
    month.to("validated")
    as_(client, payroll_user())
    body = {"month": month.period.pk}
    first = client.post(f"{API}payroll-runs/", body, "application/json")
    again = client.post(f"{API}payroll-runs/", body, "application/json")
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    found = client.get(f"{API}payroll-runs/{first.json()['id']}/").json()
    assert [one["amount"] for one in found["lines"]] == ["300000", "300000"]
    assert client.post(f"{API}payroll-runs/", {"month": 999_999}, "application/json").status_code == 422
    (period,) = client.get(f"{API}evaluation-months/?site=JKT").json()["results"]
    assert period["status"] == "validated"
    (scheme,) = client.get(f"{API}incentive-schemes/").json()["results"]
    assert scheme["terms"] == TERMS
    assert payroll.paid_of([one.pk for one in month.period.evaluations.all()]) == {
        one.pk: (rp(300_000), 1) for one in month.period.evaluations.all()
    }


def test_the_list_is_exported_without_what_is_paid(floor: Floor, told: Told) -> None:
    month = opened(floor, told)
    month.to("reported")
    with translation.override("en"):
        job = job_start(kind="sdm.evaluations", params={"query": ""}, owner=quality(), now=timezone.now())
    assert job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    with storages["default"].open(job.output_file) as file:
        rows = list(load_workbook(io.BytesIO(file.read())).worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 3 and float(str(rows[1][7])) == 79.06
    assert not any("300000" in str(cell) for row in rows for cell in row)


def test_a_month_is_opened_on_the_page(floor: Floor, told: Told, client: Client) -> None:
    as_(client, quality())
    assert client.get(at("evaluation_period_new")).status_code == 200
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    given = {"site": floor.jkt.pk, "month": f"{last:%Y-%m}"}
    refused = client.post(at("evaluation_period_new"), given)
    assert refused.status_code == 422 and "scheme" in text(refused)
    assert client.post(at("evaluation_period_new"), given | {"month": "kemarin"}).status_code == 422
    assert not EvaluationPeriod.objects.exists()


def test_what_is_not_known_is_decided_about_and_not_paid_as_nothing(floor: Floor, told: Told, client: Client) -> None:
    bands = [{"basis": "realtime.login_accuracy", "least": "50", "percent": "80"},
             {"basis": "coaching.qm", "least": "0", "percent": "20"}]  # fmt: skip
    scheme(floor, terms=TERMS | {"bands": bands, "demands": []})
    month = opened(floor, told, people=3)
    told.say("realtime.login_accuracy", floor.agent, 99.0)
    month.to("reported")
    waits, by_hand = month.period.evaluations.exclude(person=floor.agent).order_by("pk")
    assert (month.of(floor.agent).amount, waits.amount, by_hand.amount) == (rp(500_000), None, None)
    as_(client, floor.manager)
    page = text(client.get(month.period.get_absolute_url()))
    assert page.count("only 20 % of what the scheme pays by is known; not known: Login accuracy") >= 2
    step = at("evaluation_period_step", month.period.pk, "approve")
    given = {"seen": month.fresh().list_sha256, "password": PASSWORD, f"decision_{waits.pk}": "wait",
             f"decision_{by_hand.pk}": "hand", f"amount_{by_hand.pk}": "250000"}  # fmt: skip
    for wrong in (f"decision_{waits.pk}", f"amount_{by_hand.pk}"):
        assert client.post(step, {name: one for name, one in given.items() if name != wrong}).status_code == 422
    assert client.post(step, given).status_code == 422  # no reason
    too_much = {f"reason_{by_hand.pk}": "Rata-rata tiga bulan", f"amount_{by_hand.pk}": "1000001"}
    assert client.post(step, given | too_much).status_code == 422  # above the scheme's cap
    assert month.fresh().status == "reported"
    assert client.post(step, given | {f"reason_{by_hand.pk}": "Rata-rata tiga bulan"}).status_code == 302
    month.distribute()
    month.validate()
    run, _made = payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=max(OVER, timezone.now()))
    assert sorted(one.amount for one in run.lines.all()) == [rp(250_000), rp(500_000)]
    with translation.override("en"):
        rows = {
            row["Employee number"]: row for row in csv.DictReader(io.StringIO(payroll.run_csv(run).lstrip("\ufeff")))
        }
    none = rows[waits.person.number]
    assert (none["To pay now (Rp)"], none["Remark"][:20]) == ("", "no amount, waits: on")
    assert rows[by_hand.person.number]["Remark"] == "set by hand: Rata-rata tiga bulan"
    shown = text(as_(client, payroll_user()).get(run.get_absolute_url()))
    assert "No amount: nothing is paid yet" in shown and waits.person.name in shown
    with pytest.raises(IntegrityError), transaction.atomic():  # the database neither pays what waits as nothing
        PayrollLine.objects.create(
            run=run, evaluation=waits, result=waits.results.get(), before=rp(0), amount=rp(0)
        )  # fmt: skip
    month.reopen()  # once it is known, a correction brings the amount
    told.say("realtime.login_accuracy", waits.person, 99.0)
    month.compile()
    evaluation_periods.period_approve(
        period_id=month.period.pk, seen=month.fresh().list_sha256, proof=proof_of(floor.manager), actor=floor.manager,
        decisions={by_hand.pk: Decided(rp(250_000), "Rata-rata tiga bulan")}, now=OVER,
    )  # fmt: skip
    month.distribute()
    month.validate()
    second, _made = payroll.payroll_run(period_id=month.period.pk, actor=payroll_user(), now=OVER)
    assert [(one.evaluation, one.amount) for one in second.lines.all()] == [(waits, rp(500_000))]
