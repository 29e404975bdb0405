"""Batches (RET-4): gathered before their time, escalated to Team IT, started, and what becomes of them.

Invariants: a record is in one batch; what arrives after a month's batch was completed makes the month's next part; the
obligation "backed up" is due when the first record of the batch reaches its age.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Min, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations.services import obligation_fulfil, obligation_move, obligation_open
from occ.people.actors import BEAT, Actor
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import local_day, month_of
from occ.workflow.services import begin, step
from retention.choices import STANDING, BatchStatus, FindingKind, RecordKind, RecordState
from retention.deadlines import backup_due, gathers_on, month_bounds
from retention.models import Bag, Batch, Finding, Problem, Record, Schedule, Source
from retention.notices import escalated_tell, incomplete_tell
from retention.notices import stopped_tell as stopped_tell
from retention.personal import WAIVERS
from retention.policies import BACKED_UP, ESCALATE_DAYS, GATHER_DAYS, START_DAYS
from retention.services.findings import findings_write_off
from retention.services.schedule import rule_of, rules_on
from retention.services.sending import back_up_send
from retention.workflow import BACKUP, BATCH

SOME = 20_000
AGAIN = timedelta(days=1)  # what kept a batch from being complete is tried again


def batches_run(*, now: datetime) -> int:
    """All that is due of batches but the backing up itself; returns how much was done."""
    return batches_gather(now=now) + batches_escalate(now=now) + batches_start(now=now)


def batches_gather(*, now: datetime) -> int:
    """Put every record whose month's time has come into that month's batch; how many."""
    count = 0
    for site in Site.objects.order_by("code"):
        today = local_day(now, site.zone)
        days = policy_value(GATHER_DAYS, at=now, site=site)
        rules = rules_on(today)
        for kind in RecordKind.values:
            of_kind = [one for one in rules if one.record_kind == kind]
            if of_kind:
                count += _gather(site, kind, of_kind, today, days, now)
    return count


def _gather(site: Site, kind: str, rules: list[Schedule], today: date, days: int, now: datetime) -> int:
    loose = Record.objects.filter(site=site, kind=kind, batch=None, state=RecordState.CATALOGUED)
    years = min(one.backup_after_years for one in rules)
    count, after = 0, None
    while True:
        rest = loose if after is None else loose.filter(ended_at__gte=after)
        first = rest.order_by("ended_at").values_list("ended_at", flat=True).first()
        if first is None:
            return count
        month = month_of(local_day(first, site.zone))
        if gathers_on(month, years, days) > today:
            return count
        begins, after = month_bounds(month, site.zone)
        of_month = loose.filter(ended_at__gte=begins, ended_at__lt=after)
        for channel, client, rule in _scopes(of_month, kind, rules):
            if gathers_on(month, rule.backup_after_years, days) <= today:
                rows = of_month.filter(channel=channel, source__client=client)
                while some := _join(rows, site, kind, month, rule.backup_after_years, now):
                    count += some


def _scopes(rows: Any, kind: str, rules: list[Schedule]) -> Iterable[tuple[str, str, Schedule]]:
    """The channels and clients of the rows, each with the rule that holds for it."""
    for channel, client in rows.order_by().values_list("channel", "source__client").distinct():
        stub = Record(kind=kind, channel=channel)
        stub.source = Source(client=client)
        rule = rule_of(stub, rules)
        if rule is not None:
            yield channel, client, rule


@transaction.atomic
def _join(rows: Any, site: Site, kind: str, month: date, years: int, now: datetime) -> int:
    """Put some of the rows into the month's open batch, which is made where there is none."""
    some = list(
        rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .order_by("pk")
        .values_list("pk", flat=True)[:SOME]
    )
    if not some:
        return 0
    chosen = Record.objects.filter(pk__in=some)
    facts = chosen.aggregate(n=Count("pk"), size=Sum("size"), first=Min("ended_at"))
    due = backup_due(facts["first"], site.zone, years)
    batch = batch_for(site=site, kind=kind, month=month, due=due, now=now)
    chosen.update(batch=batch)
    Batch.objects.filter(pk=batch.pk).update(
        records_count=F("records_count") + facts["n"], bytes_count=F("bytes_count") + facts["size"]
    )
    return len(some)


def batch_for(*, site: Site, kind: str, month: date, due: datetime, now: datetime) -> Batch:
    """The month's open batch, due no later than `due`; opened where there is none. In the caller's transaction."""
    with connection.cursor() as cursor:  # two at once would open it twice, and one of them fail
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x0CC_20, site.pk])
    of_month = Batch.objects.select_for_update(of=("self",), no_key=True).filter(site=site, kind=kind, month=month)
    parts = list(of_month.select_related("site").order_by("part"))
    batch = next((one for one in parts if one.is_open), None)
    if batch is None:
        batch = Batch(kind=kind, site=site, month=month, part=len(parts) + 1, due_at=due, opened_at=now)
        sign(batch, BEAT, kept(gettext_noop("Gathered")), now=now)
        batch.save()
        begin(BATCH, batch, actor=BEAT, now=now, note=kept(gettext_noop("Gathered")))
        # What is catalogued too late could have been begun when its like began to gather.
        began = min(now, due - timedelta(days=policy_value(GATHER_DAYS, at=now, site=site)))
        obligation_open(
            rule=BACKED_UP, subject=batch, label=batch.identifier, site=site, team=None, starts_at=began, due_at=due,
            late_cause=kept(gettext_noop("Catalogued after its time")) if due <= now else "", actor=BEAT, now=now,
        )  # fmt: skip
    elif due < batch.due_at:
        batch.due_at = due
        sign(batch, BEAT, kept(gettext_noop("An earlier record joined")), now=now)
        batch.save(update_fields=["due_at"])
        obligation_move(
            subject=batch, rule=BACKED_UP, due_at=due,
            starts_at=min(batch.opened_at, due - timedelta(days=policy_value(GATHER_DAYS, at=now, site=site))),
            reason=kept(gettext_noop("An earlier record joined")), actor=BEAT, now=now,
        )  # fmt: skip
    return batch


def batches_escalate(*, now: datetime) -> int:
    """Hand to Team IT whatever no team leader has by then."""
    until = now + timedelta(days=policy_value(ESCALATE_DAYS, at=now))
    waiting = Batch.objects.filter(status=BatchStatus.GATHERING, due_at__lte=until)
    return sum(_unless_quicker(batch_escalate, pk, now) for pk in list(waiting.values_list("pk", flat=True)))


def batches_start(*, now: datetime) -> int:
    """Start what Team IT has not by then, and what is incomplete again each day."""
    until = now + timedelta(days=policy_value(START_DAYS, at=now))
    waiting = Q(status=BatchStatus.ESCALATED, due_at__lte=until) | Q(status=BatchStatus.INCOMPLETE, next_at__lte=now)
    return sum(
        _unless_quicker(batch_start, pk, now) for pk in list(Batch.objects.filter(waiting).values_list("pk", flat=True))
    )


def _unless_quicker(service: Any, pk: int, now: datetime) -> bool:
    try:
        service(batch_id=pk, actor=BEAT, now=now)
    except WrongState:
        return False
    return True


def batch_escalate(*, batch_id: int, actor: Actor, now: datetime) -> Batch:
    """SOP-RET 8.1, steps 5 and 6: Team IT gets the batch. Raises NotAllowed, WrongState."""
    with step(BATCH, Batch, batch_id, "escalate", actor=actor, now=now) as batch:
        escalated_tell(batch, now=now)
    return batch


def batch_start(*, batch_id: int, actor: Actor, now: datetime) -> Batch:
    """Back it up, or try again what kept it from being complete. Raises NotAllowed, WrongState."""
    also = {"next_at": now, "stops": 0, "error": "", "run": None}
    with step(BATCH, Batch, batch_id, "start", actor=actor, now=now, also=also) as batch:
        Problem.objects.filter(batch=batch, settled_at=None).update(tried=False)
        transaction.on_commit(lambda: back_up_send(batch.pk))
    return batch


def batch_stop(*, batch_id: int, now: datetime) -> None:
    """Some of its records cannot be backed up: it is incomplete, and tried again in a day."""
    problems = Problem.objects.filter(batch=batch_id, settled_at=None).count()
    note = kept(gettext_noop("Records that could not be backed up: %(n)s."), n=problems)
    also = {"run": None, "next_at": now + AGAIN}
    with step(BATCH, Batch, batch_id, "stop", actor=BACKUP, now=now, note=note, also=also) as batch:
        incomplete_tell(batch, problems, now=now)


def batch_complete(*, batch_id: int, now: datetime) -> None:
    """Each of its records is backed up or waived (SOP-RET 5.1, 5.2). Raises WrongState."""
    left = Record.objects.filter(batch=batch_id, state=RecordState.CATALOGUED)
    also = {"run": None, "completed_at": now, "next_at": None, "error": ""}
    with step(BATCH, Batch, batch_id, "complete", actor=BACKUP, now=now, also=also) as batch:
        if left.exists():
            raise WrongState(_("Not every record is backed up."))
        bags = Bag.objects.filter(batch=batch, files__gt=0).order_by("number")
        evidence: dict[str, Any] = {
            "records": batch.records_count,
            "backed_up": batch.done_count,
            "bags": [
                {"bag": one.identifier, "files": one.files, "manifest_sha256": one.manifest_sha256} for one in bags
            ],
        }
        obligation_fulfil(subject=batch, rule=BACKED_UP, at=now, evidence=evidence, actor=BACKUP, now=now)
        record(actor=BACKUP, action="retention.batch_backed_up", subject=batch, data=evidence, now=now, site=batch.site)


@transaction.atomic
def record_waive(*, record_id: int, reason: str, actor: User, now: datetime) -> Record:
    """This record goes without a backup, and keeps its batch from being complete no more; where its file is gone, that
    it is has been answered too.

    Raises NotAllowed, WrongState (it has no open problem), Invalid (no reason).
    """
    row = Record.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=record_id)
    if not has_role(actor, WAIVERS, site=row.site):
        raise NotAllowed
    if not reason.strip():
        raise Invalid(_("Say why it goes without a backup."), field="reason")
    problems = Problem.objects.filter(record=row, settled_at=None)
    if row.state != RecordState.CATALOGUED or row.batch_id is None or not problems.exists():
        raise WrongState(_("Only a record that could not be backed up can be waived."))
    row.state, row.waived_because = RecordState.WAIVED, reason.strip()[:300]
    row.save(update_fields=["state", "waived_because"])
    note = kept(gettext_noop("Waived: %(reason)s"), reason=row.waived_because[:200])
    problems_settle(row, note, now=now)
    if row.gone_at is not None:
        lost = Finding.objects.filter(record=row, kind=FindingKind.FILE_GONE, status__in=STANDING)
        findings_write_off(rows=lost, note=note, now=now)
    data = {"reason": row.waived_because}
    record(actor=actor, action="retention.record_waived", subject=row, data=data, now=now, site=row.site)
    return row


def problems_settle(row: Record, note: str, *, now: datetime) -> None:
    """The locked record keeps its batch from being complete no more; in the caller's transaction."""
    Problem.objects.filter(record=row, settled_at=None).update(settled_at=now, settled_note=note[:300])
    if row.batch_id is None:
        return
    left = Problem.objects.filter(batch=row.batch_id, settled_at=None).count()
    fields: dict[str, Any] = {"problems_count": left}
    if not left:  # nothing is in its way: beat starts it, and it completes
        fields["next_at"] = now
    Batch.objects.filter(pk=row.batch_id).update(**fields)


TRANSITIONS = {"escalate": batch_escalate, "start": batch_start}
