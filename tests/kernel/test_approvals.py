"""Approvals of the kernel: who proved to be there, what exactly was approved, and that it stays (KER-10, RET-8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from occ.approvals.models import Approval, Recall
from occ.approvals.proving import Proof, identity_prove
from occ.approvals.services import approval_give, approval_recall
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.models import Entry
from occ.people.attempts import TooManyAttempts
from occ.people.choices import Role
from tests.factories import NOW, PASSWORD, Floor, user
from tests.login.conftest import code_at, equip

pytestmark = [pytest.mark.django_db, pytest.mark.req("RET-8")]
LIST = "a" * 64


def give(floor: Floor, **given: object) -> Approval:
    client = user(Role.CLIENT)
    proof = identity_prove(user=client, password=PASSWORD, code="", reason="x", now=NOW)
    facts = {"subject": floor.jkt, "list_sha256": LIST, "decision": "approved", "reason": "", "proof": proof,
             "site": floor.jkt, "actor": client, "now": NOW} | given  # fmt: skip
    return approval_give(**facts)  # type: ignore[arg-type]


def test_it_keeps_who_what_when_and_how(floor: Floor) -> None:
    made = give(floor)
    assert (made.subject, made.list_sha256, made.decided_at, made.second_factor) == (floor.jkt, LIST, NOW, False)
    assert Entry.objects.get(action="approval.given").data["list_sha256"] == LIST


def test_it_stays_and_is_called_back_once(floor: Floor) -> None:
    made = give(floor)
    for change in ({"list_sha256": "b" * 64}, {"decision": "refused", "reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Approval.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=made.pk)._raw_delete("default")
    recall = {"approval_id": made.pk, "site": floor.jkt, "actor": made.decided_by, "now": NOW}
    with pytest.raises(Invalid):
        approval_recall(**recall, reason=" ")
    approval_recall(**recall, reason="Salah")
    with pytest.raises(WrongState):
        approval_recall(**recall, reason="Salah")
    assert Recall.objects.count() == 1


def test_a_refusal_says_why(floor: Floor) -> None:
    for decision in ("refused", "in_part"):
        with pytest.raises(Invalid):
            give(floor, decision=decision)


def test_somebody_elses_proof_is_none(floor: Floor) -> None:
    with pytest.raises(NotAllowed):
        give(floor, proof=Proof(floor.leader.pk, False, NOW))


def test_a_code_is_needed_where_one_is_set_up_and_is_good_for_once(floor: Floor) -> None:
    client = user(Role.CLIENT)
    secret = equip(client)
    for wrong in ("", "123456"):
        with pytest.raises(Invalid):
            identity_prove(user=client, password=PASSWORD, code=wrong, reason="x", now=NOW)
    now = timezone.now()
    code = code_at(secret, now)
    assert identity_prove(user=client, password=PASSWORD, code=code, reason="x", now=now).second_factor
    with pytest.raises(Invalid):
        identity_prove(user=client, password=PASSWORD, code=code, reason="x", now=now + timedelta(seconds=1))


def test_guessing_is_stopped(floor: Floor) -> None:
    client = user(Role.CLIENT)
    for _try in range(50):
        with pytest.raises((Invalid, TooManyAttempts)):
            identity_prove(user=client, password="salah", code="", reason="x", now=NOW)
    with pytest.raises(TooManyAttempts):
        identity_prove(user=client, password=PASSWORD, code="", reason="x", now=NOW)
