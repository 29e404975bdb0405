"""What somebody tried against the logbook once, and what must hold against it ever after."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pypdf import PdfReader

from occ.errors import Invalid
from occ.people import lifecycle
from occ.people.choices import LeavingReason, Role
from occ.policies.services import policy_set
from tests import factories
from tests.factories import NOW, PASSWORD, Floor, pdf
from tests.userids.test_import import look, row
from tests.userids.test_ladder import in_threads
from userids.models import Account, DeactivationRequest, Resignation
from userids.services import accounts, deactivations
from userids.services.exports import logbook_issue

pytestmark = pytest.mark.req("KER-9")
FAR = ["0001-01-01", "1899-12-31", "2103-01-01", "9999-12-29", "9999-12-31"]


@pytest.fixture
def support(floor: Floor) -> Client:
    client = Client()
    client.force_login(floor.support)
    return client


@pytest.mark.parametrize("day", FAR)
def test_a_day_that_cannot_be_meant_is_refused_everywhere(floor: Floor, support: Client, day: str) -> None:
    instant = f"{day}T00:00"
    new = {"application": floor.account.application_id, "user_id": "H", "site": floor.jkt.pk, "activated_at": instant}
    assert support.post(reverse("userids:account_new"), new).status_code == 422
    leaving = {"last_working_day": day, "reason": "resignation", "note": "x"}
    assert support.post(reverse("userids:resignation_new"), leaving | {"person": floor.agent.number}).status_code == 422
    bulk = f"{reverse('userids:resignations_bulk')}?account={floor.account.pk}"
    assert support.post(bulk, leaving).status_code == 422
    posted = {"employee": floor.agent.number, "last_working_day": day}
    assert support.post("/api/v1/userids/resignations/", posted, "application/json").status_code == 400
    resignation = floor.resign()
    moved = support.post(reverse("userids:resignation_move", args=[resignation.pk]), leaving)
    assert moved.status_code == 422
    for zone in ("", "+14:00", "-12:00", "Z"):
        assert support.get("/api/v1/userids/accounts/", {"as_of": instant + ":00" + zone}).status_code == 400
        assert support.get(reverse("userids:accounts"), {"as_of": instant + ":00" + zone}).status_code == 200
    leader = Client()
    leader.force_login(floor.leader)
    leader.post(f"{floor.request.get_absolute_url()}start/")
    confirmed = leader.post(
        f"/api/v1/userids/requests/{floor.request.pk}/confirm/", {"text": "x", "inactive_since": instant},
        "application/json",
    )  # fmt: skip
    assert confirmed.status_code == 400


def test_the_database_refuses_them_too(floor: Floor) -> None:
    with pytest.raises(Invalid):
        accounts.account_create(
            application=factories.application(), user_id="H", person=None, email="", role="", channels=[],
            site=floor.jkt, activated_at=datetime(1, 1, 1, tzinfo=NOW.tzinfo), actor=floor.support, now=NOW,
        )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.filter(pk=floor.account.pk).update(activated_at=datetime(1900, 1, 1, tzinfo=NOW.tzinfo))


def test_no_document_for_a_period_that_is_not_over(floor: Floor) -> None:
    control = Client()
    control.force_login(factories.user(Role.DOCUMENT_CONTROL))
    tomorrow = timezone.localdate() + timedelta(days=2)
    data = {"site": floor.jkt.pk, "language": "id", "password": PASSWORD, "first": "2026-01-01", "last": tomorrow}
    assert control.post(reverse("userids:logbook_issue"), data).status_code == 422


def test_leavings_recorded_at_once_in_other_orders_do_not_embrace(live_floor: Floor) -> None:
    people = [live_floor.agent, *(factories.person(live_floor.jkt) for _one in range(5))]
    ids = [live_floor.account.pk, *(factories.account(one).pk for one in people[1:])]
    turn = iter(range(100))

    def leave() -> Any:
        one = next(turn)
        if one % 2:
            return deactivations.resignation_record(
                person_id=people[one % 6].pk, last_working_day=NOW.date(), actor=live_floor.support, now=NOW
            )
        return deactivations.resignations_record(
            account_ids=ids if one % 4 else ids[::-1], last_working_day=NOW.date(), reason=LeavingReason.RESIGNATION,
            note="", actor=live_floor.support, now=NOW,
        )  # fmt: skip

    results = in_threads(8, leave)
    assert {type(one).__name__ for one in results} <= {"Resignation", "list", "WrongState"}, results
    assert Resignation.objects.count() == len({one.person_id for one in Resignation.objects.all()})


def test_recording_a_leaving_does_not_lock_the_site(live_floor: Floor) -> None:
    def other() -> Any:
        return lifecycle.person_leave(
            person_id=factories.person(live_floor.jkt).pk, last_working_day=NOW.date(),
            reason=LeavingReason.RESIGNATION, actor=live_floor.support, now=NOW,
        )  # fmt: skip

    with transaction.atomic():
        live_floor.resign()
        assert [type(one).__name__ for one in in_threads(1, other)] == ["Person"]


@pytest.mark.parametrize(
    ("key", "value"),
    [("userids.deactivate.hours", 999_999_999), ("userids.deactivate.hours", 0),
     ("userids.replace.quarantine_days", 10**9), ("userids.replace.quarantine_days", -1),
     ("document.LOG-UID.retention_years", 10_000)],
)  # fmt: skip
def test_a_policy_keeps_within_what_can_be_meant(floor: Floor, key: str, value: float) -> None:
    from userids.documents import LOGBOOK

    wanted = LOGBOOK.retention_policy if key.startswith("document") else key
    with pytest.raises(Invalid):
        policy_set(key=wanted, value=value, site=None, valid_from=NOW, reason="x", actor=floor.manager, now=NOW)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"number": "K" * 21}, "too_long"), ({"role": "x" * 61}, "too_long"), ({"name": "x" * 121}, "too_long"),
     ({"user_id": "OMN\u202e-900"}, "hidden"), ({"user_id": "OMN\u200b9"}, "hidden")],
)  # fmt: skip
def test_an_import_cuts_nothing_and_hides_nothing(floor: Floor, changes: dict[str, Any], code: str) -> None:
    reading = look(floor, row(**changes))
    assert [one.code for one in reading.preview.rows[0].problems] == [code]


def test_wrong_passwords_count_wherever_they_are_entered(floor: Floor, support: Client) -> None:
    url = reverse("password_change")
    data = {"old_password": "wrong", "new_password1": "Lain-Sekali-2026", "new_password2": "Lain-Sekali-2026"}
    for _time in range(5):
        assert support.post(url, data).status_code == 422
    refused = support.post(url, data | {"old_password": PASSWORD})
    assert refused.context["form"].errors.as_data()["old_password"][0].code == "too_many_attempts"
    floor.support.refresh_from_db()
    assert floor.support.check_password(PASSWORD)


def test_a_document_is_in_one_language(floor: Floor) -> None:
    with override("id"):
        document = logbook_issue(
            accounts=Account.objects.as_of(NOW), site=floor.jkt, at=NOW, period=None, language="en", signatures=[],
            actor=floor.support, now=NOW,
        )  # fmt: skip
    from django.core.files.storage import storages

    with storages["documents"].open(document.file) as file:
        text = PdfReader(io.BytesIO(file.read())).pages[0].extract_text()
    assert "Active" in text and "Voice" in text and "Suara" not in text


@pytest.mark.parametrize("code", ["%00", "x%00y", "..%2F", "ü", "0" * 300])
def test_a_code_that_is_none_is_not_found(db: None, code: str) -> None:
    assert Client().get(f"/verify/{code}/").status_code == 404


def test_the_same_key_with_another_file_is_another_request(floor: Floor, support: Client) -> None:
    def post(content: bytes) -> Any:
        data = {"employee": floor.agent.number, "last_working_day": date.today().isoformat(),
                "letter": SimpleUploadedFile("a.pdf", content)}  # fmt: skip
        return support.post("/api/v1/userids/resignations/", data, headers={"Idempotency-Key": "k1"})

    assert post(pdf(1)).status_code == 201
    assert post(pdf(1)).status_code == 201
    assert post(pdf(2)).status_code == 422
    assert Resignation.objects.count() == 1


def test_after_a_lost_race_the_page_shows_how_it_stands(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor.resign()
    request = floor.request
    leader = Client()
    leader.force_login(floor.leader)
    from userids.views import processes

    real = processes.transition_make

    def quicker(**words: Any) -> Any:
        deactivations.deactivation_start(request_id=request.pk, actor=floor.leader, now=timezone.now())
        return real(**words)

    monkeypatch.setattr(processes, "transition_make", quicker)
    answer = leader.post(f"{request.get_absolute_url()}start/")
    assert answer.status_code in {409, 422}
    assert DeactivationRequest.objects.get(pk=request.pk).status == "in_progress"
