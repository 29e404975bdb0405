"""The pages of a disposal: what each role is shown, the decision by form, and how many queries a list takes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from occ.approvals.models import Approval
from occ.documents.signing import Signing
from occ.ledger.models import Entry
from occ.notifications.models import Notification
from occ.people.choices import Role
from occ.people.models import User
from retention.choices import ConditionKey
from retention.disposal.jobs import item_line, line_rows
from retention.models import Batch, Item, Proposal, Tombstone
from retention.services import disposing, minutes, proposals
from retention.services.witnesses import Outsider
from retention.views import proposal_detail
from tests import factories
from tests.login.conftest import code_at, equip
from tests.retention.disposal import LATER, NOW, PASSWORD, Dead, dead, tomorrow
from tests.retention.meddling import past_the_triggers

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def world(tmp_path: Path) -> Dead:
    return dead(tmp_path)


def browser(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.cookies["django_language"] = "en"
    User.objects.filter(pk=user.pk).update(language="en")
    client.force_login(User.objects.get(pk=user.pk))
    return client


def decide(client: Client, proposal: Proposal, **given: Any) -> Any:
    data = {"decision": "approve", "password": PASSWORD, "list_sha256": proposal.list_sha256} | given
    return client.post(reverse("retention:decision_make", args=[proposal.pk]), data)


@pytest.mark.req("RET-8")
def test_the_client_approves_with_the_password(world: Dead) -> None:
    proposal, client = world.submitted(now=timezone.now()), browser(world.client)
    page = client.get(reverse("retention:decision", args=[proposal.pk]))
    shown = page.content.decode()
    assert all(one.external_id in shown for one in world.records) and proposal.list_sha256 in shown
    assert "08123456789" not in shown
    for wrong in ({"password": "salah"}, {"list_sha256": "0" * 64}, {"decision": "x"}, {"decision": "in_part"}):
        assert decide(client, proposal, **wrong).status_code == 422
    assert not Approval.objects.exists()
    assert Entry.objects.filter(action="user.password_refused").count() == 1
    assert decide(client, proposal).status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == "approved" and proposal.approved_count == 6
    assert proposal.approval is not None and proposal.approval.decided_by == world.client
    assert proposal.cooling_until is not None and proposal.cooling_until > timezone.now() + timedelta(days=6)
    recalled = client.post(reverse("retention:decision_recall", args=[proposal.pk]), {"note": "Salah paham"})
    assert recalled.status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == "withdrawn" and proposal.approval.recall.reason == "Salah paham"


@pytest.mark.req("RET-8")
def test_with_a_second_factor_the_password_alone_is_not_enough(world: Dead) -> None:
    proposal, secret = world.submitted(now=timezone.now()), equip(world.client)
    client = browser(world.client)
    page = client.get(reverse("retention:decision", args=[proposal.pk])).content.decode()
    assert 'name="code"' in page
    assert decide(client, proposal).status_code == 422
    assert decide(client, proposal, code="000000").status_code == 422
    assert not Approval.objects.exists()
    assert decide(client, proposal, code=code_at(secret, timezone.now())).status_code == 302
    assert Approval.objects.get().second_factor


@pytest.mark.req("RET-8")
def test_what_is_needed_is_marked_and_each_refusal_stands_at_its_field(world: Dead) -> None:
    proposal, secret = world.submitted(now=timezone.now()), equip(world.client)
    client = browser(world.client)
    page = client.get(reverse("retention:decision", args=[proposal.pk])).content.decode()
    for name in ("password", "code"):
        assert f'<label class="form-label required" for="id_decide_{name}">' in page, name
    assert '<legend class="form-label required">Your decision' in page
    assert page.count("data-needed-refusing") == 2 and page.count("Needed where you refuse anything") == 2

    def errors(**given: Any) -> set[str]:
        answer = decide(client, proposal, **({"code": code_at(secret, timezone.now())} | given))
        assert answer.status_code == 422
        return set(answer.context["form"].errors)

    assert errors(password="", code="") == {"password", "code"}
    assert errors(decision="refuse") == {"reason", "again_on"}
    assert errors(decision="in_part", reason="x", again_on=tomorrow(timezone.now()).isoformat()) == {"numbers"}
    assert errors(decision="approve", item=proposal.items.first().pk) == {"decision"}
    assert errors(password="salah") == {"password"} and errors(code="000000") == {"code"}
    assert not Approval.objects.exists()


@pytest.mark.req("RET-8")
def test_lines_refused_by_tick_and_by_number(world: Dead) -> None:
    proposal, client = world.submitted(now=timezone.now()), browser(world.client)
    lines = list(proposal.items.order_by("position"))
    day = tomorrow(timezone.now()).isoformat()
    given = {"decision": "in_part", "reason": "Masih perlu", "again_on": day, "numbers": "2, 4-5", "item": lines[0].pk}
    # Who ticks lines and leaves "all" chosen is asked, and has not approved what was ticked.
    for both in ({"item": lines[0].pk}, {"numbers": "2"}):
        assert decide(client, proposal, **both).status_code == 422
    for wrong in ({"numbers": "7"}, {"numbers": "5-4"}, {"numbers": "x"}, {"again_on": "2020-01-01"}, {"reason": ""}):
        assert decide(client, proposal, **(given | wrong)).status_code == 422
    assert decide(client, proposal, **given).status_code == 302
    proposal.refresh_from_db()
    refused = proposal.items.filter(decision="refused").values_list("position", flat=True)
    assert sorted(refused) == [1, 2, 4, 5] and proposal.approved_count == 2
    assert proposal.approval is not None and proposal.approval.decision == "in_part"


@pytest.mark.req("RET-8")
def test_a_tick_says_what_it_means_and_a_list_approved_in_part_says_so(world: Dead) -> None:
    """The word stands in the line also where a phone shows no heads; decision and state come before the rest."""
    proposal, client = world.submitted(now=timezone.now()), browser(world.client)
    url = reverse("retention:decision", args=[proposal.pk])
    assert client.get(url).content.decode().count('<td class="occ-tick" data-label="Refuse">') == 6
    given = {"decision": "in_part", "reason": "x", "again_on": tomorrow(timezone.now()).isoformat(), "numbers": "2"}
    assert decide(client, proposal, **given).status_code == 302
    page = client.get(url).content.decode()
    assert "Approved in part, cooling off" in page and "Approved, cooling off" not in page
    heads = page.split("<thead>")[1].split("</thead>")[0]
    assert heads.count("<th") == 7 and heads.index("Decision") < heads.index("ID at the source")
    assert "Approved in part, cooling off" in client.get(reverse("retention:decisions")).content.decode()
    whole = Proposal(status="approved", items_count=6, approved_count=6)
    assert whole.get_status_display() == "Disetujui, masa tenang"


@pytest.mark.req("RET-9", "RET-10")
def test_the_client_is_told_when_it_is_destroyed_and_documented(world: Dead) -> None:
    proposal = world.destroyed()
    told = Notification.objects.filter(user=world.client, url=reverse("retention:decision", args=[proposal.pk]))
    assert [one.kind for one in told] == ["retention.list_destroyed"] and "6" in told[0].body
    signing = Signing(world.control.pk, "Dwi", "DC", "prepared", LATER)
    document = minutes.disposal_issue(
        proposal_id=proposal.pk, place="Jakarta", witnesses=[Outsider("Saksi", "QMR", "PT Saksi")], language="id",
        signatures=[signing], actor=world.control, now=LATER,
    )  # fmt: skip
    assert document.full_number in told.get(kind="retention.list_documented").subject


@pytest.mark.req("RET-9")
def test_a_probe_still_to_come_is_not_one_that_was_not_run(world: Dead) -> None:
    proposal = world.destroyed()
    proposal.probes.filter(ran_at=None).update(due_at=timezone.now() + timedelta(days=1))
    page = browser(world.it).get(proposal.get_absolute_url()).content.decode()
    assert "Not due yet" in page and "Not run" not in page
    proposal.probes.filter(ran_at=None).update(due_at=timezone.now() - timedelta(days=1))
    page = browser(world.it).get(proposal.get_absolute_url()).content.decode()
    assert "Not due yet" not in page and "Not run" in page


@pytest.mark.req("RET-8")
def test_nothing_but_what_was_put_before_the_client_is_shown(world: Dead) -> None:
    draft, client = world.proposal(), browser(world.client)
    for name in ("proposal", "decision"):
        assert client.get(reverse(f"retention:{name}", args=[draft.pk])).status_code == 404
    home = client.get("/").content.decode()
    assert reverse("retention:decisions") in home and reverse("retention:proposals") not in home
    assert client.get(reverse("retention:proposals")).status_code == 403


@pytest.mark.req("RET-8")
def test_silence_is_said_on_the_page_and_today(world: Dead) -> None:
    proposal, client = world.submitted(now=timezone.now()), browser(world.client)
    assert proposal.number in client.get("/").content.decode()
    answer = client.get(proposal.get_absolute_url())
    assert answer.status_code == 302 and answer["location"] == reverse("retention:decision", args=[proposal.pk])


@pytest.mark.req("RET-7")
def test_a_list_from_its_gathering_to_the_client_by_pages(world: Dead) -> None:
    leader, control = browser(world.leader), browser(world.control)
    page = leader.get(reverse("retention:proposal_new")).content.decode()
    assert "May be proposed" in page and "<dd>6</dd>" in page
    form = {"site": world.site.pk, "kind": "recording", "reason": "Lewat masa"}
    assert leader.post(reverse("retention:proposal_new"), form).status_code == 302
    proposal = Proposal.objects.get()
    submit = reverse("retention:proposal_step", args=[proposal.pk, "submit"])
    assert leader.post(submit).status_code in (409, 422)
    for key in ("period", "operation", "client"):
        assert (
            leader.post(
                reverse("retention:proposal_condition", args=[proposal.pk]), {"key": key, "note": "Diperiksa"}
            ).status_code
            == 302
        )
    for key in ("law", "case"):
        answer = control.post(reverse("retention:proposal_condition", args=[proposal.pk]), {"key": key, "note": "Ya"})
        assert answer.status_code == 302
    assert leader.post(submit).status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == "with_client" and proposal.answer_due_at is not None
    assert leader.get(proposal.get_absolute_url()).status_code == 200


@pytest.mark.req("RET-7", "RET-8")
def test_the_page_says_whose_turn_it_is(world: Dead, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal, leader, auditor = (
        world.proposal(now=timezone.now()),
        browser(world.leader),
        browser(factories.user(Role.AUDITOR)),
    )

    def waits(client: Client) -> list[tuple[str, str, str]]:
        found = client.get(proposal.get_absolute_url()).context["waits"]
        return [(one.label, one.roles, one.people) for one in found]

    assert waits(leader) == [], "theirs: the page shows what they do next"
    ((label, roles, people),) = waits(auditor)
    assert (label, roles) == ("Put before the client", "Team Leader / SPV, Document Control")
    assert str(world.leader) in people and str(world.control) in people
    page = auditor.get(proposal.get_absolute_url())
    law = next(one for one in page.context["conditions"] if one["key"] == "law")
    assert "Document Control" in law["waiting"].roles and not law["may"]
    assert page.content.decode().count("To be said by") == 5
    for one in page.context["conditions"]:
        who = world.control if one["key"] in ("law", "case") else world.leader
        proposals.condition_say(
            proposal_id=proposal.pk, key=one["key"], note="Diperiksa", actor=who, now=timezone.now()
        )
    assert "To be said by" not in auditor.get(proposal.get_absolute_url()).content.decode()
    proposals.proposal_submit(proposal_id=proposal.pk, actor=world.leader, now=timezone.now())
    assert [one[1] for one in waits(leader)] == ["Client"]
    assert str(world.client) in waits(leader)[0][2]
    proposal.refresh_from_db()
    world.decide(proposal, now=timezone.now())
    assert waits(leader) == [], "it cools off: it is nobody's turn"
    monkeypatch.setattr(proposal_detail, "cools", lambda found: False)
    assert [one[:2] for one in waits(leader)] == [("Start the deletion", "Team IT / IOC")]
    assert waits(browser(world.it)) == []


@pytest.mark.req("RET-9", "RET-10")
def test_executing_and_issuing_by_pages(world: Dead) -> None:
    proposal, team, control = world.approved(), browser(world.it), browser(world.control)
    page = team.get(proposal.get_absolute_url()).content.decode()
    assert "Start the deletion" in page and "cannot be undone" in page
    step = reverse("retention:proposal_step", args=[proposal.pk, "execute"])
    assert team.post(step).status_code == team.post(step, {"password": "wrong"}).status_code == 422
    assert team.post(step, {"password": PASSWORD}).status_code == 302
    page = team.get(proposal.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 2s"' in page
    world.run(proposal, timezone.now)
    assert Tombstone.objects.count() == 6
    buried = Tombstone.objects.order_by("pk")[0].record
    said = team.get(buried.get_absolute_url()).content.decode()
    assert "key destroyed" in said and "store:" not in said and "its key is destroyed" in said
    issue = reverse("retention:proposal_issue", args=[proposal.pk])
    assert issue in control.get(proposal.get_absolute_url()).content.decode()
    form = {"place": "Jakarta", "outsider_1": "Sri", "position_1": "QMR", "organisation_1": "PT Pegadaian",
            "language": "id"}  # fmt: skip
    preview = reverse("retention:proposal_preview", args=[proposal.pk])
    assert preview in control.get(issue).content.decode()
    draft = control.post(preview, form)
    assert draft["Content-Type"] == "application/pdf" and draft.content.startswith(b"%PDF")
    for wrong, field in (
        ({"organisation_1": ""}, "organisation_1"), ({"outsider_1": "", "position_1": "", "organisation_1": ""},
        "witness_1"), ({"witness_1": "Siapa"}, "witness_1"), ({"outsider_2": world.it.username}, "position_2"),
    ):  # fmt: skip
        refused = control.post(preview, form | wrong)
        assert refused.status_code == 422 and field in refused.context["form"].errors, wrong
    assert team.post(preview, form).status_code == 403
    form["password"] = PASSWORD
    assert control.post(issue, form | {"password": "salah"}).status_code == 422
    assert control.post(issue, form).status_code == 302
    proposal.refresh_from_db()
    assert proposal.status == "closed" and proposal.document is not None
    assert browser(world.client).get(proposal.document.get_absolute_url()).status_code == 200
    for user in (world.it, world.control, world.leader):
        assert browser(user).get(proposal.get_absolute_url()).status_code == 200


@pytest.mark.req("RET-9", "RET-13")
def test_what_a_hold_keeps_of_an_approved_list_is_said_on_both_pages(world: Dead) -> None:
    proposal = world.approved()
    line = proposal.items.filter(decision="approved").order_by("pk")[0]
    pages = (world.it, proposal.get_absolute_url()), (world.client, reverse("retention:decision", args=[proposal.pk]))
    for user, url in pages:
        assert "is held and stays" not in browser(user).get(url).content.decode()
    with past_the_triggers():
        proposal.items.filter(pk=line.pk).update(state="pulled")
    for user, url in pages:
        assert "of them 1 is held and stays" in browser(user).get(url).content.decode()


@pytest.mark.req("KER-12")
@pytest.mark.parametrize("name", ["proposals", "proposal_lines", "proposal", "decision"])
def test_queries_do_not_grow_with_the_rows(world: Dead, name: str) -> None:
    proposal = world.submitted()
    args = [] if name == "proposals" else [proposal.pk]
    client = browser(world.client if name == "decision" else world.control)
    client.get(reverse(f"retention:{name}", args=args))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(reverse(f"retention:{name}", args=args)).status_code == 200
    assert len(queries) <= 40, [one["sql"][:120] for one in queries]


def test_a_refused_step_says_so(world: Dead) -> None:
    proposal = world.approved()
    answer = browser(world.coordinator).post(reverse("retention:proposal_step", args=[proposal.pk, "recall"]), {})
    assert answer.status_code == 422
    disposing.proposal_execute(proposal_id=proposal.pk, actor=world.it, now=LATER)
    late = browser(world.coordinator).post(
        reverse("retention:proposal_step", args=[proposal.pk, "recall"]), {"note": "x"}
    )
    assert late.status_code == 409 and f"by {world.it}." in late.content.decode()
    theirs = browser(world.client).post(reverse("retention:decision_recall", args=[proposal.pk]), {"note": "x"})
    words = theirs.content.decode()
    assert "by Team IT / IOC." in words and str(world.it) not in words, "the client hears which role, not who"


@pytest.mark.req("RET-7", "KER-12")
def test_it_is_put_before_the_client_only_once_all_is_said(world: Dead) -> None:
    proposal, leader, manager = (
        world.proposal(now=timezone.now()),
        browser(world.leader),
        browser(factories.user(Role.MANAGER)),
    )

    def page() -> dict[str, Any]:
        context = leader.get(proposal.get_absolute_url()).context
        return {"next": [one["name"] for one in context["next"]], "why": [one["why"] for one in context["hindered"]]}

    def asked(client: Client) -> list[str]:
        return [one.what_next for one in client.get("/").context["turns"] if proposal.number in one.title]

    found = page()
    assert found["next"] == [] and "No law or contract forbids it (Document Control" in found["why"][0]
    first = "Say whether it is met: Its period of retention has passed; It is of no further use to the operation"
    assert len(asked(leader)) == 1 and asked(leader)[0].startswith(first)
    assert asked(manager)[0].startswith("Say whether it is met: It is of no further use to the operation")
    for key in ConditionKey:
        if key == "law":  # the leader has said all that is theirs: what is missing, and by whom
            assert asked(leader) == page()["why"] and "Document Control" in asked(leader)[0]
        who = world.control if key in ("law", "case") else world.leader
        proposals.condition_say(proposal_id=proposal.pk, key=key, note="Diperiksa", actor=who, now=timezone.now())
    assert page() == {"next": ["submit"], "why": []}
    assert asked(leader) == ["Put before the client"] and asked(manager) == []


@pytest.mark.req("RET-8", "KER-13")
def test_a_line_says_whose_conversation_it_is_and_why_in_the_readers_language(world: Dead) -> None:
    proposal = world.submitted()
    client = browser(world.client)
    url = reverse("retention:decision", args=[proposal.pk])
    item = proposal.items.select_related("record__agent").order_by("position").first()
    assert item is not None and item.record is not None
    shown = client.get(url).context["page"].rows[0].shown
    assert shown.channel and shown.agent == (item.record.agent.number if item.record.agent else "")
    assert item.record.customer not in shown.customer or not item.record.customer
    assert "older than 2 years" in client.get(url).content.decode()
    client.cookies["django_language"] = "id"
    assert "lebih dari 2 tahun" in client.get(url).content.decode()


@pytest.mark.req("RET-8", "RET-13", "KER-9")
def test_a_list_names_no_customer_and_one_whom_no_key_opens_keeps_nobody_from_it(world: Dead) -> None:
    """On the page, in the API and in the file alike; the ID at the source may hold the number too."""
    proposal, client = world.submitted(), browser(world.client)
    shut, named = Item.objects.filter(proposal=proposal).order_by("position")[:2]
    assert named.record is not None
    with past_the_triggers(), connection.cursor() as cursor:
        query = "UPDATE retention_record SET external_id = %s WHERE id = %s"
        cursor.execute(query, [f"call-{named.record.customer}-x", named.record_id])
        cursor.execute("UPDATE retention_record SET customer = 'gAAAA', external_id = %s WHERE id = %s",
                       ["call-0812999888777-y", shut.record_id])  # fmt: skip
    page = client.get(reverse("retention:decision", args=[proposal.pk]))
    shown = [row.shown for row in page.context["page"].rows[:2]]
    assert [(one.name, one.customer) for one in shown] == [
        ("call-0812••••77-y", "cannot be read: key missing"), ("call-0812••••89-x", "0812••••89")
    ]  # fmt: skip
    lines = client.get(f"/api/v1/retention/proposals/{proposal.pk}/lines/").json()["results"]
    assert [one["name"] for one in lines[:2]] == [one.name for one in shown]
    assert lines[0]["reason"] == "older than 2 years (SOP-RET 5.2, 5.4)"
    rows = [item_line(one) for one in line_rows(world.client).order_by("position")]
    assert rows[0][1] == shown[0].name and "¦" not in str(rows)
    assert "08123456789" not in page.content.decode() + str(lines) + str(rows)


@pytest.mark.req("RET-4", "RET-8", "KER-9")
def test_search_finds_batches_and_lists_by_name_and_the_client_only_what_was_put_before_them(world: Dead) -> None:
    client, control = browser(world.client), browser(world.control)
    at = timezone.now()
    found = Batch.objects.create(kind="chat", site=world.site, month=date(2026, 1, 1), part=2, due_at=at, opened_at=at)
    draft = world.vouched()

    def urls(who: Client, text: str) -> list[str]:
        groups = who.get(reverse("search"), {"q": text}).context["groups"]
        return [one.url for group in groups for one in group.results]

    assert found.get_absolute_url() in urls(control, found.identifier.lower()) and urls(client, found.identifier) == []
    assert (urls(control, draft.number), urls(client, draft.number)) == ([draft.get_absolute_url()], [])
    proposals.proposal_submit(proposal_id=draft.pk, actor=world.leader, now=NOW)
    assert urls(client, draft.number) == [reverse("retention:decision", args=[draft.pk])]
