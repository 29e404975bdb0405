"""Alerts (RTM-13): opened, kept and closed by what is read of a site, and acknowledged by somebody with a name."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.obligations.services import obligation_cancel, obligation_open
from occ.people.actors import BEAT
from occ.people.choices import Channel, Role
from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.texts import kept
from realtime import judging
from realtime.choices import AlertKind
from realtime.judging import Reading, Standing
from realtime.models import Alert
from realtime.notices import ALERT
from realtime.policies import BETTER_MINUTES, DRAW_UP, DRAW_UP_MINUTES, QUIET_MINUTES
from realtime.services.readings import readings_of

logger = logging.getLogger(__name__)
TOLD = (Role.RTFM, Role.TEAM_LEADER, Role.COORDINATOR)
ACKNOWLEDGERS = frozenset({*TOLD, Role.WFM, Role.MANAGER, Role.IT})


def alerts_watch(*, now: datetime) -> int:
    """Beat: look at every site; how many alerts came up or were closed. One site's trouble stops no other."""
    count = 0
    for site in Site.objects.all():
        try:
            count += site_watch(site=site, now=now)
        except Exception:
            logger.exception("a site could not be watched", extra={"data": {"site": site.code}})
    return count


@transaction.atomic
def site_watch(*, site: Site, now: datetime) -> int:
    better_for = timedelta(minutes=policy_value(BETTER_MINUTES, at=now, site=site))
    quiet = timedelta(minutes=policy_value(QUIET_MINUTES, at=now, site=site))
    standing = {
        (one.kind, one.about): one
        for one in Alert.objects.select_for_update(of=("self",), no_key=True).filter(site=site, closed_at=None)
    }
    count, seen = 0, set()
    for reading in readings_of(site, now):
        seen.add((reading.kind, reading.about))
        count += _become(site, standing.get((reading.kind, reading.about)), reading, now, better_for, quiet)
    # What nothing is read of any more (a channel without calls, a source that is not in use) is over.
    for place, alert in standing.items():
        if place not in seen:
            gone = Reading(AlertKind(alert.kind), alert.about, bad=False, better=True, figures=alert.latest)
            count += _become(site, alert, gone, now, better_for, quiet)
    return count


def _become(
    site: Site, alert: Alert | None, reading: Reading, now: datetime, better_for: timedelta, quiet: timedelta
) -> int:
    stands = (
        Standing(True, alert.better_since) if alert else Standing(False, closed_at=_last(site, reading, now, quiet))
    )
    what = judging.become(reading, stands, now=now, better_for=better_for, quiet=quiet)
    if what == judging.OPEN:
        return int(_open(site, reading, now))
    if alert is None:
        return 0
    alert.latest, alert.seen_at = dict(reading.figures), now
    if what == judging.BETTER:
        alert.better_since = now
    elif what == judging.WORSE:
        alert.better_since = None
    elif what == judging.CLOSE:
        alert.closed_at = now
    alert.save(update_fields=["latest", "seen_at", "better_since", "closed_at"])
    if what != judging.CLOSE:
        return 0
    record(actor=BEAT, action="alert.closed", subject=alert, data=dict(reading.figures), now=now, site=site)
    return 1


def _last(site: Site, reading: Reading, now: datetime, quiet: timedelta) -> datetime | None:
    if not reading.bad:
        return None
    rows = Alert.objects.filter(site=site, kind=reading.kind, about=reading.about, closed_at__gt=now - quiet)
    return rows.order_by("-closed_at").values_list("closed_at", flat=True).first()


def _open(site: Site, reading: Reading, now: datetime) -> bool:
    figures = dict(reading.figures)
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                site=site, kind=reading.kind, about=reading.about, opened_at=now, figures=figures, latest=figures,
                seen_at=now,
            )  # fmt: skip
    except IntegrityError:  # another beat was quicker
        return False
    record(actor=BEAT, action="alert.opened", subject=alert, data={"kind": reading.kind, **figures}, now=now, site=site)
    params = {
        "site": site.name, "msg_kind": _plain(alert), "about": alert.about_label, "opened_at": now.isoformat(),
        "site_zone": site.timezone,
    }  # fmt: skip
    roles = TOLD[:2] if reading.kind == AlertKind.OVERRUN else TOLD  # one agent is no matter for a coordinator
    to = {one.pk: one for role in roles for one in audience(role, site=site, now=now)}.values()
    notify(to=to, kind=ALERT.key, params=params, key=f"alert:{alert.pk}", url=alert.get_absolute_url(), now=now)
    if reading.kind == AlertKind.SCR:
        due = now + timedelta(minutes=policy_value(DRAW_UP_MINUTES, at=now, site=site))
        obligation_open(
            rule=DRAW_UP, subject=alert, label=_label(alert), site=site, team=None, starts_at=now, due_at=due,
            actor=BEAT, now=now,
        )  # fmt: skip
    return True


def _label(alert: Alert) -> str:
    about = f" ({kept(dict(Channel.choices).get(alert.about, alert.about))})" if alert.about else ""
    return kept(AlertKind(alert.kind).label) + about


def _plain(alert: Alert) -> str:
    """The message id of its kind: it is said in the reader's language."""
    with translation.override("en"):
        return str(AlertKind(alert.kind).label)


@transaction.atomic
def alert_acknowledge(*, alert_id: int, note: str = "", actor: User, now: datetime) -> Alert:
    """Somebody looks after it. Raises NotAllowed, WrongState (somebody does already, or it is over)."""
    alert = Alert.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=alert_id)
    if not has_role(actor, ACKNOWLEDGERS, site=alert.site):
        raise NotAllowed
    if alert.closed_at is not None:
        raise WrongState(_("This alert is over."))
    if alert.acknowledged_by_id is not None:
        raise WrongState(_("%(name)s looks after it already.") % {"name": alert.acknowledged_by})
    alert.acknowledged_at, alert.acknowledged_by, alert.note = now, actor, note.strip()[:300]
    alert.save(update_fields=["acknowledged_at", "acknowledged_by", "note"])
    record(actor=actor, action="alert.acknowledged", subject=alert, data={"note": note}, now=now, site=alert.site)
    return alert


@transaction.atomic
def alert_dismiss(*, alert_id: int, note: str, actor: User, now: datetime) -> Alert:
    """A coordinator says that no plan is needed: the duty to draw one up ends uncounted. Raises as above."""
    alert = Alert.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=alert_id)
    if not has_role(actor, {Role.COORDINATOR}, site=alert.site):
        raise NotAllowed
    if not note.strip():
        raise Invalid(_("Say why no recovery plan is needed."), field="note")
    if obligation_cancel(subject=alert, rule=DRAW_UP, reason=note, actor=actor, now=now) is None:
        raise WrongState(_("Nobody owes a recovery plan for this alert."))
    record(actor=actor, action="alert.dismissed", subject=alert, data={"note": note}, now=now, site=alert.site)
    return alert
