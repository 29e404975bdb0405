"""Making a transition: lock, read again, check role and state, write, history row, ledger entry: one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.history import sign
from occ.workflow.flows import Flow
from occ.workflow.models import WorkflowStep

M = TypeVar("M", bound=models.Model)


@contextmanager
def step(
    flow: Flow, model: type[M], pk: int, name: str, *, actor: Actor, now: datetime, note: str = "",
    evidence: dict[str, Any] | None = None, also: dict[str, Any] | None = None,
) -> Iterator[M]:  # fmt: skip
    """Make the transition `name`; the body does what it entails, in the same transaction.

    `also` are fields written together with the status. The object needs `status` and `site`. Raises WrongState,
    NotAllowed, Invalid; nothing is changed then.
    """
    definition = flow.find(name)
    with transaction.atomic():
        subject: Any = model._default_manager.select_for_update(of=("self",)).get(pk=pk)
        if not definition.open_to(actor, subject.site):
            raise NotAllowed
        if subject.status not in definition.source:
            raise WrongState(
                _("This cannot be done now: the process stands at “%(state)s”. Somebody may have been quicker.")
                % {"state": flow.states(subject.status).label}
            )
        _complete(definition.needs, note=note, evidence=evidence or {})
        was, subject.status = subject.status, definition.target
        sign(subject, actor, note or name, now=now)
        for field, value in (also or {}).items():
            setattr(subject, field, value)
        subject.save(update_fields=["status", *(also or {})])
        yield subject
        _remember(flow, subject, name, was, actor=actor, now=now, note=note, evidence=evidence or {})


def begin(flow: Flow, subject: Any, *, actor: Actor, now: datetime, note: str = "") -> None:
    """The first history row of a process that was just created."""
    _remember(flow, subject, "", "", actor=actor, now=now, note=note, evidence={})


def _complete(needs: frozenset[str], *, note: str, evidence: dict[str, Any]) -> None:
    if "note" in needs and not note.strip():
        raise Invalid(_("Please write a note: it is kept in the history."), field="note")
    if "evidence" in needs and not any(evidence.values()):
        raise Invalid(_("Please attach the proof, or say what shows it."), field="evidence")


def _remember(
    flow: Flow, subject: Any, name: str, was: str, *, actor: Actor, now: datetime, note: str, evidence: dict[str, Any]
) -> None:
    kept = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in evidence.items()}
    WorkflowStep.objects.create(
        flow=flow.key,
        subject=subject,
        transition=name,
        from_state=was,
        to_state=subject.status,
        at=now,
        actor=actor if isinstance(actor, models.Model) else None,
        actor_label=str(actor)[:150],
        note=note,
        evidence=kept,
    )
    data = {"from": was, "to": subject.status, "note": note, "evidence": kept}
    record(actor=actor, action=f"{flow.key}.{name or 'begin'}", subject=subject, data=data, now=now, site=subject.site)
