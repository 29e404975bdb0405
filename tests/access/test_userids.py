"""The access matrix of userids (KER-9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from occ.jobs.services import job_start
from occ.people.choices import Role
from occ.people.models import Site, User
from tests.access.matrix import (
    EMPLOYEES,
    EVERYBODY,
    READERS,
    Row,
    World,
    job_of_a_stranger,
    what_a_stranger_gets,
    who_is_let_in,
)
from tests.factories import account, person, user
from tests.reconcile.helpers import listing
from userids.choices import ListSource
from userids.jobs import ISSUERS
from userids.models import (
    APPLICATION_READERS,
    Account,
    Application,
    Assignment,
    BreachReview,
    DeactivationRequest,
    Resignation,
)
from userids.models.reconciliation import Finding
from userids.reconciling.flow import ACCEPTERS
from userids.reconciling.policies import KINDS as FINDING_KINDS
from userids.reconciling.reading import Listed
from userids.reconciling.runs import STARTERS, reconciliation_run
from userids.services import breach_reviews, deactivations, replacements
from userids.services.access_reviews import access_review_open
from userids.services.accounts import KEEPERS
from userids.services.others import ASKERS

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
SUPPORT, LEADER, COORDINATOR = {Role.SUPPORT}, {Role.TEAM_LEADER}, {Role.COORDINATOR}
UNKNOWN_OWNER = {FINDING_KINDS["unknown"][0]}  # of the finding that stands for all
STEPS = {
    "request": SUPPORT, "start": LEADER, "fail": LEADER, "confirm": LEADER, "document": SUPPORT, "cancel": SUPPORT,
}  # fmt: skip
# Of deactivations only; the connector's own are open to no person.
ENFORCEMENT = {"acknowledge": LEADER, "take_over": set(), "shut": set()}
ROWS: dict[str, Row] = {
    "userids:dashboard": Row(get=READERS),
    "userids:accounts": Row(get=EMPLOYEES),
    "userids:account": Row(get=READERS, of="account", sees=READERS),
    "userids:account_new": Row(get=set(KEEPERS), post=set(KEEPERS)),
    "userids:account_edit": Row(get=set(KEEPERS), post=set(KEEPERS), of="account", sees=READERS),
    "userids:applications": Row(get=set(APPLICATION_READERS)),
    "userids:application": Row(get=set(APPLICATION_READERS), of="application", sees=set(APPLICATION_READERS),
                               shared=True),
    # Whoever edits one has the role for all sites, which nobody here has: see tests/connectors.
    "userids:application_edit": Row(get=set(), post=set(), of="application", sees=set(APPLICATION_READERS),
                                    shared=True),
    "userids:application_enforcement": Row(post=set(), of="application", sees=set(APPLICATION_READERS), shared=True),
    "userids:application_test": Row(post=set(), of="application", sees=set(APPLICATION_READERS), shared=True),
    "userids:deactivation_connector": Row(post=LEADER, of="request", sees=READERS),
    "userids:replacement_connector": Row(post=LEADER, of="replacement", sees=READERS),
    "userids:resignations": Row(get=EMPLOYEES),
    "userids:resignation_new": Row(get=SUPPORT, post=SUPPORT),
    "userids:resignations_bulk": Row(get=SUPPORT, post=SUPPORT),
    "userids:resignation": Row(get=READERS, of="resignation", sees=READERS),
    "userids:resignation_move": Row(post=SUPPORT, of="resignation", sees=READERS),
    "userids:resignation_withdraw": Row(post=SUPPORT, of="resignation", sees=READERS),
    "userids:deactivations": Row(get=READERS),
    "userids:breaches": Row(get=READERS),
    "userids:breach_review": Row(get=READERS, of="review", sees=READERS),
    "userids:access_reviews": Row(get=READERS),
    "userids:access_review": Row(get=READERS, of="campaign", sees=READERS),
    "userids:access_review_decide": Row(post=READERS, of="campaign", sees=READERS),
    "userids:access_review_close": Row(get=COORDINATOR, post=COORDINATOR, of="campaign", sees=READERS),
    "userids:account_shut": Row(get=ASKERS, post=ASKERS, of="account", sees=READERS),
    "userids:account_resume": Row(get=LEADER, post=LEADER, of="account", sees=READERS),
    "userids:deactivation": Row(get=READERS, of="request", sees=READERS),
    "userids:replacements": Row(get=READERS),
    "userids:replacement": Row(get=READERS, of="replacement", sees=READERS),
    "userids:replacement_new": Row(get=SUPPORT, post=SUPPORT, of="account", sees=READERS),
    "userids:import": Row(get=set(KEEPERS), post=set(KEEPERS)),
    "userids:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "userids:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "userids:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "userids:logbook_issue": Row(get=set(ISSUERS), post=set(ISSUERS)),
    "userids:reconciliations": Row(get=READERS),
    "userids:reconciliation_new": Row(get=set(STARTERS), post=set(STARTERS)),
    "userids:reconciliation": Row(get=READERS, of="run", sees=READERS),
    "userids:reconciliation_job": Row(get=EVERYBODY, of="list", sees=set()),
    "userids:reconciliation_confirm": Row(post=EVERYBODY, of="list", sees=set()),
    "userids:reconciliation_pull": Row(post=set(STARTERS), of="application"),
    "userids:findings": Row(get=READERS),
    "userids:finding": Row(get=READERS, of="finding", sees=READERS),
    "api:userids-accounts": Row(get=EMPLOYEES),
    "api:userids-account": Row(get=READERS, of="account", sees=READERS),
    "api:userids-assignments": Row(get=EMPLOYEES),
    "api:userids-resignations": Row(get=EMPLOYEES, post=EVERYBODY),
    "api:userids-requests": Row(get=READERS),
    "api:userids-request": Row(get=READERS, of="request", sees=READERS),
    "api:userids-replacements": Row(get=READERS, post=EVERYBODY),
    "api:userids-replacement": Row(get=READERS, of="replacement", sees=READERS),
    "api:userids-reconciliations": Row(get=READERS, post=set(STARTERS)),
    "api:userids-reconciliation": Row(get=READERS, of="run", sees=READERS),
    "api:userids-reconciliation-job": Row(get=EVERYBODY, of="list", sees=set()),
    "api:userids-findings": Row(get=READERS),
    "api:userids-finding": Row(get=READERS, of="finding", sees=READERS),
}  # fmt: skip
FINDING_STEPS = {"resolve": UNKNOWN_OWNER} | {one: set(ACCEPTERS) for one in ("confirm", "accept", "refuse")}
for name, roles in STEPS.items():
    for prefix in ("userids:deactivation_step", "api:userids-request-transition"):
        ROWS[f"{prefix}/{name}"] = Row(post=roles, of="request", sees=READERS, kwargs={"transition": name})
    if name != "request":
        for prefix in ("userids:replacement_step", "api:userids-replacement-transition"):
            ROWS[f"{prefix}/{name}"] = Row(post=roles, of="replacement", sees=READERS, kwargs={"transition": name})
for prefix in ("userids:deactivation_step", "api:userids-request-transition"):
    ROWS[f"{prefix}/cancel"] = replace(ROWS[f"{prefix}/cancel"], post=SUPPORT | COORDINATOR)
for name in breach_reviews.TRANSITIONS:
    ROWS[f"userids:breach_review_step/{name}"] = Row(
        post=COORDINATOR, of="review", sees=READERS, kwargs={"transition": name}
    )
for name, roles in ENFORCEMENT.items():
    for prefix in ("userids:deactivation_step", "api:userids-request-transition"):
        ROWS[f"{prefix}/{name}"] = Row(post=roles, of="request", sees=READERS, kwargs={"transition": name})
for name, roles in FINDING_STEPS.items():
    for prefix in ("userids:finding_step", "api:userids-finding-transition"):
        ROWS[f"{prefix}/{name}"] = Row(post=roles, of="finding", sees=READERS, kwargs={"transition": name})


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    support, _leader = user(Role.SUPPORT, where), user(Role.TEAM_LEADER, where)
    stranger = User.objects.create_user(f"stranger.{where.code}")
    leaver, gone, new = (person(where) for _one in range(3))
    holding = account(leaver, since=now - timedelta(days=300))
    other = account(gone, since=now - timedelta(days=300))
    resignation = deactivations.resignation_record(
        person_id=leaver.pk, last_working_day=now.date() + timedelta(days=9), actor=support, now=now
    )
    deactivations.resignation_record(
        person_id=gone.pk, last_working_day=now.date() + timedelta(days=1), actor=support, now=now
    )
    replacement = replacements.replacement_request(
        account_id=other.pk, person_id=new.pk, email=new.email, actor=support, now=now
    )
    late = person(where)
    account(late, since=now - timedelta(days=300))
    deactivations.resignation_record(
        person_id=late.pk, last_working_day=now.date() - timedelta(days=5), actor=support, now=now
    )
    review = BreachReview.objects.get(request__person=late)
    campaign = access_review_open(site=where, now=now)
    assert campaign is not None
    # An application of each site's own: a run is seen by whose site it compared.
    own = Application.objects.create(code=f"APP-{where.code}", name="App")
    Account.objects.create(application=own, user_id="A-1", site=where, created_at=now, activated_at=now)
    file = SimpleUploadedFile("daftar.csv", b"User ID,Status\nA-1,Aktif\n")
    params = {"application": own.pk, "taken_at": now.isoformat()}
    brought = job_start(kind="userids.reconcile", params=params, owner=user(Role.IT), now=now, file=file)
    brought.owner = stranger
    brought.save(update_fields=["owner"])
    run = reconciliation_run(
        application=own, listing=listing([Listed("ASING", True)]), source=ListSource.FILE, taken_at=now, confirmed=True,
        actor=user(Role.IT), now=now,
    )  # fmt: skip
    finding = Finding.objects.get(first_run=run, kind="unknown")
    return {
        "account": holding.pk, "resignation": resignation.pk, "replacement": replacement.pk,
        "request": DeactivationRequest.objects.get(account=holding).pk, "review": review.pk, "campaign": campaign.pk,
        "job": job_of_a_stranger(stranger, support).pk, "run": run.pk, "finding": finding.pk, "list": brought.pk,
        "application": own.pk,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])


def test_an_agent_sees_the_own_id_and_not_who_had_it_before(floor: Any) -> None:
    agent = User.objects.create_user("an.agent", person=floor.agent)
    agent.roles.create(role=Role.AGENT, site=floor.jkt, starts_on="2020-01-01")
    before = person(floor.jkt, name="Pemegang Lama")
    Assignment.objects.create(
        account=floor.account, person=before, email="lama@x.test", starts_at=floor.account.activated_at - timedelta(9),
        ends_at=floor.account.activated_at,
    )  # fmt: skip
    client = Client()
    client.force_login(agent)
    url = reverse("userids:account", args=[floor.account.pk])
    page = client.get(url).content.decode()
    assert floor.account.user_id in page
    assert "Pemegang Lama" not in page
    as_of = (floor.account.activated_at - timedelta(2)).isoformat()
    assert client.get(reverse("api:userids-accounts"), {"as_of": as_of}).status_code == 403
    assert client.get(reverse("userids:accounts"), {"as_of": as_of[:16]}).status_code == 403
    assert "Pemegang Lama" not in client.get(reverse("api:userids-assignments")).content.decode()


def test_a_role_that_ended_yesterday_lets_nobody_in(floor: Any) -> None:
    today = timezone.localdate()
    floor.leader.roles.update(ends_on=today - timedelta(days=1))
    floor.resign(today + timedelta(days=3), now=timezone.now())
    client = Client()
    client.force_login(floor.leader)
    assert client.get(floor.request.get_absolute_url()).status_code == 404


def test_resignations_of_others_stay_theirs(floor: Any) -> None:
    floor.resign(timezone.localdate() + timedelta(days=3), now=timezone.now())
    foreign = user(Role.SUPPORT, floor.ygy)
    assert not Resignation.objects.visible_to(foreign).filter(person=floor.agent).exists()
    assert Resignation.objects.visible_to(floor.support).filter(person=floor.agent).exists()
