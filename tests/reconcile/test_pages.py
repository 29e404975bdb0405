"""Reconciliation and findings by pages and API: who sees what, and each step by every role (UID-11, UID-15, UID-16)."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from occ.errors import Invalid, NotAllowed, WrongState
from occ.jobs.models import Job, State
from occ.jobs.services import job_run
from occ.people.choices import Role
from occ.people.models import RoleAssignment
from tests.factories import PDF, Floor, account, person, site, user
from tests.reconcile.helpers import RUN, SAID, found, put_right, reconcile, shown
from userids.choices import FindingStatus, Way
from userids.models.reconciliation import Finding, Reconciliation
from userids.reconciling.findings import finding_accept, finding_refuse
from userids.reconciling.flow import FINDING
from userids.reconciling.reading import Listed
from userids.reconciling.turns import mine

pytestmark = pytest.mark.req("UID-11")
HOUR = timedelta(hours=1)


def acting(actor: Any) -> Client:
    one = Client()
    one.force_login(actor)
    one.cookies["django_language"] = "en"
    return one


def bring(finding: Finding, state: str, floor: Floor) -> None:
    if state in {FindingStatus.CLAIMED, FindingStatus.RESOLVED}:
        put_right(finding, floor.leader)
    if state == FindingStatus.RESOLVED:
        reconcile(shown(floor.account), now=RUN + HOUR)
    elif state == FindingStatus.ACCEPTED:
        until = (RUN + timedelta(days=5)).date()
        finding_accept(finding_id=finding.pk, note=SAID, until=until, actor=floor.coordinator, now=RUN)
    elif state == FindingStatus.GONE:
        reconcile(shown(floor.account), now=RUN + HOUR)
    finding.refresh_from_db()
    assert finding.status == state


@pytest.mark.req("KER-5")
@pytest.mark.parametrize("state", FindingStatus.values)
@pytest.mark.parametrize("name", ["resolve", "accept", "refuse"])
def test_every_step_from_every_state_by_every_role(floor: Floor, state: str, name: str) -> None:
    reconcile(shown(floor.account, name="Budi"))
    finding, one = Finding.objects.get(), FINDING.find(name)
    bring(finding, state, floor)
    until = (RUN + timedelta(days=5)).date()

    def attempt(actor: Any, said: str = SAID) -> None:
        if name == "resolve":
            put_right(finding, actor, evidence={"text": said}, now=RUN + HOUR)
        elif name == "refuse":
            finding_refuse(finding_id=finding.pk, note=said.removeprefix("ok"), actor=actor, now=RUN + HOUR)
        else:
            finding_accept(finding_id=finding.pk, note=said, until=until, actor=actor, now=RUN + HOUR)

    before = (finding.status, finding.history.count())
    for role in Role:
        for where in (floor.jkt, floor.ygy) if role in one.by_roles else (floor.jkt,):
            actor = user(role, where, name=f"{role}-{where.code}")
            owns = name != "resolve" or role == finding.owner_role
            allowed = role in one.by_roles and where == floor.jkt and owns
            if not allowed or state not in one.source:
                with pytest.raises(WrongState if allowed else NotAllowed), transaction.atomic():
                    attempt(actor)
            else:
                with pytest.raises(Invalid), transaction.atomic():
                    attempt(actor, "ok")
                with transaction.atomic():
                    attempt(actor)
                    finding.refresh_from_db()
                    assert finding.status == one.target
                    assert finding.history.latest("history_id").history_user == actor
                    transaction.set_rollback(True)
            finding.refresh_from_db()
            assert (finding.status, finding.history.count()) == before


@pytest.mark.req("UID-16")
def test_document_control_uploads_follows_and_clicks_down_to_a_finding(live_floor: Floor) -> None:
    control = acting(user(Role.DOCUMENT_CONTROL))
    new = reverse("userids:reconciliation_new")
    application = live_floor.account.application_id
    assert control.post(new, {"application": application}).status_code == 422
    later = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    text = f"User ID,Nama,Status\n{live_floor.account.user_id},Bukan Dia,Aktif\nASING,X,Aktif\n".encode()

    def send(**data: Any) -> Any:
        file = SimpleUploadedFile("daftar.csv", text)
        return control.post(new, {"application": application, "file": file} | data)

    assert send(taken_at=later).status_code == 422
    answer = send()
    assert answer.status_code == 302
    job = Job.objects.get()
    assert "being compared" in control.get(answer.headers["Location"]).content.decode()
    assert job_run(job_id=job.pk, now=timezone.now())
    piece = control.get(answer.headers["Location"], headers={"HX-Request": "true"}).content.decode()
    run = Reconciliation.objects.get()
    assert "data-follow" in piece and run.get_absolute_url() in piece
    assert control.get(answer.headers["Location"]).headers["Location"] == run.get_absolute_url()
    page = control.get(run.get_absolute_url()).content.decode()
    assert run.sha256 in page and "REK-UID/JKT/" in page
    assert "Users in the list" in page
    rows = control.get(f"{reverse('userids:findings')}?run={run.pk}&kind=unknown&sight=new").content.decode()
    finding = Finding.objects.get(kind="unknown")
    assert finding.get_absolute_url() in rows and "Holder differs" not in rows.partition("<tbody>")[2]
    detail = control.get(finding.get_absolute_url()).content.decode()
    assert "Say how it is settled" in detail and "Being dealt with" in detail
    assert control.post(f"{finding.get_absolute_url()}resolve/", {"way": "logbook", "text": ""}).status_code == 422
    assert control.post(f"{finding.get_absolute_url()}resolve/", {"text": SAID}).status_code == 422, "no way"
    stay = {"way": "as_it_is", "text": SAID}
    assert control.post(f"{finding.get_absolute_url()}resolve/", stay).status_code == 422, "until when"
    proof = SimpleUploadedFile("bukti.pdf", PDF)
    done = {"way": "application", "file": proof, "text": "ditutup"}
    assert control.post(f"{finding.get_absolute_url()}resolve/", done).status_code == 302
    detail = control.get(finding.get_absolute_url()).content.decode()
    assert "bukti.pdf" in detail and "ditutup" in detail and "Put right in the application" in detail
    assert "shows whether it is; its time runs on" in detail and "Say how it is settled" not in detail
    listed = control.get(f"{reverse('userids:findings')}?status=open&way=application").content.decode()
    assert finding.get_absolute_url() in listed, "until a list shows it, it counts as open"
    assert "To be confirmed" in listed
    assert control.post(f"{finding.get_absolute_url()}resolve/", {"text": SAID, "way": "logbook"}).status_code == 409
    assert control.post(f"{finding.get_absolute_url()}gone/", {}).status_code == 404


def test_faulty_rows_and_a_short_list_are_shown_and_confirmed_by_page(live_floor: Floor) -> None:
    control, application = acting(user(Role.DOCUMENT_CONTROL)), live_floor.account.application_id

    def send(text: str) -> Job:
        file = SimpleUploadedFile("daftar.csv", text.encode())
        control.post(reverse("userids:reconciliation_new"), {"application": application, "file": file})
        job = Job.objects.latest("created_at")
        job_run(job_id=job.pk, now=timezone.now())
        return job

    job = send("User ID,Status\nA,Entah\n")
    page = control.get(reverse("userids:reconciliation_job", args=[job.pk])).content.decode()
    assert "1 of 1 row has problems" in page and "Faulty rows" in page
    confirm = reverse("userids:reconciliation_confirm", args=[job.pk])
    assert control.post(confirm).headers["Location"] == reverse("userids:reconciliation_job", args=[job.pk])
    job = send("User ID,Status\n")
    page = control.get(reverse("userids:reconciliation_job", args=[job.pk])).content.decode()
    assert "Is this list right and complete?" in page
    assert not Reconciliation.objects.exists()
    control.post(reverse("userids:reconciliation_confirm", args=[job.pk]))
    again = Job.objects.latest("created_at")
    assert again.pk != job.pk and job_run(job_id=again.pk, now=timezone.now())
    assert Reconciliation.objects.get().confirmed
    broken = send("nothing here")
    broken.refresh_from_db()
    page = control.get(reverse("userids:reconciliation_job", args=[broken.pk])).content.decode()
    assert broken.state == State.REFUSED and "Choose another file" in page


@pytest.mark.req("KER-9")
def test_each_site_sees_its_own_findings_and_counts(floor: Floor) -> None:
    far = account(person(floor.ygy))
    run = reconcile(shown(floor.account, name="Budi"), shown(far, name="Siapa"))
    near, other = Finding.objects.get(site=floor.jkt), Finding.objects.get(site=floor.ygy)
    leader = acting(floor.leader)
    assert leader.get(near.get_absolute_url()).status_code == 200
    assert leader.get(other.get_absolute_url()).status_code == 404
    assert leader.post(f"{other.get_absolute_url()}resolve/", {"text": "x"}).status_code == 404
    page = leader.get(reverse("userids:findings")).content.decode()
    assert near.user_id in page and far.user_id not in page
    counts = {line["kind"]: line["counts"]["seen"] for line in leader.get(run.get_absolute_url()).context["lines"]}
    assert counts["holder_differs"] == 1
    assert leader.get(reverse("userids:reconciliations")).context["page"].rows[0].counts["found"] == 1
    assert "REK-UID" not in leader.get(run.get_absolute_url()).content.decode()
    assert leader.get(reverse("userids:reconciliation_new")).status_code == 403
    api = leader.get(reverse("api:userids-findings")).json()["results"]
    assert [one["id"] for one in api] == [near.pk]


@pytest.mark.req("UID-16")
def test_the_dashboard_counts_open_findings_by_kind_and_leads_to_them(floor: Floor) -> None:
    leader, url = acting(floor.leader), reverse("userids:dashboard")
    assert "was not reconciled with the application yet" in leader.get(url).content.decode()
    reconcile(shown(floor.account))
    assert "no finding is open" in leader.get(url).content.decode()
    reconcile(shown(floor.account, name="Budi"), now=RUN + HOUR)
    page = leader.get(url).content.decode()
    assert f"{reverse('userids:findings')}?status=open&amp;kind=holder_differs" in page
    finding = Finding.objects.get()
    assert finding.get_absolute_url() in leader.get(reverse("home")).content.decode()
    put_right(finding, floor.leader, now=RUN + HOUR, way=Way.AS_IT_IS, until=(RUN + timedelta(days=9)).date())
    (kind,) = leader.get(url).context["findings"]["kinds"]
    assert kind.open == 1, "what was said is not shown yet"
    assert not [one for one in leader.get(reverse("home")).context["turns"] if one.url == finding.get_absolute_url()]
    turns = acting(floor.coordinator).get(reverse("home")).context["turns"]
    assert [one.what_next for one in turns if one.url == finding.get_absolute_url()] == ["Decide"]


def test_today_asks_of_somebody_with_several_roles_only_what_they_may_do_there(floor: Floor) -> None:
    far = site("YGY")
    both = user(Role.DOCUMENT_CONTROL, floor.jkt, name="both")
    RoleAssignment.objects.create(user=both, role=Role.SUPPORT, site=far, starts_on="2020-01-01")
    RoleAssignment.objects.create(user=both, role=Role.COORDINATOR, site=floor.jkt, starts_on="2020-01-01")
    reconcile(shown(floor.account), shown(account(person(far)), name="Budi"), Listed("ASING", True))
    Finding.objects.filter(kind="holder_differs").update(owner_role=Role.DOCUMENT_CONTROL)
    assert set(Finding.objects.visible_to(both).values_list("kind", flat=True)) == {"holder_differs", "unknown"}
    assert [one.kind for one in mine(both)] == ["unknown"]
    control = user(Role.DOCUMENT_CONTROL, far)
    until = (RUN + timedelta(days=9)).date()
    put_right(Finding.objects.get(kind="holder_differs"), control, way=Way.AS_IT_IS, until=until)
    assert [one.kind for one in mine(both)] == ["unknown"], "a coordinator of that site decides"


@pytest.mark.req("UID-4")
def test_the_evidence_clock_is_offered_and_confirmed_by_a_person_only(floor: Floor) -> None:
    last = timezone.localdate() - timedelta(days=2)
    floor.resign(last, now=timezone.now() - timedelta(days=5))
    since = timezone.now() - timedelta(hours=20)
    now = timezone.now() - timedelta(minutes=5)
    run = reconcile(shown(floor.account, active=False, last_login_at=None, inactive_since=since), now=now)
    leader, url = acting(floor.leader), floor.request.get_absolute_url()
    assert "The application shows it as inactive" in leader.get(url).content.decode()
    assert floor.request.status == "requested"
    leader.post(f"{url}start/")
    page = leader.get(url)
    (confirm,) = (one for one in page.context["next"] if one["name"] == "confirm")
    assert confirm["form"].initial["inactive_since"] == since
    assert f"reconciliation {run.pk}" in confirm["form"].initial["text"]
    data = {
        "text": confirm["form"].initial["text"],
        "inactive_since": timezone.localtime(since).strftime("%Y-%m-%dT%H:%M"),
    }
    assert leader.post(f"{url}confirm/", data).status_code == 422, "nobody has said that they looked"
    assert floor.request.inactive_since is None
    assert leader.post(f"{url}confirm/", data | {"checked": "on"}).status_code == 302
    assert abs(floor.request.inactive_since - since) < timedelta(minutes=1)  # type: ignore[operator]
    assert "The application shows it as inactive" not in leader.get(url).content.decode()


@pytest.mark.req("UID-11", "KER-9")
def test_a_list_that_is_too_large_is_refused_by_the_api_and_not_stored(floor: Floor, monkeypatch: Any) -> None:
    monkeypatch.setattr("occ.jobs.services.LARGEST_INPUT", 0)
    file = SimpleUploadedFile("list.csv", b"User ID;Status\nOMN-1;Active\n")
    client = acting(user(Role.DOCUMENT_CONTROL))
    answer = client.post(
        "/api/v1/userids/reconciliations/", {"application": floor.account.application.code, "file": file}
    )
    assert (answer.status_code, answer.json()["field"], answer.json()["code"]) == (422, "file", "too_large")
    assert not Job.objects.exists()


@pytest.mark.req("UID-14", "KER-12")
def test_findings_are_exported_as_the_list_shows_them(live_floor: Floor) -> None:
    reconcile(shown(live_floor.account, name="Budi"), Listed("=cmd()", True))
    support = acting(live_floor.support)
    support.post("/exports/new/", {"kind": "userids.findings", "query": "kind=unknown"})
    job = Job.objects.get()
    job_run(job_id=job.pk, now=timezone.now())
    data = b"".join(support.get(f"/exports/{job.pk}/file/").streaming_content)  # type: ignore[attr-defined]
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    rows = [list(row) for row in sheet.iter_rows(min_row=2)]
    assert len(rows) == 1 and rows[0][1].value == "=cmd()" and rows[0][1].data_type == "s"


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("name", ["userids:findings", "userids:reconciliations", "userids:dashboard", "home"])
def test_a_page_costs_the_same_number_of_queries_whatever_the_rows(floor: Floor, name: str) -> None:
    control = acting(user(Role.DOCUMENT_CONTROL))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert control.get(reverse(name)).status_code == 200
        return len(queries)

    reconcile(shown(floor.account, name="Budi"), Listed("A", True))
    cost()
    before = cost()
    for i in range(3):
        reconcile(*(Listed(f"B{n}", True) for n in range(2 + i)), now=RUN + (i + 1) * HOUR)
    assert cost() == before <= 27


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("query", ["run=x", "run=99999999999999999999999", "run=-1", "kind=x", "sight=new", "q=%00",
                                   "status=late", "owner=it", "due_to=x", "sort=user_id", "after=x"])  # fmt: skip
def test_nonsense_in_the_address_is_no_error(floor: Floor, query: str) -> None:
    reconcile(shown(floor.account, name="Budi"))
    for name in ("userids:findings", "userids:reconciliations"):
        assert acting(floor.leader).get(f"{reverse(name)}?{query}").status_code == 200


@pytest.mark.req("UID-15")
def test_the_api_takes_a_list_says_how_it_goes_and_makes_steps(live_floor: Floor) -> None:
    control = acting(user(Role.DOCUMENT_CONTROL))
    url = reverse("api:userids-reconciliations")

    def send(text: str, key: str, **data: Any) -> Any:
        file = SimpleUploadedFile("daftar.csv", text.encode())
        return control.post(url, {"application": "OMNI", "file": file} | data, headers={"Idempotency-Key": key})

    assert control.post(url, {"application": "OMNI"}).json()["field"] == "file"
    assert send("x", "0", application="NONE").json()["code"] == "unknown_application"
    text = f"User ID,Status\n{live_floor.account.user_id},Aktif\nX,Aktif\n"
    answer = send(text, "1")
    assert answer.status_code == 202 and answer.json()["state"] == "queued"
    assert send(text, "1").json()["job"] == answer.json()["job"]
    job_run(job_id=Job.objects.get().pk, now=timezone.now())
    told = control.get(answer.headers["Location"]).json()
    assert (told["state"], told["refused"]) == ("done", None)
    run = control.get(reverse("api:userids-reconciliation", args=[told["run"]])).json()
    assert (run["users"], run["application"]) == (2, "OMNI")
    faulty = send("User ID,Status\nX,Entah\n", "2")
    job_run(job_id=Job.objects.latest("created_at").pk, now=timezone.now())
    told = control.get(faulty.headers["Location"]).json()
    assert (told["refused"]["code"], told["refused"]["rows"][0]["row"]) == ("faulty_rows", 2)
    (finding,) = control.get(reverse("api:userids-findings"), {"kind": "unknown"}).json()["results"]
    assert finding["transitions"] == ["resolve"]
    step = reverse("api:userids-finding-transition", args=[finding["id"], "resolve"])
    assert control.post(step, {"way": "logbook"}, content_type="application/json").status_code == 422
    assert control.post(step, {"text": SAID}, content_type="application/json").json()["field"] == "way"
    done = control.post(step, {"text": SAID, "way": "application"}, content_type="application/json").json()
    assert (done["status"], done["way"], done["transitions"]) == ("claimed", "application", [])
    coordinator = acting(live_floor.coordinator)
    assert found("claimed") == [("unknown", "X")]
    assert [
        one["id"] for one in control.get(reverse("api:userids-findings"), {"status": "open"}).json()["results"]
    ] == [finding["id"]]
    detail = coordinator.get(reverse("api:userids-finding", args=[finding["id"]])).json()
    assert detail["transitions"] == ["accept", "refuse"]
    step = reverse("api:userids-finding-transition", args=[finding["id"], "refuse"])
    refused = coordinator.post(step, {"note": SAID}, content_type="application/json").json()
    assert (refused["status"], refused["way"]) == ("open", "")
