"""Registration of a PKWT that no renewal made, within three working days of its signing (SDM-7; PP 35/2021 art. 14)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.documents.attachments import attachments_of
from occ.errors import Invalid, NotAllowed, WrongState
from occ.obligations.models import Obligation
from occ.people.choices import Role
from occ.people.models import User
from sdm.contracts.policies import REGISTER
from sdm.models import Employment
from sdm.services import placements
from sdm.services.contract_registration import employment_register
from sdm.services.employments import Terms, employment_extend
from sdm.views import contracts
from tests.factories import DAY, NOW, Floor, user
from tests.sdm.conftest import Hire
from tests.sdm.contracts import elsewhere, upload, wib

pytestmark = pytest.mark.req("SDM-7")


def owed() -> Any:
    return Obligation.objects.open().filter(rule=REGISTER)


@pytest.mark.parametrize(
    ("signed", "starts", "due"),
    [
        (date(2026, 11, 18), date(2026, 12, 1), wib(2026, 11, 24, 0)),  # Wednesday: Thursday, Friday, Monday
        (None, date(2026, 12, 1), wib(2026, 11, 26, 0)),  # signed no later than recorded, Friday
        (None, date(2026, 11, 2), wib(2026, 11, 6, 0)),  # nor than it began: late already
    ],
)
def test_a_first_pkwt_is_registered_in_time(hire: Hire, signed: date | None, starts: date, due: Any) -> None:
    one = hire(joined_on=starts, contract=Terms("pkwt", starts, date(2027, 10, 31), "PKWT/1", signed_on=signed))
    duty = owed().get()
    assert (duty.subject, duty.due_at, duty.breached_at is not None) == (one.employments.get(), due, due < NOW)


def test_what_was_signed_long_ago_or_has_no_end_is_not_owed(hire: Hire, hr: User) -> None:
    one = hire(contract=Terms("pkwt", date(2025, 1, 1), DAY + timedelta(days=9)))
    hire(joined_on=DAY, contract=Terms("pkwtt", DAY, None))
    assert not owed().exists()
    until = DAY + timedelta(days=99)
    made = employment_extend(employment_id=one.employments.get().pk, agreed_until=until, actor=hr, now=NOW)
    assert owed().get().subject == made  # extended by hand, without a renewal that would be registered


def test_hr_of_the_site_registers_it_once_and_with_its_number(floor: Floor, hire: Hire, hr: User) -> None:
    one = hire(joined_on=DAY, contract=Terms("pkwt", DAY, date(2027, 10, 31), signed_on=DAY - timedelta(days=1)))
    placements.person_transfer(
        person_id=one.pk, on=DAY + timedelta(days=1), site=floor.ygy, position="Agent", team=None, leader=None,
        actor=hr, now=NOW,
    )  # fmt: skip
    placements.placements_take_effect(now=NOW + timedelta(days=1))
    assert owed().get().site == floor.ygy
    pk, later = one.employments.get().pk, NOW + timedelta(days=1)
    given: dict[str, Any] = {"registered_on": DAY, "registration": "WLKP-1"}
    for actor in (user(Role.HR_PAYROLL), elsewhere(Role.HR_RELATIONS, floor.jkt)):
        with pytest.raises(NotAllowed):
            employment_register(employment_id=pk, actor=actor, now=later, **given)
    for wrong in ({"registration": " "}, {"registered_on": DAY - timedelta(days=2)},
                  {"registered_on": DAY + timedelta(days=2)}):  # fmt: skip
        with pytest.raises(Invalid):
            employment_register(employment_id=pk, actor=hr, now=later, **given | wrong)
    made = employment_register(employment_id=pk, actor=elsewhere(Role.HR_RELATIONS, floor.ygy), now=later, **given)
    assert (made.registered_on, made.registration, owed().exists()) == (DAY, "WLKP-1", False)
    with pytest.raises(WrongState):
        employment_register(employment_id=pk, actor=hr, now=later, **given)


def test_who_was_late_where_somebody_left_reads_of_it_as_it_was_there(floor: Floor, hire: Hire, hr: User) -> None:
    one = hire(joined_on=date(2026, 11, 2), contract=Terms("pkwt", date(2026, 11, 2), date(2027, 10, 31)))
    placements.person_transfer(
        person_id=one.pk, on=DAY, site=floor.ygy, position="Agent", team=None, leader=None, actor=hr, now=NOW
    )
    left, here = elsewhere(Role.HR_RELATIONS, floor.jkt), elsewhere(Role.HR_RELATIONS, floor.ygy)
    urls = dict(Obligation.objects.open().filter(rule__startswith=REGISTER).values_list("site__code", "url"))
    for who, code in ((left, "JKT"), (here, "YGY")):
        client = Client()
        client.force_login(who)
        assert client.get(urls[code]).status_code == 200
    placements.person_transfer(
        person_id=one.pk, on=DAY + timedelta(days=1), site=floor.jkt, position="Agent", team=None, leader=None,
        actor=hr, now=NOW + timedelta(days=1),
    )  # fmt: skip
    assert Obligation.objects.open().get(rule__startswith=REGISTER).url == one.get_absolute_url()


def test_the_page_registers_it(hire: Hire, hr: User) -> None:
    today = timezone.localdate()
    one = hire(joined_on=today, contract=Terms("pkwt", today, today + timedelta(days=300)))
    client, url = Client(), reverse("sdm:employment_register", args=[Employment.objects.get().pk])
    client.force_login(hr)
    assert url in client.get(one.get_absolute_url()).content.decode()
    assert client.post(url, {"registered_on": "besok", "registration": ""}).status_code == 422
    given: dict[str, Any] = {"registered_on": today.isoformat(), "registration": "WLKP-77"}
    assert client.post(url, given | {"file": upload(name="bukti.pdf")}).status_code == 302
    page = client.get(one.get_absolute_url()).content.decode()
    assert "WLKP-77" in page and url not in page
    kept = attachments_of(Employment.objects.get()).get()
    assert kept.get_absolute_url() in page and Obligation.objects.get(rule=REGISTER).evidence["name"] == "bukti.pdf"
    columns = dict(zip([column.label for column in contracts.columns()], contracts.line(Employment.objects.get()),
                       strict=True))  # fmt: skip
    assert columns["Nomor pencatatan"] == "WLKP-77"


def test_the_api_registers_it_and_says_so(hire: Hire, hr: User) -> None:
    today = timezone.localdate()
    one = hire(joined_on=today, contract=Terms("pkwt", today, today + timedelta(days=300)))
    client, url = Client(), f"/api/v1/sdm/contracts/{one.employments.get().pk}/register/"
    client.force_login(hr)
    assert client.post(url, {"registration": "WLKP-1"}).status_code == 400
    given = {"registered_on": today.isoformat(), "registration": "WLKP-1"}
    assert client.post(url, given | {"file": upload()}).json()["registration"] == "WLKP-1"
    assert client.post(url, given).status_code == 409
    (said,) = client.get("/api/v1/sdm/contracts/").json()["results"]
    assert (said["registered_on"], said["registration"]) == (today.isoformat(), "WLKP-1")
