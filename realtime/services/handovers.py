"""Shift handovers (RTM-15): drawn up by the system, signed by who hands over and by who takes over, then issued.

What is signed is what the page showed: its fingerprint comes along, and another one is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from occ.documents.choices import Purpose
from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.documents.signing import Signing
from occ.errors import Invalid, NotAllowed, WrongState
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.obligations.models import Obligation
from occ.obligations.services import obligation_cancel, obligation_fulfil, obligation_open
from occ.people.actors import BEAT, Actor
from occ.people.choices import Role
from occ.people.history import sign
from occ.people.models import Person, Site, User
from occ.people.scope import has_role, sites_for
from occ.policies.services import policy_value
from occ.texts import kept
from occ.workflow.services import begin, step
from realtime.choices import HandoverStatus, PlanStatus
from realtime.handing import HANDOVER_NOTE, handover_body
from realtime.models import Alert, Headcount, RecoveryPlan, Shift
from realtime.models.handover import Handover
from realtime.notices import HANDOVER_SIGNED
from realtime.policies import DRAW_UP, HAND_OVER, HAND_OVER_EARLY, HAND_OVER_MINUTES, HEADCOUNT, VALIDATE
from realtime.rostering.plan import shifts_around
from realtime.services.headcounts import THERE, has_left, marks_of, presence_of, shift_days
from realtime.workflow import HANDOVER, LEADERS

EARLY = timedelta(minutes=30)  # before its end a shift's note is drawn up
LATE = timedelta(hours=4)  # after it one may still be begun
MOST = 40
# What the floor owes, whenever it is due; of other duties a note names what falls due until the next shift is over.
OF_THE_FLOOR = (DRAW_UP, HEADCOUNT, HAND_OVER, VALIDATE)


@dataclass(frozen=True)
class Due:
    """A shift that may be handed over."""

    site_id: int
    day: date
    shift_id: int
    starts_at: datetime
    ends_at: datetime

    @property
    def key(self) -> str:
        return f"{self.site_id}:{self.day.isoformat()}:{self.shift_id}"


def shifts_due(sites: list[int], *, now: datetime, early: timedelta) -> Iterator[Due]:
    """Agents' shifts that end before `now + early`, or did not long ago, of which there is no note.

    Whoever leads the floor hands over the agents' shift: the leaders' own codes have no note of their own.
    """
    known = set(
        Handover.objects.filter(starts_at__gt=now - timedelta(hours=24)).exclude(status=HandoverStatus.CANCELLED)
        .values_list("site_id", "day", "shift_id")
    )  # fmt: skip
    found = shifts_around(now, sites=sites).items()
    for key, (starts_at, ends_at) in sorted(found, key=lambda one: (one[1][0], one[0])):
        if starts_at <= now < ends_at + LATE and ends_at <= now + early and key not in known:
            yield Due(*key, starts_at, ends_at)


def handovers_open(*, now: datetime) -> int:
    """Beat: each shift that is about to end has its note; how many were drawn up. A cancelled one stays cancelled."""
    sites = list(Site.objects.values_list("pk", flat=True))
    due = [one for one in shifts_due(sites, now=now, early=EARLY) if one.ends_at > now - timedelta(hours=1)]
    gone = set(Handover.objects.filter(starts_at__gt=now - timedelta(hours=24)).values_list("site", "day", "shift"))
    return sum(_open(one, BEAT, now) is not None for one in due if (one.site_id, one.day, one.shift_id) not in gone)


def handover_open(*, key: str, actor: User, now: datetime) -> Handover:
    """A team leader begins a shift's note. Raises NotAllowed, Invalid (no such shift), WrongState (there is one)."""
    sites = [one.pk for one in sites_for(actor, LEADERS)]
    if not sites:
        raise NotAllowed
    due = next((one for one in shifts_due(sites, now=now, early=timedelta(hours=12)) if one.key == key), None)
    if due is None:
        raise Invalid(_("Choose a shift that has begun and has no handover yet."), field="shift")
    made = _open(due, actor, now)
    if made is None:
        raise WrongState(_("Somebody was quicker: this shift has its handover already."))
    return made


def _open(due: Due, actor: Actor, now: datetime) -> Handover | None:
    try:
        with transaction.atomic():
            made = Handover(
                site_id=due.site_id, day=due.day, shift_id=due.shift_id, starts_at=due.starts_at, ends_at=due.ends_at,
                opened_at=now, to_shift=_next(due),
            )  # fmt: skip
            sign(made, actor, kept(gettext_noop("Drawn up")), now=now)
            made.save()
            begin(HANDOVER, made, actor=actor, now=now)
            within = timedelta(minutes=float(policy_value(HAND_OVER_MINUTES, at=now, site=made.site)))
            obligation_open(
                rule=HAND_OVER, subject=made, label=str(made), site=made.site, team=None, starts_at=now,
                due_at=max(now, due.ends_at) + within, actor=actor, now=now,
            )  # fmt: skip
            return made
    except IntegrityError:  # somebody else was quicker
        return None


def _next(due: Due) -> Shift | None:
    """The shift that begins last before this one ends, or soon after."""
    after = [
        (starts_at, shift_id)
        for (_site, _day, shift_id), (starts_at, _ends) in shifts_around(due.ends_at, sites=[due.site_id]).items()
        if shift_id != due.shift_id and due.starts_at < starts_at <= due.ends_at + timedelta(hours=2)
    ]
    return Shift.objects.get(pk=max(after)[1]) if after else None


# What it says -------------------------------------------------------------------------------------------------------


def drawn(handover: Handover, now: datetime) -> dict[str, Any]:
    """What the system says of shift and site at that instant; facts only, so that a minute changes nothing."""
    site = handover.site
    alerts = Alert.objects.open().filter(site=site).select_related("acknowledged_by").order_by("opened_at", "pk")
    plans = RecoveryPlan.objects.filter(site=site).select_related("opened_by").order_by("opened_at", "pk")
    open_plans = plans.exclude(status__in=[PlanStatus.VERIFIED, PlanStatus.CANCELLED])
    owed = Obligation.objects.open().filter(site=site, owner_role=Role.TEAM_LEADER).exclude(
        rule=HAND_OVER, object_id=handover.pk
    )  # fmt: skip
    owed_rows = list(owed.filter(_of_the_shift(handover)).order_by("due_at", "pk")[:MOST])
    people, headcount = _people(handover, now)
    return {
        "headcount": headcount,
        "people": people,
        "alerts": [
            {"kind": one.kind, "about": one.about_label if one.kind == "overrun" else one.about,
             "since": one.opened_at.isoformat(), "by": str(one.acknowledged_by or ""), "url": one.get_absolute_url()}
            for one in alerts
        ],
        "plans": [
            {"channel": one.channel, "opened_at": one.opened_at.isoformat(), "status": one.status, "cause": one.cause,
             "by": str(one.opened_by), "url": one.get_absolute_url()}
            for one in open_plans
        ],
        "obligations": [
            {"rule": one.rule, "subject": one.subject_label, "clause": one.clause, "due_at": one.due_at.isoformat(),
             "url": one.url}
            for one in owed_rows
        ],
        "obligations_more": owed.count() - len(owed_rows),
    }  # fmt: skip


def _of_the_shift(handover: Handover) -> Q:
    """Duties that matter to this shift and the next: the floor's own, and what falls due from this one's beginning to
    the next one's end. What is owed of a single employee (sdm, coaching) is for its own readers, not for a note."""
    length = handover.to_shift.minutes if handover.to_shift else handover.shift.minutes
    due = Q(due_at__gte=handover.starts_at, due_at__lte=handover.ends_at + timedelta(minutes=length))
    return Q(rule__in=OF_THE_FLOOR) | due & ~Q(rule__startswith="sdm.") & ~Q(rule__startswith="coaching.")


def _people(handover: Handover, now: datetime) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Who of the shift is not there, and its numbers at that instant; beside them those that were handed to RTFM."""
    found = Headcount.objects.filter(site=handover.site_id, day=handover.day, shift=handover.shift_id).first()
    days = shift_days(found or Headcount(site=handover.site, day=handover.day, shift=handover.shift), now)
    marks = marks_of(handover.day, [one.planned.person_id for one in days])
    names = Person.objects.in_bulk([one.planned.person_id for one in days])
    statuses, away = [], []
    for one in days:
        pk = one.planned.person_id
        mark = marks.get(pk)
        status = mark.status if mark else str(one.shift.status)
        statuses.append(status)
        left = has_left(status, one.shift)
        if status not in THERE or left:
            url = reverse("realtime:attendance_person_day", args=[pk, handover.day.isoformat()])
            out = one.shift.logout_at.isoformat() if left and one.shift.logout_at else ""
            away.append({"name": names[pk].name, "number": names[pk].number, "status": status, "left_at": out,
                         "note": mark.note if mark else "", "url": url})  # fmt: skip
    seen = presence_of(zip(statuses, (one.shift for one in days), strict=True))
    told = {"rostered": seen.rostered, "came": seen.came, "now": seen.there, "left": seen.left,
            "ended": now >= handover.ends_at, "counts": dict(sorted(Counter(statuses).items()))}  # fmt: skip
    if found and found.counts:
        told["handed"] = {name: found.counts[name] for name in ("rostered", "there")}
    return sorted(away, key=lambda row: (row["name"], row["number"])), told


def fingerprint(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# Steps --------------------------------------------------------------------------------------------------------------


def _signed(signing: Signing, actor: User, purpose: str) -> None:
    if signing.user_id != actor.pk or signing.purpose != purpose:
        raise NotAllowed


def minutes_early(handover: Handover, now: datetime) -> int:
    """How long before its end a shift would be handed over; 0 where that is near enough."""
    left = handover.ends_at - now
    usual = timedelta(minutes=float(policy_value(HAND_OVER_EARLY, at=now, site=handover.site)))
    return int(left / timedelta(minutes=1)) if left > usual else 0


def early_words(handover: Handover, minutes: int) -> str:
    words = _("The shift ends at %(time)s, in %(n)s minutes: what happens until then is not in the note.")
    return words % {"time": f"{handover.ends_at.astimezone(handover.site.zone):%H:%M}", "n": minutes}


def handover_hand(
    *, handover_id: int, note: str, seen: str, signing: Signing, actor: User, now: datetime, early_why: str = ""
) -> Handover:
    """Sign what was shown and hand the floor over; `early_why`: why so long before the shift's end.

    Raises NotAllowed, WrongState, Invalid (it says else by now; it is early and nobody says why).
    """
    _signed(signing, actor, Purpose.PREPARED)
    found = Handover.objects.select_related("site", "shift").get(pk=handover_id)
    if not has_role(actor, LEADERS, site=found.site):
        raise NotAllowed
    content = drawn(found, now)
    told = fingerprint(content)
    if seen != told:
        words = _("The floor has changed since you looked: what is new or gone is marked. Read the note, then sign.")
        raise Invalid(words, code="changed")
    if minutes := minutes_early(found, now):
        if not early_why.strip():
            raise Invalid(early_words(found, minutes) + " " + _("Say why you sign already."), field="early_why")
        content["early"] = {"minutes": minutes, "why": early_why.strip()}
        told = fingerprint(content)
    also = {
        "content": content, "content_sha256": told, "note": note.strip(), "handed_at": signing.at, "handed_by": actor,
        "handed_name": signing.name, "handed_position": signing.position,
    }  # fmt: skip
    evidence = {"sha256": told, "signed_by": signing.name}
    with step(HANDOVER, Handover, handover_id, "hand", actor=actor, now=now, evidence=evidence, also=also) as row:
        to = [one for one in audience(Role.TEAM_LEADER, site=row.site, now=now) if one.pk != actor.pk]
        params = {"shift": str(row.shift), "site": row.site.code, "name": signing.name}
        notify(
            to=to, kind=HANDOVER_SIGNED.key, params=params, key=f"handover:{row.pk}:{told}",
            url=row.get_absolute_url(), now=now,
        )  # fmt: skip
        return row


def signed_as(note: Handover) -> str:
    """Which signing of a note somebody has before them."""
    return f"{note.content_sha256}:{note.handed_at.isoformat() if note.handed_at else ''}"


def handover_take(
    *, handover_id: int, note: str, signing: Signing, actor: User, now: datetime, seen: str = ""
) -> Handover:
    """Take the floor over: the note is issued with both signatures. `seen`: which signing of it was read.

    Raises NotAllowed (the own note), WrongState (also: it was signed anew since), Invalid (no remark why so early).
    """
    _signed(signing, actor, Purpose.ACKNOWLEDGED)
    if Handover.objects.filter(pk=handover_id, handed_by=actor).exists():
        raise NotAllowed(_("You handed it over: somebody else takes it over."))
    also = {"taken_at": signing.at, "taken_by": actor, "taken_name": signing.name, "taken_note": note.strip()}
    with step(HANDOVER, Handover, handover_id, "take", actor=actor, now=now, note=note, also=also) as row:
        assert row.handed_by_id is not None and row.handed_at is not None
        if row.handed_by_id == actor.pk:
            raise NotAllowed(_("You handed it over: somebody else takes it over."))
        if seen and seen != signed_as(row):
            raise WrongState(_("The note was signed anew since you looked: read it again."), code="changed")
        if (minutes := minutes_early(row, now)) and not note.strip():
            words = early_words(row, minutes) + " " + _("Say in your remarks why you take over already.")
            raise Invalid(words, field="note")
        first = Signing(row.handed_by_id, row.handed_name, row.handed_position, Purpose.PREPARED, row.handed_at)
        document = _issue(row, (first, signing), actor=actor, now=now)
        evidence = {"document": document.full_number}
        obligation_fulfil(subject=row, rule=HAND_OVER, at=now, evidence=evidence, actor=actor, now=now)
        return row


def handover_refuse(*, handover_id: int, note: str, actor: User, now: datetime) -> Handover:
    """It does not say what is so ("Tidak"): back to who drew it up, unsigned."""
    also: dict[str, Any] = {
        "content": {}, "content_sha256": "", "handed_at": None, "handed_by": None, "handed_name": "",
        "handed_position": "",
    }  # fmt: skip
    with step(HANDOVER, Handover, handover_id, "refuse", actor=actor, now=now, note=note, also=also) as row:
        return row


def handover_cancel(*, handover_id: int, note: str, actor: User, now: datetime) -> Handover:
    with step(HANDOVER, Handover, handover_id, "cancel", actor=actor, now=now, note=note) as row:
        obligation_cancel(subject=row, rule=HAND_OVER, reason=note, actor=actor, now=now)
        return row


def _issue(row: Handover, signatures: tuple[Signing, Signing], *, actor: User, now: datetime) -> IssuedDocument:
    language = (get_language() or "id")[:2]
    return document_issue(
        type=HANDOVER_NOTE, site=row.site, subject=row, title=str(HANDOVER_NOTE.title),
        data=handover_body(row, language=language), language=language, actor=actor, now=now, period=(row.day, row.day),
        signatures=signatures,
    )  # fmt: skip


TRANSITIONS: dict[str, Any] = {
    "hand": handover_hand, "take": handover_take, "refuse": handover_refuse, "cancel": handover_cancel,
}  # fmt: skip
