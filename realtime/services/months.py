"""The month in the client's terms (RTM-12): against SLG and KPI (MO 3.1, 3.2), frozen when it is over, then revised.

What is frozen are the key figures as they answer then, each with what it was made of; the report is issued with it. A
correction that comes later is a revision that says what was, what is, and why; the first stays.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from occ.documents.choices import Purpose, Status
from occ.documents.models import IssuedDocument, Signature
from occ.documents.services import document_issue, document_revise
from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.figures.registry import FIGURES, Scope
from occ.ledger.services import record
from occ.notifications.addressees import audience
from occ.notifications.services import notify
from occ.people.actors import BEAT, Actor, SystemActor
from occ.people.choices import Channel, Role
from occ.people.models import RoleAssignment, Site, User
from occ.people.scope import has_role, sites_for
from occ.policies.services import policy_value
from occ.times import JAKARTA, local_day, month_of, next_month, start_of_day
from realtime.choices import Category
from realtime.documents import SERVICE_MONTH, month_body
from realtime.models import Arrival, Interval, MonthRevision, ServiceMonth, Stale
from realtime.notices import MONTH_FROZEN
from realtime.policies import FREEZE_HOURS, response_limit, response_target
from realtime.services.intervals import intervals_compute
from realtime.services.links import LINK, SYSTEM, available

logger = logging.getLogger(__name__)
LOCK = 77_003  # of advisory locks: one for each site's months
FREEZERS = frozenset({Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER})
TOLD = (Role.CLIENT, Role.MANAGER)
REVISABLE = timedelta(days=100)  # an older month is revised from its page; nobody is reminded of it
BACK = 2  # months that beat freezes by itself; older ones by hand
# In the client's order.
KPI = (
    "realtime.scr", "realtime.aht", *(f"realtime.response.{one}" for one in Category.values), "coaching.qm",
    "realtime.link_availability", "realtime.system_availability",
)  # fmt: skip
VOICE_ONLY = frozenset({"realtime.scr", "realtime.aht"})
UNRECORDED: Mapping[str, Any] = {
    "value": None, "unit": "", "target": None, "limit": None, "result": "unrecorded", "better": "more",
    "clause": "MO 3.2", "formula": 0, "inputs": {},
}  # fmt: skip
DIGITS = 2
Row = dict[str, Any]


def span_of(site: Site, month: date) -> tuple[datetime, datetime]:
    return start_of_day(month, site.zone), start_of_day(next_month(month), site.zone)


def rows_of(site: Site, month: date, now: datetime) -> list[Row]:
    """Each figure with its value, target, what it was made of, and whether it was reached: as JSON keeps them.

    `result`: met, limit (beyond the target, within the limit), missed, unknown (nothing to tell it from), or unrecorded
    (nobody answers for the figure yet).
    """
    start, end = span_of(site, month)
    at = min(end - timedelta(microseconds=1), now)
    found = []
    for key in KPI:
        figure = FIGURES.get(key)
        if figure is None:  # nobody answers for it yet: told so, not left out
            found.append({**UNRECORDED, "key": key})
            continue
        scope = Scope(start, min(end, now), site=site, channel=Channel.VOICE if key in VOICE_ONLY else "")
        value = figure.of(scope)
        category = key.rpartition(".")[2] if key.startswith("realtime.response.") else ""
        target, limit = figure.target_at(at, site), None
        if category:
            target = float(policy_value(response_target(category), at=at, site=site))
            limit = float(policy_value(response_limit(category), at=at, site=site))
        number = None if value.value is None else round(value.value, DIGITS)
        met = figure.reached(value.value, target)  # not as it is rounded for people
        within = limit is not None and figure.reached(value.value, limit)
        result = {None: "unknown", True: "met", False: "limit" if within else "missed"}[met]
        found.append({
            "key": key, "value": number, "unit": figure.unit, "target": target, "limit": limit, "result": result,
            "better": figure.better, "clause": figure.clause, "formula": value.formula,
            "inputs": {name: round(one, DIGITS) for name, one in value.inputs.items() if one is not None},
        })  # fmt: skip
    return list(json.loads(json.dumps(found)))


def outages_of(site: Site, month: date, now: datetime) -> list[Row]:
    start, end = span_of(site, month)
    return [
        {"kind": kind, "name": name, "since": since.isoformat(), "until": until.isoformat() if until else None}
        for kind in (LINK, SYSTEM)
        for name, since, until in available(site, kind, start, end, now).outages
    ]


def differences(frozen: Sequence[Mapping[str, Any]], now_is: Sequence[Mapping[str, Any]]) -> list[Row]:
    """What is other than it was frozen: values, and what they are made of."""
    was = {one["key"]: one for one in frozen}
    found = []
    for one in now_is:
        old = was.get(one["key"]) or {"value": None, "inputs": {}}
        if (old["value"], old["inputs"]) != (one["value"], one["inputs"]):
            changed = {
                name: [old["inputs"].get(name), one["inputs"].get(name)]
                for name in {**old["inputs"], **one["inputs"]}
                if old["inputs"].get(name) != one["inputs"].get(name)
            }
            found.append({"key": one["key"], "old": old["value"], "new": one["value"], "inputs": changed})
    return found


def latest(month: ServiceMonth) -> MonthRevision:
    found = month.revisions.select_related("frozen_by", "month__site").order_by("-number").first()
    assert found is not None
    return found


def may_freeze(actor: Actor, site: Site) -> bool:
    return isinstance(actor, SystemActor) or has_role(actor, FREEZERS, site=site)


def _settled(site: Site, month: date, now: datetime) -> None:
    """Compute what is stale. Raises WrongState while another computes some of it, or a report is being worked in."""
    intervals_compute(now=now)
    start, end = span_of(site, month)
    stale = Stale.objects.filter(site=site, starts_at__gte=start, starts_at__lt=end).exclude(channel="")
    waiting = Arrival.objects.filter(source__site=site, source__from_files=True, parked_at=None)
    if stale.exists() or waiting.exists():
        raise WrongState(_("Figures of this month are being computed. Try again in a minute."))


@transaction.atomic
def month_freeze(*, site: Site, month: date, actor: Actor, now: datetime) -> MonthRevision:
    """Freeze a month that is over and issue its report. Raises NotAllowed, WrongState, Invalid (there is nothing)."""
    if not may_freeze(actor, site):
        raise NotAllowed
    month = month_of(month)
    if now < span_of(site, month)[1]:
        raise WrongState(_("This month is not over yet."))
    _locked(site)
    if ServiceMonth.objects.filter(site=site, month=month).exists():
        raise WrongState(_("This month is frozen already."))
    _settled(site, month, now)
    rows = rows_of(site, month, now)
    if all(one["value"] is None for one in rows):
        raise Invalid(_("Nothing is known of this month: there is nothing to freeze."), field="month")
    made = ServiceMonth.objects.create(site=site, month=month)
    revision = MonthRevision.objects.create(
        month=made, number=0, figures=rows, outages=outages_of(site, month, now), frozen_at=now,
        frozen_by=actor if isinstance(actor, User) else None,
    )  # fmt: skip
    document = document_issue(
        type=SERVICE_MONTH, site=site, subject=made, title=str(SERVICE_MONTH.title),
        data=month_body(revision, language="id"), language="id", actor=actor, now=now, period=_period(month),
    )  # fmt: skip
    _told(revision, document, actor, now)
    return revision


@transaction.atomic
def month_revise(*, month_id: int, reason: str, actor: Actor, now: datetime) -> MonthRevision:
    """The next revision of a frozen month: what was, what is, and why. Raises NotAllowed, Invalid, WrongState."""
    month = ServiceMonth.objects.select_related("site").get(pk=month_id)
    if not may_freeze(actor, month.site):
        raise NotAllowed
    if not reason.strip():
        raise Invalid(_("Say why the figures are others now."), field="reason")
    _locked(month.site)
    _settled(month.site, month.month, now)
    last, rows = latest(month), rows_of(month.site, month.month, now)
    changes = differences(last.figures, rows)
    if not changes:
        raise WrongState(_("The figures are as they were frozen: there is nothing to revise."))
    revision = MonthRevision.objects.create(
        month=month, number=last.number + 1, figures=rows, outages=outages_of(month.site, month.month, now),
        frozen_at=now, frozen_by=actor if isinstance(actor, User) else None, reason=reason.strip()[:300],
        changes=changes,
    )  # fmt: skip
    issued = documents_of(month).get(status="valid")
    document = document_revise(
        document_id=issued.pk, type=SERVICE_MONTH, title=str(SERVICE_MONTH.title),
        data=month_body(revision, language="id"), language="id", reason=reason.strip(), actor=actor, now=now,
        period=_period(month.month),
    )  # fmt: skip
    _told(revision, document, actor, now)
    return revision


def documents_of(month: ServiceMonth) -> Any:
    return IssuedDocument.objects.filter(subject_type=ServiceMonth._meta.label_lower, subject_id=str(month.pk))


def signatures_of_the_client() -> QuerySet[Signature]:
    return Signature.objects.filter(user__in=RoleAssignment.objects.filter(role=Role.CLIENT).values("user"))


def signed_of(months: Iterable[ServiceMonth]) -> dict[int, Signature]:
    """By month, the client's signature under its valid report; none where nobody of theirs has signed."""
    rows = signatures_of_the_client().filter(
        document__type_code=SERVICE_MONTH.code, document__status=Status.VALID,
        document__subject_id__in=[str(one.pk) for one in months],
    )  # fmt: skip
    return {int(one.document.subject_id): one for one in rows.select_related("document").defer("document__data")}


def reports_unsigned(user: User) -> QuerySet[IssuedDocument]:
    """The reports that the user, of the client, is to sign: valid ones that nobody of the client has signed."""
    if not has_role(user, {Role.CLIENT}):
        return IssuedDocument.objects.none()
    rows = IssuedDocument.objects.visible_to(user).filter(type_code=SERVICE_MONTH.code, status=Status.VALID)
    rows = rows.exclude(Exists(signatures_of_the_client().filter(document=OuterRef("pk"))))
    return rows.select_related("site").order_by("period_from", "site__code", "pk")


def changed_since_frozen(user: User, now: datetime) -> Iterator[ServiceMonth]:
    """Months that the user may revise and whose figures are others by now: something came in, or was taken back, since.

    Only quarters written anew since the freeze make a month worth the comparison.
    """
    sites = [one.pk for one in sites_for(user, FREEZERS)]
    since = month_of(local_day(now - REVISABLE, JAKARTA))
    rows = ServiceMonth.objects.filter(site__in=sites, month__gte=since).select_related("site") if sites else []
    for month in rows:
        last = latest(month)
        start, end = span_of(month.site, month.month)
        touched = Interval.objects.filter(
            site=month.site, starts_at__gte=start, starts_at__lt=end, computed_at__gt=last.frozen_at
        )
        if touched.exists() and differences(last.figures, rows_of(month.site, month.month, now)):
            yield month


def sign_url(document: IssuedDocument) -> str:
    return f"{document.get_absolute_url()}?purpose={Purpose.APPROVED}#sign"


def _period(month: date) -> tuple[date, date]:
    return month, next_month(month) - timedelta(days=1)


def _locked(site: Site) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, site.pk])


def _told(revision: MonthRevision, document: IssuedDocument, actor: Actor, now: datetime) -> None:
    month = revision.month
    data = {"month": f"{month.month:%Y-%m}", "revision": revision.number, "document": document.full_number,
            "changes": [one["key"] for one in revision.changes]}  # fmt: skip
    record(actor=actor, action="realtime.month_frozen", subject=month, data=data, now=now, site=month.site)
    to = {one.pk: one for role in TOLD for one in audience(role, site=month.site, now=now)}.values()
    params = {"month": f"{month.month:%Y-%m}", "site": month.site.name, "document": document.full_number}
    notify(to=to, kind=MONTH_FROZEN.key, params=params, key=f"month:{month.pk}:{revision.number}",
           url=month.get_absolute_url(), now=now)  # fmt: skip


def months_freeze(*, now: datetime) -> int:
    """Beat: months that are over since the hours of the policy and of which something is known; how many."""
    done = 0
    for site in Site.objects.all():
        hours = timedelta(hours=float(policy_value(FREEZE_HOURS, at=now, site=site)))
        month = month_of(local_day(now - hours, site.zone))
        for _back in range(BACK):
            month = month_of(month - timedelta(days=1))
            done += _freeze_due(site, month, now)
    return done


def _freeze_due(site: Site, month: date, now: datetime) -> int:
    start, end = span_of(site, month)
    if ServiceMonth.objects.filter(site=site, month=month).exists():
        return 0
    if not Interval.objects.filter(site=site, starts_at__gte=start, starts_at__lt=end).exists():
        return 0
    try:
        month_freeze(site=site, month=month, actor=BEAT, now=now)
    except Refused:  # somebody else was quicker, or nothing is known
        return 0
    except Exception:
        logger.exception("a month is not frozen", extra={"data": {"site": site.code, "month": f"{month:%Y-%m}"}})
        return 0
    return 1
