"""Giving an approval and calling it back. What was decided stays; a call-back is a row of its own."""

from datetime import datetime

from django.db import models, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from occ.approvals.choices import Decision
from occ.approvals.models import Approval, Recall
from occ.approvals.proving import Proof
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import roles_of


@transaction.atomic
def approval_give(
    *, subject: models.Model, list_sha256: str, decision: str, reason: str, proof: Proof, site: Site, actor: User,
    now: datetime,
) -> Approval:  # fmt: skip
    """Record what the actor decided about the list of that hash. The caller has checked that the actor may.

    Raises NotAllowed (somebody else's proof), Invalid (no reason for a refusal, whole or in part).
    """
    if proof.user_id != actor.pk:
        raise NotAllowed
    if decision != Decision.APPROVED and not reason.strip():
        raise Invalid(_("Say why it is refused."), field="reason")
    approval = Approval.objects.create(
        subject=subject, list_sha256=list_sha256, decision=decision, reason=reason.strip()[:300], decided_by=actor,
        name=name_of(actor), position=position_of(actor), decided_at=now, second_factor=proof.second_factor,
    )  # fmt: skip
    data = {"decision": decision, "list_sha256": list_sha256, "reason": reason, "second_factor": proof.second_factor}
    record(actor=actor, action="approval.given", subject=subject, data=data, now=now, site=site)
    return approval


@transaction.atomic
def approval_recall(*, approval_id: int, reason: str, site: Site, actor: User, now: datetime) -> Recall:
    """Call an approval back. The caller has checked that it was not used yet.

    Raises Invalid (no reason), WrongState (called back already).
    """
    if not reason.strip():
        raise Invalid(_("Say why it is called back."), field="note")
    approval = Approval.objects.select_for_update(of=("self",), no_key=True).get(pk=approval_id)
    if Recall.objects.filter(approval=approval).exists():
        raise WrongState(_("It was called back already."))
    recall = Recall.objects.create(
        approval=approval, recalled_by=actor, recalled_at=now, reason=reason.strip()[:300]
    )  # fmt: skip
    data = {"list_sha256": approval.list_sha256, "reason": reason}
    record(actor=actor, action="approval.recalled", subject=approval, data=data, now=now, site=site)
    return recall


def name_of(user: User) -> str:
    return user.person.name if user.person is not None else str(user)


def position_of(user: User) -> str:
    """The person's position, else the first of their roles in the procedures' language."""
    if user.person is not None:
        return user.person.position
    held = roles_of(user)
    with translation.override("id"):
        return str(Role(held[0].role).label) if held else "-"
