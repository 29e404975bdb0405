"""A site's month of evaluation: opened, reported, approved, distributed, validated, paid, corrected (SDM-6; MO 4.1.4).

What is approved is the report's list by its SHA-256: whatever changes in one reckoning voids it. Each approval keeps a
result of every evaluation whose reckoning is another than the one kept before.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from occ.approvals.choices import Decision
from occ.approvals.proving import Proof
from occ.approvals.services import approval_give
from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue, document_revise
from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.obligations.services import Owed, obligation_cancel, obligation_fulfil, obligation_open, obligations_open
from occ.obligations.services import of as open_duty
from occ.people.actors import BEAT, Actor, SystemActor
from occ.people.choices import Role
from occ.people.history import create_many, sign
from occ.people.models import Site, Team, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import local_day, month_of
from occ.workflow.services import begin, begin_many, step, step_many, too_late
from sdm.evaluating import notices
from sdm.evaluating.choices import EvaluationStatus as E
from sdm.evaluating.deadlines import due_at_latest, due_in_days
from sdm.evaluating.documents import REPORTS, report_body
from sdm.evaluating.policies import (
    AGAIN_DAYS,
    APPROVE,
    APPROVE_DAY,
    CARDS,
    PAY,
    PAY_DAYS,
    REPORT,
    REPORT_DAY,
    SCORE_DAY,
    SUPERIORS,
    TELL_DAYS,
    VALIDATE,
    VALIDATE_DAYS,
    row_for,
    scores_rule,
    telling_rule,
)
from sdm.evaluating.workflow import EVALUATION, PERFORMANCE, PERIOD
from sdm.models import (
    Employee,
    Evaluation,
    EvaluationPeriod,
    EvaluationResult,
    EvaluationSheet,
    IncentiveScheme,
    Placement,
)
from sdm.services.evaluation_amounts import Decided, decided_by
from sdm.services.evaluation_reckoning import (
    book_of,
    last_day,
    list_fingerprint,
    number,
    policies_at,
    reckoned,
    span_of,
    terms_in,
)

logger = logging.getLogger(__name__)
LOCK = 77_061  # of advisory locks: one for each site's months of evaluation
BACK = 2  # months that beat opens by itself; older ones by hand
NAMED = 5  # people named in a refusal
Report = Callable[[float], None]


def _days(key: str, period: EvaluationPeriod, now: datetime) -> float:
    return float(policy_value(key, at=now, site=period.site))


def _owe(period: EvaluationPeriod, rule: str, due: datetime, actor: Actor, now: datetime) -> None:
    """One open obligation of the rule: another than stands is not opened beside it."""
    if open_duty(period, rule=rule) is None:
        obligation_open(
            rule=rule, subject=period, label=str(period), site=period.site, team=None, starts_at=now, due_at=due,
            actor=actor, now=now,
        )  # fmt: skip


def _done(period: EvaluationPeriod, rule: str, actor: Actor, now: datetime) -> None:
    evidence = {"status": period.status, "list_sha256": period.list_sha256}
    obligation_fulfil(subject=period, rule=rule, at=now, evidence=evidence, actor=actor, now=now)


# Opening ------------------------------------------------------------------------------------------------------------


def may_open(actor: Actor, site: Site) -> bool:
    return isinstance(actor, SystemActor) or has_role(actor, PERFORMANCE, site=site)


def who_is_due(site: Site, month: date) -> tuple[list[tuple[Employee, str, Team | None]], list[Employee]]:
    """Who worked at the site on the month's last day, each with the role of the superior and, under a team leader, the
    team; and whom no card names, so that they are shown and not forgotten."""
    last, at = last_day(month), policies_at(site, month)
    cards = policy_value(CARDS, at=at, site=site)
    superiors = policy_value(SUPERIORS, at=at, site=site)
    there = Placement.objects.standing_on(last).filter(site=site).values("employee_id")
    due, left_out = [], []
    for employee in Employee.objects.filter(pk__in=there).placed_on(last).order_by("pk"):
        place = employee.place
        assert place is not None
        if not row_for(cards, place.position):
            left_out.append(employee)
            continue
        rows = row_for(superiors, place.position)
        role = rows[0]["role"] if rows else str(Role.COORDINATOR)
        due.append((employee, role, employee.team if role == Role.TEAM_LEADER else None))
    return due, left_out


@transaction.atomic
def period_open(*, site: Site, month: date, actor: Actor, now: datetime) -> EvaluationPeriod:
    """Open a month that is over: each employee's evaluation is due, each superior owes the scores.

    Raises NotAllowed, WrongState (not over, opened already), Invalid (no scheme in force, nobody to evaluate).
    """
    if not may_open(actor, site):
        raise NotAllowed
    month = month_of(month)
    if now < span_of(site, month)[1]:
        raise WrongState(_("This month is not over yet."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, site.pk])
    if EvaluationPeriod.objects.filter(site=site, month=month).exists():
        raise WrongState(_("The evaluations of this month are open already."))
    scheme = IncentiveScheme.objects.in_force(site, month)
    if scheme is None:
        words = _("No incentive scheme was in force in that month. Publish one first, also if it pays nothing.")
        raise Invalid(words, field="month")
    due, _left_out = who_is_due(site, month)
    if not due:
        raise Invalid(_("Nobody worked there in that month whose position is evaluated."), field="month")
    period = EvaluationPeriod(site=site, month=month, scheme=scheme, opened_at=now)
    sign(period, actor, _("Opened"), now=now)
    period.save()
    begin(PERIOD, period, actor=actor, now=now)
    _sheets(period, due, actor, now)
    _owe(period, REPORT, _by_day(period, REPORT_DAY, now), actor, now)
    return period


def _by_day(period: EvaluationPeriod, key: str, now: datetime) -> datetime:
    again = _days(AGAIN_DAYS, period, now)
    return due_at_latest(period.month, _days(key, period, now), now, again, period.site.zone)


def _sheets(
    period: EvaluationPeriod, due: list[tuple[Employee, str, Team | None]], actor: Actor, now: datetime
) -> None:
    made: dict[tuple[str, int | None], EvaluationSheet] = {}
    for _employee, role, team in due:
        key = (role, team.pk if team else None)
        if key not in made:
            made[key] = EvaluationSheet.objects.create(period=period, site=period.site, team=team, role=role)
    rows = [
        Evaluation(
            period=period, sheet=made[role, team.pk if team else None], month=period.month, site=period.site,
            person=employee.person,
            position=employee.place.position if employee.place else "",
        )
        for employee, role, team in due
    ]  # fmt: skip
    create_many(rows, actor=actor, why="due", now=now)
    begin_many(EVALUATION, rows, actor=actor, now=now)
    until = _by_day(period, SCORE_DAY, now)
    for role in sorted({role for role, _team in made}):
        owed = [Owed(one, str(one), period.site, one.team, now, until) for one in made.values() if one.role == role]
        obligations_open(rule=scores_rule(role), owed=owed, actor=actor, now=now)


def periods_open(*, now: datetime) -> int:
    """Beat: months that are over, of sites with a scheme in force; how many were opened."""
    done = 0
    for site in Site.objects.all():
        month = month_of(local_day(now, site.zone))
        for _back in range(BACK):
            month = month_of(month - timedelta(days=1))
            done += _open_due(site, month, now)
    return done


def _open_due(site: Site, month: date, now: datetime) -> int:
    if EvaluationPeriod.objects.filter(site=site, month=month).exists():
        return 0
    if IncentiveScheme.objects.in_force(site, month) is None:
        return 0
    try:
        period_open(site=site, month=month, actor=BEAT, now=now)
    except Refused:  # somebody was quicker, or there is nobody to evaluate
        return 0
    except Exception:
        logger.exception("evaluations not opened", extra={"data": {"site": site.code, "month": f"{month:%Y-%m}"}})
        return 0
    return 1


# The report -----------------------------------------------------------------------------------------------------------


def may_compile(user: User, period: EvaluationPeriod) -> None:
    """Raises NotAllowed, WrongState (it stands elsewhere, or scores are not verified yet)."""
    definition = PERIOD.find("compile")
    if not definition.open_to(user, period.site):
        raise NotAllowed
    if period.status not in definition.source:
        raise WrongState(too_late(PERIOD, period, definition, reader=user))
    waiting = Evaluation.objects.filter(period=period).unsettled().count()
    if waiting:
        raise WrongState(
            _("Evaluations that are not verified yet: %(n)s. Score, verify or leave them out.") % {"n": waiting}
        )


def period_compile(
    *, period_id: int, actor: User, now: datetime, report: Report = lambda share: None
) -> EvaluationPeriod:
    """Reckon all that is verified, and make the report of it. Raises NotAllowed, WrongState, Invalid (no total)."""
    also: dict[str, Any] = {
        "compiled_at": now, "compiled_by": actor, "approved_at": None, "approved_by": None, "validated_at": None,
        "validated_by": None,
    }  # fmt: skip
    with step(PERIOD, EvaluationPeriod, period_id, "compile", actor=actor, now=now, also=also) as period:
        waiting = Evaluation.objects.filter(period=period).unsettled().count()
        if waiting:
            raise WrongState(
                _("Evaluations that are not verified yet: %(n)s. Score, verify or leave them out.") % {"n": waiting}
            )
        rows = _reckon(period, report)
        period.list_sha256 = list_fingerprint((one.pk, one.reckoned) for one in rows)
        sign(period, actor, "compile", now=now)
        period.save(update_fields=["list_sha256"])
        _done(period, REPORT, actor, now)
        _owe(period, APPROVE, _by_day(period, APPROVE_DAY, now), actor, now)
        return period


def _reckon(period: EvaluationPeriod, report: Report) -> list[Evaluation]:
    book = book_of(period)
    rows = list(
        period.evaluations.exclude(status=E.WAIVED).select_for_update(of=("self",), no_key=True)
        .select_related("person__site").order_by("pk")
    )  # fmt: skip
    without = []
    for n, row in enumerate(rows, 1):
        row.reckoned = reckoned(row, book)
        row.total, row.amount = number(row.reckoned["total"]), number(row.reckoned["amount"])
        if row.total is None:
            without.append(row.person.name)
        if n % 20 == 0:
            report(0.9 * n / len(rows))
    if without:
        raise Invalid(
            _("Too little is known for a total of: %(names)s. Send them back or leave them out, and say why.")
            % {"names": ", ".join(without[:NAMED]) + (" …" if len(without) > NAMED else "")}
        )
    Evaluation.objects.bulk_update(rows, ["reckoned", "total", "amount"], batch_size=500)
    return rows


@transaction.atomic
def period_approve(
    *, period_id: int, seen: str, proof: Proof, note: str = "", decisions: Mapping[int, Decided] | None = None,
    actor: User, now: datetime,
) -> EvaluationPeriod:  # fmt: skip
    """The Operation Manager approves exactly the list that was shown (`seen`); results are kept for good.

    `decisions`: by evaluation, of all that have no amount. Raises NotAllowed (also: who made the report), WrongState
    (also: the list is another by now), Invalid (one without an amount is not decided).
    """
    locked = EvaluationPeriod.objects.select_for_update(of=("self",), no_key=True)
    if locked.get(pk=period_id).compiled_by_id == actor.pk:
        raise NotAllowed(_("You made the report: somebody else approves it."))
    also = {"approved_at": now, "approved_by": actor}
    evidence = {"list_sha256": seen}
    with step(
        PERIOD, EvaluationPeriod, period_id, "approve", actor=actor, now=now, note=note, evidence=evidence, also=also
    ) as period:
        rows = list(period.evaluations.exclude(status=E.WAIVED).select_related("person").order_by("pk"))
        if seen != period.list_sha256 or seen != list_fingerprint((one.pk, one.reckoned) for one in rows):
            raise WrongState(_("The report was made anew since you looked: read it again."), code="changed")
        approval_give(
            subject=period, list_sha256=seen, decision=Decision.APPROVED, reason=note, proof=proof, site=period.site,
            actor=actor, now=now,
        )  # fmt: skip
        _freeze(period, rows, decisions or {}, actor, now)
        _done(period, APPROVE, actor, now)
        return period


def latest_results(period: EvaluationPeriod) -> dict[int, EvaluationResult]:
    """By evaluation, the result kept last."""
    newest = EvaluationResult.objects.filter(evaluation=OuterRef("evaluation")).order_by("-number").values("pk")[:1]
    rows = EvaluationResult.objects.filter(evaluation__period=period, pk=Subquery(newest))
    return {one.evaluation_id: one for one in rows.select_related("scheme", "approved_by")}


def _freeze(
    period: EvaluationPeriod, rows: list[Evaluation], decisions: Mapping[int, Decided], actor: User, now: datetime
) -> None:
    before, terms = latest_results(period), terms_in(period.scheme)
    made, by_hand, waiting = [], [], 0
    for row in rows:
        content, amount = row.reckoned, row.amount
        if number(row.reckoned["amount"]) is None:
            decided = decided_by(row, terms, decisions)
            content, amount = row.reckoned | {"decided": decided.as_json()}, decided.amount
            row.amount = amount
            by_hand.append(row)
            waiting += amount is None
        last = before.get(row.pk)
        if last is not None and last.content == content:
            continue
        assert row.total is not None
        made.append(
            EvaluationResult(
                evaluation=row, number=last.number + 1 if last else 1, scheme=period.scheme, content=content,
                total=row.total, amount=amount, frozen_at=now, approved_by=actor,
            )
        )  # fmt: skip
    EvaluationResult.objects.bulk_create(made, batch_size=500)
    Evaluation.objects.bulk_update(by_hand, ["amount"], batch_size=500)
    data = {"results": len(made), "list_sha256": period.list_sha256}
    if by_hand:
        data |= {"by_hand": len(by_hand) - waiting, "without_amount": waiting}
    record(actor=actor, action="sdm.evaluations_frozen", subject=period, data=data, now=now, site=period.site)


def period_refuse(*, period_id: int, note: str, actor: User, now: datetime) -> EvaluationPeriod:
    """Not approved ("Tidak"): back to the report."""
    with step(PERIOD, EvaluationPeriod, period_id, "refuse", actor=actor, now=now, note=note) as period:
        _done(period, APPROVE, actor, now)
        _report_again(period, note, actor, now)
        return period


def period_reject(*, period_id: int, note: str, actor: User, now: datetime) -> EvaluationPeriod:
    """Central performance finds it not as it should be ("Tidak"): back to the report."""
    with step(PERIOD, EvaluationPeriod, period_id, "reject", actor=actor, now=now, note=note) as period:
        _done(period, VALIDATE, actor, now)
        _report_again(period, note, actor, now)
        return period


def period_reopen(*, period_id: int, note: str, actor: User, now: datetime) -> EvaluationPeriod:
    """A correction of what was approved: it goes the whole way again; what was paid stays, differences follow."""
    with step(PERIOD, EvaluationPeriod, period_id, "reopen", actor=actor, now=now, note=note) as period:
        for rule in (VALIDATE, PAY):
            obligation_cancel(subject=period, rule=rule, reason=note[:200], actor=actor, now=now)
        _report_again(period, note, actor, now)
        return period


def _report_again(period: EvaluationPeriod, note: str, actor: User, now: datetime) -> None:
    again = due_in_days(now, _days(AGAIN_DAYS, period, now), period.site.zone)
    _owe(period, REPORT, again, actor, now)
    params = {"period": f"{period.site.code} {period.month:%Y-%m}", "reason": note.strip()[:200], "who": str(actor)}
    to = [one for one in audience(Role.QUALITY_ASSURANCE, site=period.site, now=now) if one.pk != actor.pk]
    key = f"evaluation_period:{period.pk}:{now.timestamp():.0f}"
    notify(to=to, kind=notices.SENT_BACK.key, params=params, key=key, url=period.get_absolute_url(), now=now)


# Distribution, validation, payment ---------------------------------------------------------------------------------


def period_distribute(*, period_id: int, actor: User, now: datetime) -> EvaluationPeriod:
    """The report is issued; who has a result that was not told yet is told and asked to sign."""
    also = {"distributed_at": now}
    with step(PERIOD, EvaluationPeriod, period_id, "distribute", actor=actor, now=now, also=also) as period:
        _told(period, actor, now)
        _issue(period, actor, now)
        _owe_telling(period, actor, now)
        due = due_in_days(now, _days(VALIDATE_DAYS, period, now), period.site.zone)
        _owe(period, VALIDATE, due, actor, now)
        return period


def _told(period: EvaluationPeriod, actor: User, now: datetime) -> None:
    numbers = {pk: one.number for pk, one in latest_results(period).items()}
    rows = period.evaluations.exclude(status=E.WAIVED)
    groups: dict[int, list[int]] = defaultdict(list)
    for pk, status, told in rows.values_list("pk", "status", "told_number"):
        if status == E.VERIFIED or told != numbers[pk]:
            groups[numbers[pk]].append(pk)
    month = f"{period.month:%Y-%m}"
    for told_number, pks in sorted(groups.items()):
        also: dict[str, Any] = {"told_number": told_number, "signed_at": None, "signed_by": None, "reply": ""}
        found = step_many(
            EVALUATION, Evaluation.objects.filter(pk__in=pks), "tell", actor=actor, now=now, also=also
        )  # fmt: skip
        by_person = {one.person_id: one for one in found}
        for user in User.objects.filter(person__in=list(by_person), is_active=True).select_related("person"):
            assert user.person_id is not None
            row = by_person[user.person_id]
            key = f"told:{row.pk}:{told_number}"
            notify(to=[user], kind=notices.TOLD.key, params={"month": month}, key=key, url=row.get_absolute_url(),
                   now=now)  # fmt: skip


def _issue(period: EvaluationPeriod, actor: User, now: datetime) -> None:
    language = (get_language() or "id")[:2]
    given: dict[str, Any] = {
        "type": REPORTS, "title": str(REPORTS.title), "language": language, "actor": actor, "now": now,
        "data": report_body(period, language=language), "period": (period.month, last_day(period.month)),
    }  # fmt: skip
    standing = documents_of(period).filter(status="valid").first()
    if standing is None:
        document_issue(site=period.site, subject=period, **given)
    else:
        document_revise(document_id=standing.pk, reason=_("Corrected and approved anew"), **given)


def documents_of(period: EvaluationPeriod) -> models.QuerySet[IssuedDocument]:
    kind = EvaluationPeriod._meta.label_lower
    return IssuedDocument.objects.filter(subject_type=kind, subject_id=str(period.pk))


def _owe_telling(period: EvaluationPeriod, actor: User, now: datetime) -> None:
    due = due_in_days(now, _days(TELL_DAYS, period, now), period.site.zone)
    waiting = period.evaluations.filter(status=E.TOLD).values("sheet")
    for sheet in period.sheets.filter(pk__in=waiting).select_related("team", "site", "period"):
        rule = telling_rule(sheet.role)
        if open_duty(sheet, rule=rule) is None:
            obligation_open(
                rule=rule, subject=sheet, label=str(sheet), site=period.site, team=sheet.team, starts_at=now,
                due_at=due, actor=actor, now=now,
            )  # fmt: skip


@transaction.atomic
def period_validate(*, period_id: int, note: str = "", actor: User, now: datetime) -> EvaluationPeriod:
    """Central performance validates what the operation reported. Raises NotAllowed (who made or approved it)."""
    also = {"validated_at": now, "validated_by": actor}
    with step(PERIOD, EvaluationPeriod, period_id, "validate", actor=actor, now=now, note=note, also=also) as period:
        if actor.pk in (period.compiled_by_id, period.approved_by_id):
            raise NotAllowed(_("You made or approved the report: somebody else validates it."))
        _done(period, VALIDATE, actor, now)
        _owe(period, PAY, due_in_days(now, _days(PAY_DAYS, period, now), period.site.zone), actor, now)
        return period


TRANSITIONS: dict[str, Any] = {
    "compile": period_compile, "approve": period_approve, "refuse": period_refuse, "distribute": period_distribute,
    "validate": period_validate, "reject": period_reject, "reopen": period_reopen,
}  # fmt: skip
