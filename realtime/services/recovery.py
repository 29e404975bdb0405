"""Recovery plans (SOP-RTM 6.6, 8.2; RTM-14): situation, cause, actions, result, verification, and the form that stays.

What the figures were is frozen three times: when the plan is opened, when it was carried out, and when it is verified.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations.services import obligation_cancel, obligation_fulfil, obligation_open
from occ.people.choices import Channel
from occ.people.history import sign
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import end_of_day, local_day, start_of_day
from occ.workflow.services import begin, step
from realtime.choices import ActionKind, AlertKind, Cause, PlanStatus
from realtime.documents import RECOVERY_FORM, recovery_body
from realtime.models import Alert, Interval, PlanAction, RecoveryPlan
from realtime.policies import AHT, DRAW_UP, SCR, SMALL_BASE, VERIFY, VERIFY_HOURS
from realtime.services.figures import total
from realtime.services.intervals import QUARTER, quarter_of
from realtime.services.what_if import Question, agents_at, answers, patience_at
from realtime.workflow import PLANNERS, RECOVERY

SHOWN = timedelta(hours=4)  # of the quarters before the opening


KEPT = ("offered", "answered", "abandoned", "scr", "aht", "asa")


def figures_of(site: Site, channel: str, start: datetime, end: datetime) -> dict[str, Any]:
    """The figures of the quarters that begin in [start, end), as a plan keeps them: rounded, as people read them."""
    found = total(site, channel, start, end)
    said = {name: found[name] for name in KEPT} | {"handling": found["aht_with_wrapup"]}
    rounded = {name: round(value, 2) if isinstance(value, float) else value for name, value in said.items()}
    return {"start": start.isoformat(), "end": end.isoformat()} | rounded


def series_of(site: Site, channel: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    rows = Interval.objects.filter(site=site, channel=channel, starts_at__gte=start, starts_at__lt=end)
    return [
        {"at": one.starts_at.isoformat(), "offered": one.offered, "answered": one.answered,
         "scr": round(100 * one.answered / one.offered, 1) if one.offered else None}
        for one in rows.order_by("starts_at")
    ]  # fmt: skip


@transaction.atomic
def plan_open(*, site: Site, channel: str, alert_id: int | None = None, actor: User, now: datetime) -> RecoveryPlan:
    """Draw up a plan, because of an alert or without one.

    Raises NotAllowed, Invalid, WrongState: there is one for this alert, or a draft of the channel without an alert.
    """
    if not has_role(actor, PLANNERS, site=site):
        raise NotAllowed
    if channel not in Channel.values:
        raise Invalid(_("Choose a channel."), field="channel")
    alert = None
    if alert_id is not None:
        alert = Alert.objects.select_for_update(of=("self",), no_key=True).get(pk=alert_id, site=site)
        if alert.plans.exclude(status=PlanStatus.CANCELLED).exists():
            raise WrongState(_("There is a recovery plan for this alert already."), code="there_is_one")
    else:
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)  # of two presses the second sees the first's
        if draft_of(site, channel) is not None:
            words = _("A draft for this channel is there already: go on with it, or cancel it first.")
            raise WrongState(words, code="there_is_one")
    end = quarter_of(now) + QUARTER
    start = end - 4 * QUARTER
    if alert is not None:  # of the quarters that it came up by
        start = quarter_of(alert.opened_at) - max(2, alert.figures.get("minutes", 0) // 15) * QUARTER
    situation = figures_of(site, channel, start, end) | {
        "target": float(policy_value(SCR, at=now, site=site)),
        "aht_target": float(policy_value(AHT, at=now, site=site)),
        "series": series_of(site, channel, end - SHOWN, end), "frozen_at": now.isoformat(),
        "agents": agents_at(site, channel, now),
    }  # fmt: skip
    if alert is not None:
        situation["alert"] = {"kind": alert.kind, "opened_at": alert.opened_at.isoformat(), "figures": alert.figures}
    plan = RecoveryPlan(site=site, channel=channel, alert=alert, opened_at=now, opened_by=actor, situation=situation)
    sign(plan, actor, kept(gettext_noop("Drawn up")), now=now)
    plan.save()
    begin(RECOVERY, plan, actor=actor, now=now)
    if alert is not None:
        obligation_fulfil(subject=alert, rule=DRAW_UP, at=now, evidence={"plan": plan.pk}, actor=actor, now=now)
    record(actor=actor, action="recovery.opened", subject=plan, data={"channel": channel}, now=now, site=site)
    return plan


def draft_of(site: Site, channel: str) -> RecoveryPlan | None:
    """The plan that is being drawn up for a channel without an alert."""
    rows = RecoveryPlan.objects.filter(site=site, channel=channel, alert=None, status=PlanStatus.DRAFT)
    return rows.order_by("-opened_at", "-pk").first()


def question_of(plan: RecoveryPlan, *, patience: float | None = None) -> tuple[Question, int]:
    """What the plan's what-if begins with, out of its situation: calls of half an hour; the agents of the channel who
    were at work (of plans from before they were counted, those who would be needed)."""
    situation = plan.situation
    start, end = datetime.fromisoformat(situation["start"]), datetime.fromisoformat(situation["end"])
    minutes = max(15.0, (end - start).total_seconds() / 60)
    calls = situation["offered"] * 30 / minutes
    handling = situation.get("handling") or situation["aht_target"]
    known, _abandons = patience_at(plan.site, plan.channel, plan.opened_at)
    question = Question(round(calls, 1), 30, handling, round(patience or known, 1))
    return question, situation.get("agents", max(1, round(calls / 1800 * handling + 0.5)))


def _editable(plan_id: int, actor: User) -> RecoveryPlan:
    plan = RecoveryPlan.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=plan_id)
    if not has_role(actor, PLANNERS, site=plan.site):
        raise NotAllowed
    if plan.status not in (PlanStatus.DRAFT, PlanStatus.RUNNING):
        raise WrongState(_("This plan is not being worked on any more."))
    return plan


@transaction.atomic
def plan_expect(
    *, plan_id: int, question: Question, agents: int, more: int, actor: User, now: datetime
) -> RecoveryPlan:
    """Keep what the plan expects: with `more` agents beside `agents` SCR goes from a to b. Raises Invalid."""
    plan = _editable(plan_id, actor)
    if more < 1:
        raise Invalid(_("How many agents more?"), field="more")
    now_is, then = answers(question, [agents, agents + more])
    plan.expected = {
        "calls": question.calls, "minutes": question.minutes, "handling": question.handling,
        "patience": question.patience, "agents": agents, "more": more, "scr": round(now_is.scr, 1),
        "scr_then": round(then.scr, 1), "service_level": round(now_is.service_level, 1),
        "service_level_then": round(then.service_level, 1),
    }  # fmt: skip
    sign(plan, actor, kept(gettext_noop("Expected effect")), now=now)
    plan.save(update_fields=["expected"])
    return plan


@transaction.atomic
def action_add(
    *, plan_id: int, kind: str, what: str, who: str, due_at: datetime, actor: User, now: datetime
) -> PlanAction:
    """An action with a person and a time. Raises NotAllowed, WrongState, Invalid."""
    plan = _editable(plan_id, actor)
    if kind not in ActionKind.values:
        raise Invalid(_("Choose an action."), field="kind")
    if not who.strip():
        raise Invalid(_("Say who does it."), field="who")
    if kind == ActionKind.OTHER and not what.strip():
        raise Invalid(_("Say what is done."), field="what")
    if abs(due_at - now) > timedelta(days=2):
        raise Invalid(_("An action of a recovery plan is for now: at most two days away."), field="due_at")
    made = PlanAction.objects.create(
        plan=plan, kind=kind, what=what.strip()[:200], who=who.strip()[:120], due_at=due_at
    )
    data = {"action": kind, "who": made.who, "due_at": due_at}
    record(actor=actor, action="recovery.action_added", subject=plan, data=data, now=now, site=plan.site)
    return made


@transaction.atomic
def action_done(*, action_id: int, actor: User, now: datetime) -> PlanAction:
    """Raises NotAllowed, WrongState (done already, or the plan is over)."""
    plan_id = PlanAction.objects.values_list("plan_id", flat=True).get(pk=action_id)
    plan = _editable(plan_id, actor)
    action = _action_open(action_id)
    action.done_at, action.done_by = now, actor
    action.save(update_fields=["done_at", "done_by"])
    record(
        actor=actor, action="recovery.action_done", subject=plan, data={"action": action.pk}, now=now, site=plan.site
    )
    return action


@transaction.atomic
def action_drop(*, action_id: int, why: str, actor: User, now: datetime) -> PlanAction:
    """It is not carried out. Raises NotAllowed, WrongState (done already, or the plan is over), Invalid (no reason)."""
    plan_id = PlanAction.objects.values_list("plan_id", flat=True).get(pk=action_id)
    plan = _editable(plan_id, actor)
    if not why.strip():
        raise Invalid(_("Say why it is not carried out."), field="why")
    action = _action_open(action_id)
    action.dropped_why = why.strip()[:200]
    action.save(update_fields=["dropped_why"])
    data = {"action": action.pk, "why": action.dropped_why}
    record(actor=actor, action="recovery.action_dropped", subject=plan, data=data, now=now, site=plan.site)
    return action


def _action_open(action_id: int) -> PlanAction:
    action = PlanAction.objects.get(pk=action_id)
    if action.done_at is not None:
        raise WrongState(_("This action is done already."))
    if action.dropped_why:
        raise WrongState(_("It was said of this action that it is not carried out."))
    return action


def _settled(plan: RecoveryPlan) -> None:
    """Raises Invalid while an action is open."""
    if names := ", ".join(str(one) for one in PlanAction.objects.open().filter(plan=plan)):
        words = _("Open is still: %(actions)s. Mark it as done, or say why it is not carried out.")
        raise Invalid(words % {"actions": names}, code="actions_open")


def plan_start(*, plan_id: int, cause: str, analysis: str, actor: User, now: datetime) -> RecoveryPlan:
    """The cause is known, the actions are named: carry it out. Raises Invalid: no cause, no analysis, no action."""
    if cause not in Cause.values:
        raise Invalid(_("Choose a cause."), field="cause")
    if not analysis.strip():
        raise Invalid(_("Say what the analysis found."), field="analysis")
    if not PlanAction.objects.filter(plan_id=plan_id).exists():
        raise Invalid(_("Name at least one action first, under Actions."), field="actions", code="no_action")
    also = {"cause": cause, "analysis": analysis.strip(), "started_at": now}
    with step(RECOVERY, RecoveryPlan, plan_id, "start", actor=actor, now=now, also=also) as plan:
        return plan


def plan_finish(*, plan_id: int, note: str, actor: User, now: datetime) -> RecoveryPlan:
    """It was carried out: the figures since its beginning are frozen as its result; a coordinator verifies it.

    Raises NotAllowed, WrongState, Invalid (an action is open).
    """
    with step(RECOVERY, RecoveryPlan, plan_id, "finish", actor=actor, now=now, note=note) as plan:
        _settled(plan)
        begun = plan.started_at or plan.opened_at
        plan.result = figures_of(plan.site, plan.channel, quarter_of(begun), quarter_of(now) + QUARTER)
        plan.result["series"] = series_of(plan.site, plan.channel, quarter_of(begun), quarter_of(now) + QUARTER)
        plan.done_at, plan.outcome = now, note.strip()
        plan.save(update_fields=["result", "done_at", "outcome"])
        due = now + timedelta(hours=policy_value(VERIFY_HOURS, at=now, site=plan.site))
        label = f"{kept(Channel(plan.channel).label)} {plan.opened_at.astimezone(plan.site.zone):%Y-%m-%d %H:%M}"
        obligation_open(
            rule=VERIFY, subject=plan, label=label, site=plan.site, team=None, starts_at=now, due_at=due,
            actor=actor, now=now,
        )  # fmt: skip
        return plan


def plan_resume(*, plan_id: int, note: str, actor: User, now: datetime) -> RecoveryPlan:
    """The target is not reached yet ("Tidak"): it goes on, with other actions."""
    with step(RECOVERY, RecoveryPlan, plan_id, "resume", actor=actor, now=now, note=note) as plan:
        obligation_cancel(subject=plan, rule=VERIFY, reason=note, actor=actor, now=now)
        return plan


def calls_since(plan: RecoveryPlan, now: datetime) -> int:
    """What came since the plan began, calls or cases, in whole quarters: the one that it began in tells of before."""
    begun = plan.started_at or plan.opened_at
    start = quarter_of(begun)
    found = total(plan.site, plan.channel, start if start == begun else start + QUARTER, quarter_of(now) + QUARTER)
    return int(max(found["offered"], found["cases"]))


def too_few(plan: RecoveryPlan, now: datetime) -> str:
    """In words, that too little came since to see by whether the plan helped; "" where it is enough."""
    calls, least = calls_since(plan, now), int(policy_value(SMALL_BASE, at=now, site=plan.site))
    if calls >= least:
        return ""
    words = _("Since it was begun %(n)s came; an effect can be seen by %(least)s at least.")
    return words % {"n": calls, "least": least}


def day_goes_on(plan: RecoveryPlan, now: datetime) -> bool:
    return now < end_of_day(local_day(plan.opened_at, plan.site.zone), plan.site.zone)


def plan_verify(*, plan_id: int, note: str, actor: User, now: datetime, few_why: str = "") -> RecoveryPlan:
    """A coordinator has looked at the result; the Form Recovery Plan is issued.

    `few_why`: why, where too little came since to see its effect. Raises NotAllowed (one's own plan), WrongState,
    Invalid (an action is open: the plan goes on until it is settled; too little came, and nobody says why).
    """
    if RecoveryPlan.objects.filter(pk=plan_id, opened_by=actor).exists():
        raise NotAllowed(_("You drew it up: somebody else verifies it."))
    also = {"verified_at": now, "verified_by": actor, "evaluation": note.strip()}
    with step(RECOVERY, RecoveryPlan, plan_id, "verify", actor=actor, now=now, note=note, also=also) as plan:
        if PlanAction.objects.open().filter(plan=plan).exists():
            words = _("An action of this plan is open. Give the plan back (“Not enough: go on”) until it is settled.")
            raise Invalid(words, code="actions_open")
        few = too_few(plan, now)
        if few and not few_why.strip():
            raise Invalid(few + " " + _("Say why you verify it all the same."), field="few_why")
        zone = plan.site.zone
        start = start_of_day(local_day(plan.opened_at, zone), zone)
        plan.day = figures_of(plan.site, plan.channel, start, min(now, start + timedelta(days=1)))
        plan.day["goes_on"] = day_goes_on(plan, now)
        if few:
            plan.day["few"] = {"calls": calls_since(plan, now), "why": few_why.strip()}
        plan.save(update_fields=["day"])
        document = form_issue(plan, actor=actor, now=now)
        obligation_fulfil(
            subject=plan, rule=VERIFY, at=now, evidence={"document": document.full_number}, actor=actor, now=now
        )
        return plan


def plan_cancel(*, plan_id: int, note: str, actor: User, now: datetime) -> RecoveryPlan:
    with step(RECOVERY, RecoveryPlan, plan_id, "cancel", actor=actor, now=now, note=note) as plan:
        return plan


def form_issue(plan: RecoveryPlan, *, actor: User, now: datetime) -> IssuedDocument:
    language = (get_language() or "id")[:2]
    day = local_day(plan.opened_at, plan.site.zone)
    return document_issue(
        type=RECOVERY_FORM, site=plan.site, subject=plan, title=str(RECOVERY_FORM.title),
        data=recovery_body(plan, language=language), language=language, actor=actor, now=now, period=(day, day),
    )  # fmt: skip


TRANSITIONS: dict[str, Any] = {
    "start": plan_start, "finish": plan_finish, "resume": plan_resume, "verify": plan_verify, "cancel": plan_cancel,
}  # fmt: skip


def alert_channel(alert: Alert) -> str:
    """The channel that a plan for this alert is for."""
    return alert.about if alert.about in Channel.values else Channel.VOICE


def plannable(alert: Alert) -> bool:
    return alert.kind != AlertKind.SOURCE and not alert.plans.exclude(status=PlanStatus.CANCELLED).exists()
