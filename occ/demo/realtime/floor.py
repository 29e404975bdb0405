"""Days that the floor has lived through, told as the simulator tells them, with what followed: alerts and plans."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from occ.api.authentication import token_create
from occ.demo.floor_engine import Duty, Event, Floor
from occ.demo.people import Staff
from occ.demo.realtime.forecasts import counts, forecasts
from occ.demo.realtime.rostering import rostering
from occ.demo.realtime.rosters import rosters
from occ.documents.choices import Purpose
from occ.documents.signing import signing_confirm
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Site, User
from realtime.api.planned import channel_of
from realtime.choices import AlertKind
from realtime.models import Alert, Handover, Headcount, PlanAction, RecoveryPlan, Source
from realtime.rostering.plan import planned
from realtime.services import handovers, recovery
from realtime.services.alerting import alert_acknowledge, alerts_watch
from realtime.services.attendance import records_keep
from realtime.services.handovers import handovers_open
from realtime.services.headcounts import attendance_mark, headcount_hand, headcounts_open, shift_days
from realtime.services.ingesting import events_take
from realtime.services.intervals import intervals_compute
from realtime.services.what_if import Question
from realtime.services.working import arrivals_work

DAYS = 3
# Calls and cases in the busiest hour; so many that the agents of the demo mostly manage.
RATES = {
    ("JKT", "voice"): 42.0, ("JKT", "chat"): 26.0, ("JKT", "email"): 14.0,
    ("YGY", "voice"): 52.0, ("YGY", "chat"): 34.0, ("YGY", "email"): 18.0,
}  # fmt: skip
WATCHED = timedelta(hours=26)  # alerts came up in these last hours
STEP = timedelta(minutes=15)


def floor(staff: Staff, *, password: str, now: datetime) -> None:
    rosters(staff, now)
    sender = _sender(now)
    start = now - timedelta(days=DAYS)
    counts(RATES, start=start, now=now)
    engine = Floor(start=start, rates=RATES, rng=random.Random(7))  # noqa: S311
    engine.roster(list(_duties(start, now + timedelta(hours=12))))
    quiet = now - WATCHED
    _take(sender, list(engine.run(quiet)), quiet)
    at = quiet
    while at < now:
        at = min(now, at + STEP)
        _take(sender, list(engine.run(at)), at)
        alerts_watch(now=at)
        _answer(staff, at)
        headcounts_open(now=at)
        _hand_over(staff, at)
        handovers_open(now=at)
        _shifts_change(staff, password, at)
    records_keep(now=now)
    Source.objects.filter(code="omni").update(name="Omni Channel", each_agent=False)
    forecasts(staff, now)
    rostering(staff, now)


def _sender(now: datetime) -> User:
    """The application's own log-in; its token is for the simulator, and kept where only it looks."""
    user = User(username="api.omni", first_name="Omni Channel")
    user.set_unusable_password()
    user.save()
    RoleAssignment.objects.create(user=user, role=Role.RTFM, site=None, starts_on=(now - timedelta(days=30)).date())
    rates = [{"site": site, "channel": channel, "busiest_hour": n} for (site, channel), n in RATES.items()]
    path = settings_file()
    path.write_text(json.dumps({"token": token_create(name="omni", user=user, now=now), "rates": rates}))
    path.chmod(0o600)
    return user


def settings_file() -> Path:
    return Path(settings.VAR) / "simulator.json"


def _duties(start: datetime, end: datetime) -> Iterator[Duty]:
    for site in Site.objects.all():
        found = planned(start=start, end=end, site_id=site.pk)
        people = Person.objects.select_related("employee").in_bulk(list(found))
        for pk, shifts in found.items():
            for one in shifts:
                if one.starts_at and one.ends_at:
                    parts = tuple((part.starts_at, part.ends_at, part.activity) for part in one.parts)
                    channel = one.channel or channel_of(people[pk]) or "voice"
                    yield Duty(people[pk].number, site.code, channel, one.starts_at, one.ends_at, parts)


def _take(sender: User, events: list[Event], now: datetime) -> None:
    for i in range(0, len(events), 4_000):
        taken = events_take(events=events[i : i + 4_000], actor=sender, now=now)
        assert not taken.rejected, taken.rejected[:3]
        arrivals_work(now=now)
    intervals_compute(now=now)


def _answer(staff: Staff, now: datetime) -> None:
    """Team leaders look after what is an hour old, and draw up a plan where the SCR was missed."""
    for alert in Alert.objects.filter(closed_at=None, acknowledged_at=None, opened_at__lt=now - timedelta(minutes=20)):
        leader = staff.users[f"team_leader.{alert.site.code.lower()}"]
        alert_acknowledge(alert_id=alert.pk, actor=leader, now=now)
    missed = Alert.objects.filter(kind=AlertKind.SCR, plans=None, opened_at__lt=now - timedelta(minutes=20))
    for alert in missed.select_related("site")[:1]:
        if RecoveryPlan.objects.count() < 6:
            _plan(staff, alert, now)
    for plan in RecoveryPlan.objects.filter(status="running", started_at__lt=now - timedelta(minutes=50)):
        code = plan.site.code.lower()
        leader, coordinator = staff.users[f"team_leader.{code}"], staff.users[f"coordinator.{code}"]
        note = "Antrean habis, AUX kembali sesuai jatah."
        for action in PlanAction.objects.open().filter(plan=plan):
            recovery.action_done(action_id=action.pk, actor=leader, now=now)
        recovery.plan_finish(plan_id=plan.pk, note=note, actor=leader, now=now)
        if plan.pk % 3:
            note = "Tercapai kembali sebelum pergantian shift. Promo diberitahukan ke WFM."
            few = "Malam hari: panggilan sedikit, antrean kosong saat diperiksa."
            recovery.plan_verify(plan_id=plan.pk, note=note, few_why=few, actor=coordinator, now=now)


def _hand_over(staff: Staff, now: datetime) -> None:
    """Team leaders confirm who came, within the hour; of the absent they mostly know why. Nights wait longer."""
    due = Headcount.objects.filter(status="open", starts_at__lte=now - timedelta(minutes=30)).select_related("site")
    for one in due.exclude(shift__code__startswith="M", starts_at__gt=now - timedelta(minutes=80)):
        leader = staff.users[f"team_leader.{one.site.code.lower()}"]
        for n, day in enumerate(shift_days(one, now)):
            status = day.shift.status
            if status in {"unknown", "awaited"} or (status == "absent" and n % 2):
                what, why = [("sick", "Menelepon pukul 06.30, surat dokter menyusul."),
                             ("permission", "Mengurus SIM, disetujui sebelumnya.")][n % 3 == 0]  # fmt: skip
                attendance_mark(
                    person_id=day.planned.person_id, day=one.day, status=what, note=why, actor=leader, now=now
                )
        headcount_hand(headcount_id=one.pk, note="", actor=leader, now=now)


def _shifts_change(staff: Staff, password: str, now: datetime) -> None:
    """One team leader hands the shift over as it ends, another one reads and takes it over a little later."""
    rows = Handover.objects.select_related("site", "shift").order_by("starts_at", "pk")
    for note in rows.filter(status="draft", ends_at__lte=now + timedelta(minutes=15)):
        giver = staff.users[f"team_leader.{note.site.code.lower()}"]
        signing = signing_confirm(user=giver, password=password, purpose=Purpose.PREPARED, now=now)
        seen = handovers.fingerprint(handovers.drawn(note, now))
        words = "Promo cicil emas mulai pukul 9. Headset kursi 14 diganti, Team IT sudah tahu."
        handovers.handover_hand(handover_id=note.pk, note=words, seen=seen, signing=signing, actor=giver, now=now)
    for note in rows.filter(status="handed", ends_at__lte=now - timedelta(minutes=10)):
        taker = staff.users[f"team_leader2.{note.site.code.lower()}"]
        signing = signing_confirm(user=taker, password=password, purpose=Purpose.ACKNOWLEDGED, now=now)
        handovers.handover_take(handover_id=note.pk, note="", signing=signing, actor=taker, now=now)


def _plan(staff: Staff, alert: Alert, now: datetime) -> None:
    leader = staff.users[f"team_leader.{alert.site.code.lower()}"]
    plan = recovery.plan_open(
        site=alert.site, channel=recovery.alert_channel(alert), alert_id=alert.pk, actor=leader, now=now
    )
    asked, agents = recovery.question_of(plan)
    question = Question(asked.calls, asked.minutes, asked.handling, asked.patience)
    recovery.plan_expect(plan_id=plan.pk, question=question, agents=agents, more=3, actor=leader, now=now)
    for kind, what, who, minutes in (
        ("cancel_aux", "", "Tim A, Tim B", 5), ("standby", "Tiga agent siaga voice", "Team Leader siang", 20),
        ("call_back", "Pesan IVR: hubungi WhatsApp", "Team IT", 15),
    ):  # fmt: skip
        action = recovery.action_add(
            plan_id=plan.pk,
            kind=kind,
            what=what,
            who=who,
            due_at=now + timedelta(minutes=minutes),
            actor=leader,
            now=now,
        )
        if kind != "call_back":
            recovery.action_done(action_id=action.pk, actor=leader, now=now)
    words = "Trafik naik tajam tanpa pemberitahuan promo; AUX di atas jatah pada jam yang sama."
    recovery.plan_start(plan_id=plan.pk, cause="traffic", analysis=words, actor=leader, now=now)
