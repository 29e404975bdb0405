"""The access matrix of retention (KER-9)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from occ.people.choices import Role
from occ.people.models import Site, User
from retention.choices import FindingKind, ProposalStatus
from retention.models import Bag, Check, Loss, Problem, Proposal, Record, Source, Store
from retention.personal import (
    APPROVERS,
    CATALOGUE_READERS,
    CHECKERS,
    DOWNLOADERS,
    ESCALATORS,
    FINDING_CONFIRMERS,
    HOLDERS,
    LISTENERS,
    LOSS_DECIDERS,
    PLACE_EDITORS,
    PLACE_READERS,
    PROPOSERS,
    READING_AUDITORS,
    REGISTRARS,
    SAYERS,
    UNMASKED,
    WAIVERS,
)
from retention.personal import KEEPERS as RETENTION_KEEPERS
from retention.services.batches import batches_gather
from retention.services.findings import Seen, findings_keep
from retention.services.holds import Scope, hold_set
from retention.services.register import Line, entry_add
from retention.workflow import BATCH, LOSS
from retention.workflow import FINDING as DAMAGE
from tests.access.matrix import EVERYBODY, Row, World, job_of_a_stranger, what_a_stranger_gets, who_is_let_in
from tests.factories import user
from tests.retention.catalogue import source_at

pytestmark = [pytest.mark.req("KER-9"), pytest.mark.timeout(400), pytest.mark.django_db]
CATALOGUERS = set(CATALOGUE_READERS)
LISTED = CATALOGUERS | set(APPROVERS)  # who sees a list that was put before the client
SAYING = set(SAYERS["law"])
EARS = set(LISTENERS)
ROWS: dict[str, Row] = {
    "retention:records": Row(get=CATALOGUERS),
    "retention:record": Row(get=CATALOGUERS, of="record", sees=CATALOGUERS),
    "retention:record_customer": Row(post=set(UNMASKED), of="record", sees=CATALOGUERS),
    # Periods and stores are of every site: whoever changes them has the role for all, which nobody here has.
    "retention:schedule": Row(get=set(PLACE_READERS), post=set()),
    "retention:sources": Row(get=set(PLACE_READERS)),
    "retention:source": Row(get=set(PLACE_READERS), of="source", sees=set(PLACE_READERS)),
    "retention:source_new": Row(get=set(PLACE_EDITORS), post=set(PLACE_EDITORS)),
    "retention:source_edit": Row(get=set(PLACE_EDITORS), post=set(PLACE_EDITORS), of="source", sees=set(PLACE_READERS)),
    "retention:source_try": Row(post=set(PLACE_EDITORS), of="source", sees=set(PLACE_READERS)),
    "retention:source_scan": Row(post=set(RETENTION_KEEPERS), of="source", sees=set(PLACE_READERS)),
    "retention:stores": Row(get=set(PLACE_READERS)),
    "retention:store": Row(get=set(PLACE_READERS), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:store_new": Row(get=set(), post=set()),
    "retention:store_edit": Row(get=set(), post=set(), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:store_fill": Row(post=set(), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:store_try": Row(post=set(), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:import": Row(get=set(RETENTION_KEEPERS), post=set(RETENTION_KEEPERS)),
    "retention:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "retention:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "retention:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "api:retention-records": Row(get=CATALOGUERS, post=set(RETENTION_KEEPERS)),
    "api:retention-record": Row(get=CATALOGUERS, of="record", sees=CATALOGUERS),
    "api:retention-sources": Row(get=set(PLACE_READERS)),
    "api:retention-stores": Row(get=set(PLACE_READERS)),
    "api:retention-store": Row(get=set(PLACE_READERS), of="store", sees=set(PLACE_READERS), shared=True),
    "api:retention-store-fill": Row(post=set(), of="store", sees=set(PLACE_READERS), shared=True),
    "retention:batches": Row(get=set(CATALOGUE_READERS)),
    "retention:batch": Row(get=CATALOGUERS, of="batch", sees=CATALOGUERS),
    "retention:record_waive": Row(get=set(WAIVERS), post=set(WAIVERS), of="record", sees=CATALOGUERS),
    "retention:record_read_file": Row(post=set(WAIVERS), of="record", sees=CATALOGUERS),
    "retention:record_take_file": Row(get=set(WAIVERS), post=set(WAIVERS), of="record", sees=CATALOGUERS),
    "api:retention-record-waive": Row(post=set(WAIVERS), of="record", sees=CATALOGUERS),
    "api:retention-record-read-file": Row(get=set(WAIVERS), post=set(WAIVERS), of="record", sees=CATALOGUERS),
    "api:retention-record-take-file": Row(post=set(WAIVERS), of="record", sees=CATALOGUERS),
    "retention:findings": Row(get=set(CATALOGUE_READERS)),
    "retention:finding": Row(get=CATALOGUERS, of="damage", sees=CATALOGUERS),
    "retention:finding_repair": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "retention:finding_keys": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "retention:finding_lost": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "retention:losses": Row(get=set(CATALOGUE_READERS)),
    "retention:loss": Row(get=CATALOGUERS, of="loss", sees=CATALOGUERS),
    "api:retention-findings": Row(get=CATALOGUERS),
    "api:retention-finding": Row(get=CATALOGUERS, of="damage", sees=CATALOGUERS),
    "api:retention-finding-resolve": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "api:retention-finding-propose": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "api:retention-finding-confirm": Row(post=set(FINDING_CONFIRMERS), of="damage", sees=CATALOGUERS),
    "api:retention-finding-refuse": Row(post=set(FINDING_CONFIRMERS), of="damage", sees=CATALOGUERS),
    "api:retention-finding-keys": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "api:retention-finding-lost": Row(post=set(RETENTION_KEEPERS), of="damage", sees=CATALOGUERS),
    "api:retention-losses": Row(get=CATALOGUERS),
    "api:retention-loss": Row(get=CATALOGUERS, of="loss", sees=CATALOGUERS),
    "api:retention-loss-confirm": Row(post=set(LOSS_DECIDERS), of="loss", sees=CATALOGUERS),
    "api:retention-loss-refuse": Row(post=set(LOSS_DECIDERS), of="loss", sees=CATALOGUERS),
    "retention:checks": Row(get=set(CATALOGUE_READERS)),
    "retention:check": Row(get=CATALOGUERS, of="check", sees=CATALOGUERS),
    "retention:proposals": Row(get=CATALOGUERS),
    "retention:proposal_new": Row(get=set(PROPOSERS), post=set(PROPOSERS)),
    # The client is led to a page of its own.
    "retention:proposal": Row(get=LISTED, of="proposal", sees=LISTED),
    "retention:proposal_lines": Row(get=CATALOGUERS, of="proposal", sees=LISTED),
    "retention:proposal_condition": Row(post=SAYING, of="draft", sees=CATALOGUERS),
    "retention:proposal_release": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED),
    "retention:proposal_papers": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED),
    "retention:proposal_missing": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED),
    "retention:proposal_annex": Row(post=LISTED, of="proposal", sees=LISTED),
    "retention:proposal_issue": Row(get={Role.DOCUMENT_CONTROL}, post={Role.DOCUMENT_CONTROL}, of="proposal",
                                    sees=LISTED),
    "retention:proposal_preview": Row(post={Role.DOCUMENT_CONTROL}, of="proposal", sees=LISTED),
    "retention:proposal_step/submit": Row(post=set(PROPOSERS), of="draft", sees=CATALOGUERS,
                                          kwargs={"transition": "submit"}),
    "retention:proposal_step/withdraw": Row(post={*PROPOSERS, Role.COORDINATOR}, of="proposal", sees=LISTED,
                                            kwargs={"transition": "withdraw"}),
    "retention:proposal_step/recall": Row(post={Role.COORDINATOR}, of="proposal", sees=LISTED,
                                          kwargs={"transition": "recall"}),
    "retention:proposal_step/execute": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED,
                                           kwargs={"transition": "execute"}),
    # Deciding is not among the steps of that page, nor is what the system does by itself.
    **{f"retention:proposal_step/{name}": Row(post=set(), of="proposal", sees=LISTED, kwargs={"transition": name})
       for name in ("approve", "refuse", "void", "retry", "stop", "finish", "issue", "nonsense")},
    "retention:decisions": Row(get=set(APPROVERS)),
    "retention:decision": Row(get=set(APPROVERS), of="proposal", sees=LISTED),
    "retention:decision_make": Row(post=set(APPROVERS), of="proposal", sees=LISTED),
    "retention:decision_recall": Row(post=set(APPROVERS), of="proposal", sees=LISTED),
    "retention:compliance": Row(get=CATALOGUERS),
    "retention:figure_rows": Row(get=CATALOGUERS),
    "retention:holds": Row(get=CATALOGUERS),
    "retention:hold_new": Row(get=set(HOLDERS), post=set(HOLDERS)),
    "retention:hold": Row(get=CATALOGUERS, of="hold", sees=CATALOGUERS),
    "retention:hold_customer": Row(post=set(UNMASKED), of="hold", sees=CATALOGUERS),
    "retention:hold_widen": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "retention:hold_extend": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "retention:hold_lift": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "retention:said": Row(get=EARS, post=EARS),
    "retention:readings": Row(get=set(READING_AUDITORS)),
    "retention:listen": Row(get=EARS, post=EARS, of="call", sees=CATALOGUERS),
    "retention:read": Row(get=EARS, post=EARS, of="chat", sees=CATALOGUERS),
    "retention:media": Row(get=EARS, of="call", sees=CATALOGUERS),
    "retention:take": Row(get=set(DOWNLOADERS), of="call", sees=CATALOGUERS),
    "retention:register": Row(get=CATALOGUERS),
    "retention:register_issue": Row(get=set(REGISTRARS), post=set(REGISTRARS)),
    "retention:entry": Row(get=CATALOGUERS, of="entry", sees=CATALOGUERS),
    "retention:entry_new": Row(get=set(REGISTRARS), post=set(REGISTRARS)),
    "retention:entry_edit": Row(get=set(REGISTRARS), post=set(REGISTRARS), of="entry", sees=CATALOGUERS),
    "retention:entries:import": Row(get=set(REGISTRARS), post=set(REGISTRARS)),
    "retention:entries:import_preview": Row(get=EVERYBODY, of="job", sees=set()),
    "retention:entries:import_apply": Row(post=EVERYBODY, of="job", sees=set()),
    "retention:entries:import_faulty": Row(get=EVERYBODY, of="job", sees=set()),
    "api:retention-batches": Row(get=CATALOGUERS),
    "api:retention-batch": Row(get=CATALOGUERS, of="batch", sees=CATALOGUERS),
    "api:retention-batch-escalate": Row(post=set(ESCALATORS), of="batch", sees=CATALOGUERS),
    "api:retention-batch-start": Row(post=set(RETENTION_KEEPERS), of="batch", sees=CATALOGUERS),
    "retention:batch_check": Row(post=set(CHECKERS), of="batch", sees=CATALOGUERS),
    "api:retention-batch-packages": Row(get=CATALOGUERS, of="batch", sees=CATALOGUERS),
    "api:retention-batch-check": Row(post=set(CHECKERS), of="batch", sees=CATALOGUERS),
    "api:retention-checks": Row(get=CATALOGUERS),
    "api:retention-proposals": Row(get=LISTED, post=set(PROPOSERS)),
    "api:retention-proposal": Row(get=LISTED, of="proposal", sees=LISTED),
    "api:retention-proposal-lines": Row(get=LISTED, of="proposal", sees=LISTED),
    "api:retention-proposal-condition": Row(post=set().union(*SAYERS.values()), of="draft", sees=CATALOGUERS),
    "api:retention-proposal-submit": Row(post=set(PROPOSERS), of="draft", sees=CATALOGUERS),
    "api:retention-proposal-withdraw": Row(post={*PROPOSERS, Role.COORDINATOR}, of="proposal", sees=LISTED),
    "api:retention-proposal-recall": Row(post={*APPROVERS, Role.COORDINATOR}, of="proposal", sees=LISTED),
    "api:retention-proposal-execute": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED),
    "api:retention-proposal-release": Row(post=set(RETENTION_KEEPERS), of="proposal", sees=LISTED),
    "api:retention-proposal-decide": Row(post=set(APPROVERS), of="proposal", sees=LISTED),
    "api:retention-holds": Row(get=CATALOGUERS, post=set(HOLDERS)),
    "api:retention-hold": Row(get=CATALOGUERS, of="hold", sees=CATALOGUERS),
    "api:retention-hold-records": Row(get=CATALOGUERS, of="hold", sees=CATALOGUERS),
    "api:retention-hold-widen": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "api:retention-hold-extend": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "api:retention-hold-lift": Row(post=set(HOLDERS), of="hold", sees=CATALOGUERS),
    "api:retention-register": Row(get=CATALOGUERS),
    "api:retention-entries": Row(get=CATALOGUERS, post=set(REGISTRARS)),
    "api:retention-entry": Row(get=CATALOGUERS, put=set(REGISTRARS), of="entry", sees=CATALOGUERS),
    "api:retention-compliance": Row(get=CATALOGUERS),
}  # fmt: skip
for flow, prefix, of in (
    (BATCH, "retention:batch_step", "batch"), (DAMAGE, "retention:finding_step", "damage"),
    (LOSS, "retention:loss_step", "loss"),
):  # fmt: skip
    for one in flow.transitions:
        if one.by_roles:
            ROWS[f"{prefix}/{one.name}"] = Row(
                post={Role(role) for role in one.by_roles}, of=of, sees=CATALOGUERS, kwargs={"transition": one.name}
            )


def objects_of(where: Site) -> dict[str, Any]:
    now = timezone.now()
    draft, put = proposals_of(where, now)
    support, stranger = user(Role.SUPPORT, where), User.objects.create_user(f"stranger.{where.code}")
    source = source_at(where, "file:///nowhere", code=f"SRC-{where.code}")
    return around_records(where) | backup_objects(where, now) | {
        "source": source.pk, "proposal": put.pk,
        "draft": draft.pk, "job": job_of_a_stranger(stranger, support).pk,
    }  # fmt: skip


def backup_objects(where: Site, now: Any) -> dict[str, int]:
    """A batch with a record that cannot be backed up, a finding and a check of it."""
    source = Source.objects.create(
        code=f"REC-{where.code}", name="Recorder", kind="directory", url="file:///nowhere", record_kind="recording",
        site=where, pattern=".",
    )  # fmt: skip
    ended = now - timedelta(days=400)
    record = Record.objects.create(
        source=source, external_id=f"call-{where.code}", kind="recording", channel="voice", site=where,
        started_at=ended,
        ended_at=ended, path="call.wav", size=1, catalogued_at=now,
    )  # fmt: skip
    batches_gather(now=now)
    record.refresh_from_db()
    Problem.objects.create(batch=record.batch, record=record, kind="missing", found_at=now, tried_at=now)
    store = Store.objects.get_or_create(code="MAIN", name="Main", kind="directory", url="file:///nowhere")[0]
    seen = [Seen(f"bags/{where.code}/000001.pack", where)]
    (damage,) = findings_keep(kind=FindingKind.DAMAGED, place=store, seen=seen, complete=False, now=now)
    check = Check.objects.create(kind="fixity", batch=record.batch, started_at=now, by="x")
    assert record.batch_id is not None
    bag = Bag.objects.create(batch=record.batch, number=1, identifier=f"B-{where.code}", opened_at=now)
    loss = Loss.objects.create(
        number=f"LOSS-{where.code}-2026-0001", site=where, finding=damage, bag=bag, reason="x", declared_at=now,
        declared_by=User.objects.create_user(f"declarer.{where.code}"),
    )  # fmt: skip
    return {"loss": loss.pk} | {
        "batch": record.batch_id,
        "record": record.pk,
        "damage": damage.pk,
        "check": check.pk,
        "store": store.pk,
    }


def proposals_of(where: Site, now: datetime) -> tuple[Proposal, Proposal]:
    """One that is being prepared, and one that lies before the client; nothing is on their lists."""
    made = [
        Proposal.objects.create(
            number=f"MUS-{where.code}-2026-{n:04}", site=where, kind="chat", reason="x", proposed_at=now
        )
        for n in (1, 2)
    ]
    of_nothing = hashlib.sha256(b"").hexdigest()
    made[1].status, made[1].frozen_at, made[1].list_sha256 = ProposalStatus.WITH_CLIENT, now, of_nothing
    made[1].first_day = made[1].last_day = now.date()
    made[1].answer_due_at = now + timedelta(days=9)
    made[1].save()
    return made[0], made[1]


def around_records(where: Site) -> dict[str, Any]:
    """A recording and a chat, a hold on both, a document entered by hand."""
    now, found = timezone.now(), {}
    for kind, name in (("recording", "call"), ("chat", "chat")):
        place = Source.objects.create(
            code=f"{where.code}-{kind.upper()}", name=kind, kind="directory", url=f"file:///nowhere/{kind}", site=where,
            record_kind=kind, channel="voice", pattern="(?P<id>.+)",
        )  # fmt: skip
        found[name] = place.records.create(
            external_id="1", kind=kind, channel="voice", site=where, started_at=now, ended_at=now, path="1", size=1,
            catalogued_at=now,
        ).pk  # fmt: skip
    manager, control = user(Role.MANAGER), user(Role.DOCUMENT_CONTROL)
    scope = Scope(site=where, first_day=now.date() - timedelta(days=9))
    hold = hold_set(scope=scope, reason="audit", note="x", until=None, actor=manager, now=now)
    line = Line(
        number="E-1", title="x", medium="hardcopy", site=where, owner_role="it", place="x", issued_on=now.date(),
        expires_on=now.date(),
    )  # fmt: skip
    return found | {"hold": hold.pk, "entry": entry_add(line=line, actor=control, now=now).pk}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_let_in(world: World, clients: dict[Role, Client], name: str) -> None:
    assert not who_is_let_in(world, clients, name, ROWS[name])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_who_is_not_logged_in_gets_nothing(world: World, name: str) -> None:
    assert not what_a_stranger_gets(world, name, ROWS[name])
