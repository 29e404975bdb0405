"""The logbook's forms as people send them: what is written, and what is said when it cannot be."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from occ.documents.models import IssuedDocument
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import Team, TeamMembership
from tests import factories
from tests.factories import PASSWORD, Floor
from userids.models import Account


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


@pytest.mark.req("UID-1", "UID-16")
def test_an_id_is_entered_edited_and_refused_twice(floor: Floor) -> None:
    support = acting(floor.support)
    holder = factories.person(floor.jkt)
    data = {
        "application": floor.account.application_id, "user_id": "OMN-NEW", "person": holder.number, "role": "Agent",
        "channels": ["voice"], "site": floor.jkt.pk, "activated_at": timezone.now().strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip
    assert support.post(reverse("userids:account_new"), data).status_code == 302
    made = Account.objects.get(user_id="OMN-NEW")
    assert made.holder is not None and (made.holder.person, made.holder.email) == (holder, holder.email)
    twice = support.post(reverse("userids:account_new"), data | {"user_id": "omn-new"})
    assert twice.status_code == 422 and "already in the logbook" in twice.content.decode()
    edit = reverse("userids:account_edit", args=[made.pk])
    assert support.post(edit, {"role": "Verifikator", "channels": ["chat"], "note": ""}).status_code == 422
    assert support.post(edit, {"role": "Verifikator", "channels": ["chat"], "note": "promoted"}).status_code == 302
    made.refresh_from_db()
    assert (made.role, made.channels) == ("Verifikator", ["chat"])
    page = support.get(made.get_absolute_url()).content.decode()
    assert "promoted" in page and "Verifikator" in page
    assert acting(floor.leader).post(edit, {"role": "x", "note": "y"}).status_code == 403


@pytest.mark.req("UID-3")
def test_a_last_day_that_makes_it_late_at_once_is_said(floor: Floor) -> None:
    support, today = acting(floor.support), timezone.localdate()
    data = {"person": floor.agent.number, "reason": "resignation", "note": ""}
    new = reverse("userids:resignation_new")
    early = support.post(new, data | {"last_working_day": (today - timedelta(days=9)).isoformat()}, follow=True)
    assert "is over already" in early.content.decode()


@pytest.mark.req("UID-3", "UID-4")
def test_a_last_day_moves_with_its_deadline_and_is_withdrawn_with_its_request(floor: Floor) -> None:
    support, today = acting(floor.support), timezone.localdate()
    resignation = floor.resign(today + timedelta(days=5), now=timezone.now())
    due = floor.request.due_at
    move = reverse("userids:resignation_move", args=[resignation.pk])
    assert support.post(move, {"last_working_day": "31/02/2026", "note": "x"}).status_code == 422
    later = {"last_working_day": (today + timedelta(days=7)).isoformat(), "note": "asked to stay"}
    assert support.post(move, later).status_code == 302
    assert floor.request.due_at == due + timedelta(days=2)
    withdraw = reverse("userids:resignation_withdraw", args=[resignation.pk])
    assert support.post(withdraw, {"note": ""}).status_code == 422
    assert support.post(withdraw, {"note": "stays after all"}).status_code == 302
    assert floor.request.status == "cancelled"
    assert support.post(withdraw, {"note": "again"}).status_code in {409, 422}
    assert acting(floor.leader).post(move, later).status_code in {403, 404}
    page = support.get(reverse("userids:resignation", args=[resignation.pk])).content.decode()
    assert "stays after all" in page


@pytest.mark.req("UID-14", "KER-10")
def test_the_logbook_is_issued_with_a_password_as_a_numbered_pdf(live_floor: Floor) -> None:
    control = factories.user(Role.DOCUMENT_CONTROL)
    page, url = acting(control), reverse("userids:logbook_issue")
    data = {"site": live_floor.jkt.pk, "language": "en", "password": "wrong"}
    refused = page.post(url, data)
    assert refused.status_code == 422 and "not your password" in refused.content.decode()
    assert page.post(url, data | {"password": PASSWORD, "first": "2026-01-01"}).status_code == 422
    assert not Job.objects.exists()
    answer = page.post(url, data | {"password": PASSWORD, "first": "2026-01-01", "last": timezone.localdate()})
    assert answer.status_code == 302
    job = Job.objects.get()
    assert PASSWORD not in str(job.params)
    assert job_run(job_id=job.pk, now=timezone.now())
    job.refresh_from_db()
    assert job.state == State.DONE, job.error
    document = IssuedDocument.objects.get()
    assert document.full_number == job.result["number"]
    assert document.signatures.get().user == control
    content = page.get(reverse("documents:download", args=[document.pk]))
    body = b"".join(content.streaming_content)  # type: ignore[attr-defined]
    text = PdfReader(io.BytesIO(body)).pages[0].extract_text()
    assert live_floor.account.user_id in text and document.full_number in text
    assert acting(live_floor.support).get(url).status_code == 403


@pytest.mark.req("UID-3", "UID-16")
def test_slips_of_a_resignation_are_said_where_they_are(floor: Floor) -> None:
    support, new = acting(floor.support), reverse("userids:resignation_new")
    data = {"person": floor.agent.number, "reason": "resignation", "note": ""}
    far = support.post(new, data | {"last_working_day": "2099-01-01"})
    assert far.status_code == 422 and "Is the year right?" in far.content.decode()
    wrong = {"last_working_day": timezone.localdate().isoformat(), "letter": SimpleUploadedFile("x.exe", b"MZ")}
    refused = support.post(new, data | wrong)
    assert list(refused.context["form"].errors) == ["letter"]
    standing = floor.resign()
    again = support.post(new, data | {"last_working_day": timezone.localdate().isoformat()})
    assert again.status_code == 422
    assert f'recorded already. <a href="/userids/resignations/{standing.pk}/">' in again.content.decode()


@pytest.mark.req("UID-16", "KER-9")
def test_the_address_that_a_form_sends_to_leads_to_its_page(live_floor: Floor) -> None:
    data = {"person": live_floor.agent.number, "reason": "resignation", "note": ""}
    data["last_working_day"] = timezone.localdate().isoformat()
    assert acting(live_floor.support).post(reverse("userids:resignation_new"), data).status_code == 302
    leader, page = acting(live_floor.leader), live_floor.request.get_absolute_url()
    opened = leader.get(f"{page}confirm/", HTTP_ACCEPT="text/html")
    assert (opened.status_code, opened["Location"]) == (302, page)
    assert leader.get(page).status_code == 200
    assert leader.get(f"{page}confirm/").status_code == 405, "who is no browser hears the truth"


@pytest.mark.req("UID-1", "KER-9")
def test_who_led_a_leaver_sees_the_resignation_when_the_team_is_left(floor: Floor) -> None:
    last = timezone.localdate() - timedelta(days=2)
    link = f"/userids/resignations/{floor.resign(last, now=timezone.now() - timedelta(days=9)).pk}/"
    TeamMembership.objects.filter(person=floor.agent).update(ends_on=last)
    team = Team.objects.create(site=floor.jkt, code="JKT-Z", name="Z")
    other = factories.user(Role.TEAM_LEADER, floor.jkt, team=team, name="leader-z")
    for leader, status in ((floor.leader, 200), (other, 404)):
        assert acting(leader).get(link).status_code == status
        page = acting(leader).get(floor.request.get_absolute_url()).content.decode()
        assert (link in page) == (status == 200) and "not shown to your role" in page


@pytest.mark.req("UID-3", "UID-1")
def test_what_one_may_not_read_is_not_said_to_be_missing(floor: Floor) -> None:
    standing = floor.resign()
    page = floor.request.get_absolute_url()
    assert "not shown to your role" in acting(floor.leader).get(page).content.decode()
    assert "not shown to your role" not in acting(floor.support).get(page).content.decode()
    ended = timezone.now() - timedelta(days=3)
    one = floor.account
    Account.objects.create(
        application=one.application, user_id="OMN-0777", site=one.site, status="inactive",
        created_at=ended - timedelta(9),
        activated_at=ended - timedelta(9), deactivated_at=ended,
    )  # fmt: skip
    then = timezone.localtime(ended + timedelta(hours=1))
    asked = {"as_of": then.strftime("%Y-%m-%dT%H:%M")}
    shown = acting(floor.support).get(reverse("userids:accounts"), asked).content.decode()
    assert f'since <time datetime="{timezone.localtime(ended).date()}">' in shown, "since when it was shut then"
    assert f'<time datetime="{timezone.localtime(ended - timedelta(9)).date()}">' in shown and standing.pk
