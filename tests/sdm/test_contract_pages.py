"""Pages, exports and API of contracts (SDM-7, SDM-11): who sees what, how many queries, the same rules everywhere."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from occ.api.authentication import token_create
from occ.api.idempotency import answers_clear
from occ.api.models import ApiToken, IdempotentAnswer
from occ.documents.models import IssuedDocument
from occ.encryption import decrypt
from occ.jobs.models import State
from occ.jobs.services import job_run, job_start
from occ.people.choices import Role
from occ.people.models import User
from sdm.contracts.choices import RenewalStatus
from sdm.models import Compensation, Employment, Renewal, Wage
from sdm.services import contract_renewals, contract_wages
from sdm.services.contract_reports import calendar_of, month_read
from sdm.services.employments import Terms
from tests.factories import Floor, user
from tests.sdm.conftest import Hire
from tests.sdm.contracts import elsewhere, needs, upload

pytestmark = pytest.mark.req("SDM-7")
API = "/api/v1/sdm/"


@pytest.fixture
def today() -> date:
    return timezone.localdate()


@pytest.fixture
def renewal(hire: Hire, today: date) -> Renewal:
    hire(joined_on=today - timedelta(days=300), contract=Terms("pkwt", today - timedelta(days=300),
                                                               today + timedelta(days=60), "PKWT/0001"))  # fmt: skip
    contract_renewals.renewals_open(now=timezone.now())
    return Renewal.objects.get()


@pytest.fixture
def row(hire: Hire, today: date) -> Compensation:
    first = today - timedelta(days=360)
    employee = hire(joined_on=first, contract=Terms("pkwt", first, today + timedelta(days=5)))
    contract_wages.compensations_keep(now=timezone.now())
    wage(employee.pk, 5_123_456, first)
    return Compensation.objects.get()


def wage(person_id: int, amount: int, since: date) -> None:
    contract_wages.wage_record(
        person_id=person_id, starts_on=since, amount=Decimal(amount), actor=user(Role.HR_PAYROLL), now=timezone.now()
    )


def client(actor: User) -> Client:
    made = Client()
    made.force_login(actor)
    return made


def api(actor: User) -> Client:
    token = token_create(name=f"{actor}-{ApiToken.objects.count()}", user=actor, now=timezone.now())
    return Client(headers={"Authorization": f"Token {token}"}, raise_request_exception=False)


def post(actor: User, path: str, data: Any, **headers: str) -> Any:
    return api(actor).post(API + path, json.dumps(data), content_type="application/json", headers=headers)


def exported(kind: str, actor: User, query: str = "") -> list[tuple[Any, ...]]:
    job = job_start(kind=kind, params={"query": query}, owner=actor, now=timezone.now())
    job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    with storages["default"].open(job.output_file) as file:
        book = load_workbook(io.BytesIO(file.read()))
    return list(book.worksheets[0].iter_rows(values_only=True))


# Pages ---------------------------------------------------------------------------------------------------------------


def test_the_way_of_a_renewal_by_its_page(floor: Floor, renewal: Renewal, today: date) -> None:
    by: dict[str, User] = {"propose": floor.coordinator, "verify": user(Role.HEAD_MANAGER), "check": user(
        Role.HR_PAYROLL), "submit": floor.manager}  # fmt: skip
    hr = user(Role.HR_RELATIONS)
    for name in ("propose", "verify", "submit", "check", "make", "distribute", "sign", "register", "close"):
        actor = client(by.get(name, hr))
        page = actor.get(renewal.get_absolute_url())
        assert reverse("sdm:renewal_step", args=[renewal.pk, name]) in page.content.decode()
        given = needs(name, timezone.now())
        if name == "propose":
            given["agreed_until"] = (renewal.ends_on + timedelta(days=300)).isoformat()
        if name in {"make", "close"}:
            given["language"] = "id"
        given = {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items()}
        answer = actor.post(reverse("sdm:renewal_step", args=[renewal.pk, name]), given)
        assert answer.status_code == 302, (name, answer.content.decode()[-3000:])
    renewal.refresh_from_db()
    assert renewal.status == RenewalStatus.CLOSED
    page = client(hr).get(renewal.get_absolute_url()).content.decode()
    for document in IssuedDocument.objects.all():
        assert document.full_number in page


def test_a_refused_proposal_says_until_when(floor: Floor, renewal: Renewal) -> None:
    url = reverse("sdm:renewal_step", args=[renewal.pk, "propose"])
    answer = client(floor.coordinator).post(url, {"agreed_until": "2099-01-01", "reason": "x"})
    assert answer.status_code == 422
    assert "PP 35/2021" in answer.content.decode()
    renewal.refresh_from_db()
    assert renewal.status == RenewalStatus.REMINDED


def test_the_person_s_page_shows_the_chain_and_what_is_left(floor: Floor, renewal: Renewal) -> None:
    url = reverse("sdm:person", args=[renewal.person_id])
    page = client(floor.coordinator).get(url).content.decode()
    assert "PP 35/2021" in page
    assert renewal.get_absolute_url() in page
    other = client(floor.leader).get(url).content.decode()
    assert "PP 35/2021" not in other
    assert renewal.get_absolute_url() not in other


def test_the_calendar_counts_and_leads_to_the_rows(floor: Floor, renewal: Renewal, hire: Hire, today: date) -> None:
    first = today - timedelta(days=30)
    hire(joined_on=first, contract=Terms("pkwt", first, today + timedelta(days=400)))
    hire(joined_on=first, contract=Terms("pkwt", first, today), site=floor.ygy)
    hire(joined_on=first, contract=Terms("pkwtt", first, None))
    months, found = calendar_of(user(Role.HR_RELATIONS), today)
    assert len(months) == 12
    assert {site.code: sum(counts.values()) for site, counts in found} == {"JKT": 1, "YGY": 1}
    assert [site.code for site, _counts in calendar_of(floor.coordinator, today)[1]] == ["JKT"]
    asker = client(floor.coordinator)
    page = asker.get(reverse("sdm:contract_calendar"))
    url = next(one["url"] for one in page.context["lines"] if one["total"])
    assert [one.pk for one in asker.get(url).context["page"].rows] == [renewal.employment_id]


def test_the_report_of_a_month_is_issued_and_then_revised(floor: Floor, renewal: Renewal, hr: User) -> None:
    given = {"site": floor.jkt.pk, "month": f"{renewal.ends_on:%Y-%m}", "language": "id"}
    for revision in (0, 1):
        assert client(hr).post(reverse("sdm:contract_report"), given).status_code == 302
        document = IssuedDocument.objects.get(type_code="EXPC", status="valid")
        assert document.revision == revision
        assert renewal.person.number in str(document.data)
    assert client(hr).post(reverse("sdm:contract_report"), given | {"month": "2026-13"}).status_code == 422


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "0000-01", "2026-1", "١٢٣٤-٠١", "9999-01", "x-y"])
def test_what_is_no_month(text: str) -> None:
    assert month_read(text) is None


def test_amounts_are_for_payroll_and_hr_only(floor: Floor, row: Compensation) -> None:
    shown = ("5.123.456", "5,123,456", "5123456")
    for role, sees in ((Role.HR_PAYROLL, True), (Role.HR_RELATIONS, True), (Role.AUDITOR, False)):
        asker = client(user(role))
        for url in (reverse("sdm:compensations"), row.get_absolute_url()):
            page = asker.get(url)
            assert page.status_code == 200
            assert any(one in page.content.decode() for one in shown) is (sees and url == row.get_absolute_url())
        wages = asker.get(reverse("sdm:wages", args=[row.person_id]))
        assert wages.status_code == (200 if sees else 404)
    assert client(floor.coordinator).get(row.get_absolute_url()).status_code == 404
    assert client(elsewhere(Role.HR_PAYROLL, floor.ygy)).get(row.get_absolute_url()).status_code == 404


def test_paying_by_the_page(row: Compensation, today: date) -> None:
    url = reverse("sdm:compensation_step", args=[row.pk, "pay"])
    asker = client(user(Role.HR_PAYROLL))
    assert asker.post(url, {"paid_on": today.isoformat()}).status_code == 422  # nothing that shows it
    assert asker.post(url, {"paid_on": today.isoformat(), "text": "TRF-9"}).status_code == 302
    row.refresh_from_db()
    assert row.status == "paid"


def test_a_wage_by_the_page(row: Compensation, today: date) -> None:
    url, asker = reverse("sdm:wages", args=[row.person_id]), client(user(Role.HR_PAYROLL))
    for amount, status in (("5.000.000", 422), ("abc", 422), ("5000000", 302)):
        answer = asker.post(url, {"starts_on": today.isoformat(), "amount": amount})
        assert answer.status_code == status, amount
    assert Wage.objects.get(starts_on=today).rupiah == 5_000_000
    assert client(user(Role.HR_RELATIONS)).post(url, {"starts_on": today.isoformat(), "amount": "1"}).status_code == 403


def test_how_many_queries_a_list_asks(floor: Floor, hire: Hire, today: date, row: Compensation) -> None:
    payroll = client(user(Role.HR_PAYROLL))
    names = ("contracts", "renewals", "compensations")

    def asked(name: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert payroll.get(reverse(f"sdm:{name}")).status_code == 200
        return len(counted)

    few = {name: (asked(name), asked(name))[1] for name in names}
    first = today - timedelta(days=200)
    for _one in range(8):
        made = hire(joined_on=first, contract=Terms("pkwt", first, today + timedelta(days=6)))
        wage(made.pk, 4_000_000, first)
    contract_renewals.renewals_open(now=timezone.now())
    contract_wages.compensations_keep(now=timezone.now())
    assert {name: asked(name) for name in names} == few
    assert max(few.values()) < 16


# Exports -------------------------------------------------------------------------------------------------------------


def test_contracts_and_renewals_as_spreadsheets(floor: Floor, renewal: Renewal) -> None:
    assert [line[5] for line in exported("sdm.contracts", floor.coordinator)][1:] == ["PKWT/0001"]
    assert [line[0] for line in exported("sdm.renewals", floor.coordinator)][1:] == [renewal.person.number]
    assert exported("sdm.contracts", elsewhere(Role.COORDINATOR, floor.ygy))[1:] == []


def test_payroll_s_file_says_the_same_each_time(row: Compensation) -> None:
    payroll = user(Role.HR_PAYROLL)
    once, again = exported("sdm.compensations", payroll), exported("sdm.compensations", payroll)
    assert once == again
    assert once[1][0] == row.reference
    assert (once[1][8], once[1][9]) == (5_123_456, contract_wages.amount_of(row))


# API -----------------------------------------------------------------------------------------------------------------


@pytest.mark.req("SDM-11")
def test_hr_s_system_pushes_contracts_without_harm(hire: Hire, renewal: Renewal) -> None:
    hr, number = user(Role.HR_RELATIONS), renewal.person.number
    begins = renewal.ends_on + timedelta(days=1)
    given = {"employee": number, "kind": "pkwt", "number": "PKWT/2", "starts_on": begins.isoformat(),
             "agreed_until": (begins + timedelta(days=200)).isoformat()}  # fmt: skip
    first = post(hr, "contracts/", given)
    assert first.status_code == 201, first.content
    assert first.json()["extends"] == renewal.employment_id
    again = post(hr, "contracts/", given)
    assert (again.status_code, again.json()) == (200, first.json())
    assert Employment.objects.filter(employee=renewal.employment.employee).count() == 2
    renewal.refresh_from_db()
    assert renewal.status == RenewalStatus.WITHDRAWN
    rows = api(hr).get(f"{API}contracts/?employee={number}&kind=pkwt").json()["results"]
    assert [one["number"] for one in rows] == ["PKWT/0001", "PKWT/2"]


@pytest.mark.parametrize(("change", "code", "field"), [
    ({"agreed_until": "2099-01-01"}, "pkwt_limit", "agreed_until"),
    ({"probation_months": 2}, "pkwt_probation", "probation_months"),
    ({"agreed_until": None}, "pkwt_without_end", "agreed_until"),
    ({"employee": "tidak-ada"}, "unknown_employee", "employee"),
])  # fmt: skip
@pytest.mark.req("SDM-11")
def test_the_law_holds_for_machines_too(renewal: Renewal, change: dict[str, Any], code: str, field: str) -> None:
    begins = renewal.ends_on + timedelta(days=1)
    given = {"employee": renewal.person.number, "kind": "pkwt", "starts_on": begins.isoformat(),
             "agreed_until": (begins + timedelta(days=20)).isoformat()}  # fmt: skip
    answer = post(user(Role.HR_RELATIONS), "contracts/", given | change)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)


@pytest.mark.req("SDM-11")
def test_an_employee_pushed_or_put_is_held_to_the_law(floor: Floor, renewal: Renewal) -> None:
    url = f"{API}employees/{renewal.person.number}/"
    begins = renewal.ends_on + timedelta(days=1)
    contract = {"kind": "pkwt", "starts_on": begins.isoformat(), "agreed_until": "2099-01-01"}
    answer = api(user(Role.HR_RELATIONS)).put(url, json.dumps({"contract": contract}), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "pkwt_limit")


@pytest.mark.req("SDM-11")
def test_steps_by_the_api(floor: Floor, renewal: Renewal) -> None:
    path, until = f"renewals/{renewal.pk}/", (renewal.ends_on + timedelta(days=90)).isoformat()
    assert post(floor.coordinator, path + "propose/", {}).json()["field"] == "agreed_until"
    given = {"agreed_until": until, "reason": "Baik"}
    first = post(floor.coordinator, path + "propose/", given, **{"Idempotency-Key": "a"})
    assert (first.status_code, first.json()["status"]) == (200, "proposed")
    assert post(floor.coordinator, path + "propose/", given, **{"Idempotency-Key": "a"}).json() == first.json()
    assert post(floor.coordinator, path + "verify/", {}).status_code == 403
    assert post(floor.coordinator, path + "lapse/", {}).status_code == 404
    assert post(elsewhere(Role.COORDINATOR, floor.ygy), path + "submit/", {"memo": "1"}).status_code == 404
    for name, actor, body in (
        ("verify", user(Role.HEAD_MANAGER), {}), ("submit", floor.coordinator, {"memo": "M-1"}),
        ("check", user(Role.HR_PAYROLL), {}), ("make", user(Role.HR_RELATIONS), {"number": "P-2"}),
        ("distribute", user(Role.HR_RELATIONS), {}),
    ):  # fmt: skip
        answer = post(actor, f"{path}{name}/", body)
        assert answer.status_code == 200, (name, answer.content)
    day = timezone.localdate().isoformat()
    signed = api(user(Role.HR_RELATIONS)).post(f"{API}{path}sign/", {"signed_on": day, "file": upload()})
    assert (signed.status_code, signed.json()["status"]) == (200, "signed"), signed.content
    assert api(floor.coordinator).get(f"{API}{path}").json()["extension"] is not None


@pytest.mark.req("SDM-11")
def test_compensations_and_wages_by_the_api(row: Compensation) -> None:
    payroll, auditor = user(Role.HR_PAYROLL), user(Role.AUDITOR)
    seen = api(payroll).get(f"{API}compensations/").json()["results"][0]
    assert (seen["reference"], seen["wage"], seen["amount"]) == (
        row.reference, "5123456.00", str(contract_wages.amount_of(row))
    )  # fmt: skip
    assert {"wage", "amount"}.isdisjoint(api(auditor).get(f"{API}compensations/").json()["results"][0])
    given = {"employee": row.person.number, "starts_on": "2026-01-01", "amount": "6000000"}
    assert [post(payroll, "wages/", given).status_code for _one in range(2)] == [201, 200]
    assert post(payroll, "wages/", given | {"amount": "7"}).json()["code"] == "wage_differs"
    assert post(user(Role.HR_RELATIONS), "wages/", given).status_code == 403
    paid = post(payroll, f"compensations/{row.pk}/pay/", {"paid_on": timezone.localdate().isoformat(), "text": "T1"})
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")


def test_what_was_answered_is_kept_encrypted_and_not_for_ever(row: Compensation, today: date) -> None:
    payroll, path = user(Role.HR_PAYROLL), f"compensations/{row.pk}/pay/"
    given, key = {"paid_on": today.isoformat(), "text": "TRF-1"}, {"Idempotency-Key": "k1"}
    first = post(payroll, path, given, **key)
    row.refresh_from_db()
    assert (first.status_code, row.amount in first.content.decode()) == (200, True), first.content
    with connection.cursor() as cursor:
        cursor.execute("SELECT body, request_digest, row_to_json(a)::text FROM api_idempotentanswer a")
        (body, digest, whole), = cursor.fetchall()  # fmt: skip
    assert row.amount not in whole and json.loads(decrypt(body)) == first.json()
    asked = {"paid_on": given["paid_on"], "text": "TRF-1"}
    assert digest != hashlib.sha256(f"{API}{path}\n{asked}".encode()).hexdigest()
    assert post(payroll, path, given, **key).json() == first.json()  # the second time it would be refused
    assert post(payroll, path, given | {"text": "TRF-2"}, **key).status_code == 422
    at = IdempotentAnswer.objects.get().at
    assert answers_clear(now=at + timedelta(days=7)) == 0
    assert answers_clear(now=at + timedelta(days=7, seconds=1)) == 1
    assert post(payroll, path, given, **key).status_code == 409
