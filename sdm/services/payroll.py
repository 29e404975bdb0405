"""What payroll is given: a numbered run of what is not paid yet, made once however often it is asked for (SDM-6).

Under the period's lock each evaluation's kept result is set against what earlier runs paid of it. The first run is the
month's; after a correction a supplement holds the differences alone, which may be negative. A run never changes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from occ.errors import NotAllowed, WrongState
from occ.ledger.services import record
from occ.notifications.services import notify
from occ.obligations.services import obligation_fulfil
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn, write_csv, write_workbook
from occ.workflow.services import step
from sdm.evaluating import notices
from sdm.evaluating.choices import EvaluationStatus, PeriodStatus, RunKind
from sdm.evaluating.documents import remark_said
from sdm.evaluating.policies import PAY
from sdm.evaluating.workflow import PAYROLL, PERIOD
from sdm.models import EvaluationPeriod, EvaluationResult, PayrollLine, PayrollRun
from sdm.models.evaluating import PAY_READERS
from sdm.services.evaluation_amounts import waiting_at
from sdm.services.evaluation_periods import latest_results
from sdm.services.evaluation_reckoning import fingerprint, text

READY = frozenset({PeriodStatus.VALIDATED, PeriodStatus.PAID})
ZERO = Decimal(0)


def may_run(user: User, period: EvaluationPeriod) -> bool:
    return has_role(user, PAYROLL, site=period.site)


def owed(period: EvaluationPeriod) -> list[tuple[EvaluationResult, int, Decimal, Decimal]]:
    """What is not paid yet: the result, its evaluation, what was paid before, and the difference.

    Who was left out since is owed nothing; what has no amount waits, and what was paid of it stays."""
    lines = PayrollLine.objects.filter(run__period=period)
    before = dict(
        lines.order_by().values("evaluation_id").annotate(sum=Sum("amount")).values_list("evaluation_id", "sum")
    )
    waived = set(period.evaluations.filter(status=EvaluationStatus.WAIVED).values_list("pk", flat=True))
    found = []
    for pk, result in sorted(latest_results(period).items()):
        due = ZERO if pk in waived else result.amount
        if due is not None and due != (had := before.get(pk, ZERO)):
            found.append((result, pk, had, due - had))
    return found


@transaction.atomic
def payroll_run(*, period_id: int, actor: User, now: datetime) -> tuple[PayrollRun, bool]:
    """Give payroll what is not paid yet: the run, and whether it was made now. Twice is once.

    Raises NotAllowed, WrongState (not validated yet).
    """
    period = (
        EvaluationPeriod.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=period_id)
    )
    if not may_run(actor, period):
        raise NotAllowed
    if period.status not in READY:
        raise WrongState(_("Payroll is given a month once central performance has validated it."))
    rows, last = owed(period), period.runs.order_by("-sequence").first()
    if last is not None and not rows:
        return last, False
    sequence = last.sequence + 1 if last else 1
    said = [[pk, result.number, text(had), text(due)] for result, pk, had, due in rows]
    run = PayrollRun.objects.create(
        period=period, site=period.site, sequence=sequence, kind=RunKind.SUPPLEMENT if last else RunKind.MAIN,
        number=f"INS/{period.site.code}/{period.month:%Y-%m}/{sequence}", people=len(rows),
        total=sum((due for _result, _pk, _had, due in rows), ZERO), lines_sha256=fingerprint(said), made_at=now,
        made_by=actor,
    )  # fmt: skip
    PayrollLine.objects.bulk_create(
        [
            PayrollLine(run=run, evaluation_id=pk, result=result, before=had, amount=due)
            for result, pk, had, due in rows
        ],
        batch_size=1_000,
    )
    _tell_taken_back(run, now)
    data = {"number": run.number, "people": run.people, "total": text(run.total), "sha256": run.lines_sha256}
    record(actor=actor, action="sdm.payroll_run", subject=run, data=data, now=now, site=period.site)
    return run, True


def _tell_taken_back(run: PayrollRun, now: datetime) -> None:
    """Whoever was paid too much is told before it is settled; how much stands in payroll's file only."""
    for line in run.lines.filter(amount__lt=ZERO).select_related("evaluation"):
        users = User.objects.filter(person_id=line.evaluation.person_id, is_active=True)
        key = f"{notices.TAKEN_BACK.key}:{run.pk}:{line.evaluation_id}"
        notify(to=list(users), kind=notices.TAKEN_BACK.key, params={"month": f"{run.period.month:%Y-%m}"}, key=key,
               url=line.evaluation.get_absolute_url(), now=now)  # fmt: skip


def period_pay(*, period_id: int, evidence: dict[str, Any], actor: User, now: datetime) -> EvaluationPeriod:
    """The incentive is paid: with the payment's proof, and once payroll was given all of it. Raises WrongState."""
    with step(
        PERIOD, EvaluationPeriod, period_id, "pay", actor=actor, now=now, evidence=evidence, also={"paid_at": now}
    ) as period:
        if not period.runs.exists() or owed(period):
            raise WrongState(_("Make the payroll run first: not all of it was given to payroll."))
        kept = {"runs": list(period.runs.order_by("sequence").values_list("number", flat=True)), **evidence}
        obligation_fulfil(subject=period, rule=PAY, at=now, evidence=kept, actor=actor, now=now)
        return period


# The file -----------------------------------------------------------------------------------------------------------


def proof_visible(user: User, pk: str) -> bool:
    """Who reads the proof of a payment: who reads amounts."""
    found = EvaluationPeriod.objects.visible_to(user).filter(pk=pk).select_related("site").first()
    return found is not None and has_role(user, PAY_READERS, site=found.site)


def columns() -> list[OutColumn]:
    return [OutColumn(_("Run"), 22), OutColumn(_("Employee number"), 16), OutColumn(_("Name"), 28),
            OutColumn(_("Position"), 22), OutColumn(_("Site"), 14), OutColumn(_("Month"), 12),
            OutColumn(_("Total"), 10), OutColumn(_("Incentive scheme"), 24), OutColumn(_("Incentive (Rp)"), 16),
            OutColumn(_("Paid before (Rp)"), 16), OutColumn(_("To pay now (Rp)"), 16),
            OutColumn(_("Result"), 8), OutColumn(_("Remark"), 60)]  # fmt: skip


def lines_of(run: PayrollRun) -> Iterable[list[Any]]:
    """What it pays; then who has no amount yet, with the reason and nothing to pay."""
    rows = run.lines.select_related("evaluation__person", "result__scheme").order_by("evaluation__person__number")
    for one in rows:
        person = one.evaluation.person
        yield [run.number, person.number, person.name, one.evaluation.position, run.site.name,
               f"{run.period.month:%Y-%m}", one.result.total, str(one.result.scheme.name), one.before + one.amount,
               one.before, one.amount, one.result.number, remark_said(one.result.content)]  # fmt: skip
    for result in waiting_at(run.period, run.made_at).order_by("evaluation__person__number"):
        row = result.evaluation
        yield [run.number, row.person.number, row.person.name, row.position, run.site.name,
               f"{run.period.month:%Y-%m}", result.total, str(result.scheme.name), None, None, None, result.number,
               remark_said(result.content)]  # fmt: skip


def run_workbook(out: IO[bytes], run: PayrollRun) -> None:
    meta = {_("Run"): run.number, _("Made"): f"{run.made_at.astimezone(run.site.zone):%Y-%m-%d %H:%M}",
            _("Total (Rp)"): f"{run.total:f}", "SHA-256": run.lines_sha256}  # fmt: skip
    write_workbook(out, title=_("Incentives"), columns=columns(), rows=lines_of(run), meta=meta, zone=run.site.zone)


def run_csv(run: PayrollRun) -> str:
    out = io.StringIO()
    write_csv(out, columns=columns(), rows=lines_of(run), zone=run.site.zone)
    return out.getvalue()


def paid_of(evaluation_ids: Iterable[int]) -> dict[int, tuple[Decimal, int]]:
    """By evaluation what was given to payroll so far, in how many runs."""
    rows = PayrollLine.objects.filter(evaluation__in=list(evaluation_ids)).order_by().values("evaluation_id")
    found = rows.annotate(sum=Sum("amount"), n=Count("pk")).values_list("evaluation_id", "sum", "n")
    return {pk: (total, n) for pk, total, n in found}
