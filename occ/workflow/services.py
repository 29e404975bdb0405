"""Making a transition: lock, read again, check role and state, write, history row, ledger entry: one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record, record_many
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.history import sign, update_many
from occ.people.models import Site, User
from occ.people.scope import has_role, is_outside
from occ.times import local_day
from occ.workflow.flows import Flow, Transition
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
        subject: Any = model._default_manager.select_for_update(of=("self",), no_key=True).get(pk=pk)
        if not definition.open_to(actor, subject.site):
            raise NotAllowed
        if why := definition.refusal(actor, subject):
            raise NotAllowed(why)
        if not definition.is_for(subject):
            raise WrongState(_("This step does not apply here."))
        if subject.status not in definition.source:
            raise WrongState(too_late(flow, subject, definition, reader=actor))
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


def begin_many(flow: Flow, subjects: Sequence[Any], *, actor: Actor, now: datetime, note: str = "") -> None:
    """`begin` for many rows that were just created."""
    _remember_many(flow, [("", one) for one in subjects], "", actor=actor, now=now, note=note, evidence={})


@transaction.atomic
def step_many(
    flow: Flow, rows: "models.QuerySet[M]", name: str, *, actor: Actor, now: datetime, note: str = "",
    evidence: dict[str, Any] | None = None, also: dict[str, Any] | None = None,
) -> list[M]:  # fmt: skip
    """Make the transition for many rows at once; returns those that, once locked, stood where it begins.

    Raises NotAllowed when one of them is not the actor's; Invalid; nothing is changed then.
    """
    definition = flow.find(name)
    _complete(definition.needs, note=note, evidence=evidence or {})
    locked = rows.select_for_update(of=("self",), no_key=True).select_related("site").order_by("pk")
    found: list[Any] = list(locked.filter(status__in=definition.source))
    if any(not definition.open_to(actor, one.site) for one in found):
        raise NotAllowed
    was = [(one.status, one) for one in found]
    fields = {"status": definition.target, **(also or {})}
    if found:
        update_many(found, actor=actor, why=note or name, now=now, **fields)
        _remember_many(flow, was, name, actor=actor, now=now, note=note, evidence=evidence or {})
    return found


def too_late(flow: Flow, subject: Any, wanted: Transition, *, reader: Actor) -> str:
    """Why the step does not follow from where the process stands: by which step it left where this one could be made,
    or came to where it is; whose that was, and when. To the client by role: who works here is no matter of theirs."""
    words = _("This cannot be done now: the process stands at “%(state)s”.")
    said = words % {"state": flow.states(subject.status).label}
    kind = ContentType.objects.get_for_model(subject)
    made = WorkflowStep.objects.filter(flow=flow.key, content_type=kind, object_id=subject.pk).exclude(transition="")
    left = made.filter(from_state__in=wanted.source).exclude(to_state__in=wanted.source)
    last = left.last() or made.last()
    if last is None:
        return said
    step = next((one for one in flow.transitions if one.name == last.transition), None)
    at = date_format(last.at.astimezone(subject.site.zone), "j F Y H:i")
    quicker = _("“%(step)s” was done on %(at)s by %(who)s.")
    done = {"step": step.label if step else last.transition, "at": at, "who": _whose(last, step, subject.site, reader)}
    return f"{said} {quicker % done}"


def _whose(last: WorkflowStep, step: Transition | None, site: Site, reader: Actor) -> str:
    if not (isinstance(reader, User) and is_outside(reader)) or last.actor is None or is_outside(last.actor):
        return last.who
    could, day = step.by_roles if step else set(Role), local_day(last.at, site.zone)
    held = {role for role in could if has_role(last.actor, {role}, site=site, on=day)} or could
    return ", ".join(str(role.label) for role in Role if role in held)


def _complete(needs: frozenset[str], *, note: str, evidence: dict[str, Any]) -> None:
    if "note" in needs and not note.strip():
        raise Invalid(_("Please write a note: it is kept in the history."), field="note")
    shown = any(one.strip() if isinstance(one, str) else one for one in evidence.values())
    if "evidence" in needs and not shown:
        raise Invalid(_("Please attach the proof, or say what shows it."), field="evidence")


def _remember(
    flow: Flow, subject: Any, name: str, was: str, *, actor: Actor, now: datetime, note: str, evidence: dict[str, Any]
) -> None:
    row = _row(flow, subject, name, was, actor, now, note, _kept(evidence))
    row.save(force_insert=True)
    action = f"{flow.key}.{name or 'begin'}"
    record(actor=actor, action=action, subject=subject, data=_facts(row), now=now, site=subject.site)


def _remember_many(
    flow: Flow, subjects: Sequence[tuple[str, Any]], name: str, *, actor: Actor, now: datetime, note: str,
    evidence: dict[str, Any],
) -> None:  # fmt: skip
    rows = [_row(flow, one, name, was, actor, now, note, _kept(evidence)) for was, one in subjects]
    WorkflowStep.objects.bulk_create(rows, batch_size=2_000)
    facts = [(one, _facts(row), one.site) for (_was, one), row in zip(subjects, rows, strict=True)]
    record_many(actor=actor, action=f"{flow.key}.{name or 'begin'}", facts=facts, now=now)


def _kept(evidence: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in evidence.items()}


def _facts(row: WorkflowStep) -> dict[str, Any]:
    return {"from": row.from_state, "to": row.to_state, "note": row.note, "evidence": row.evidence}


def _row(
    flow: Flow, subject: Any, name: str, was: str, actor: Actor, now: datetime, note: str, kept: dict[str, Any]
) -> WorkflowStep:
    return WorkflowStep(
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
