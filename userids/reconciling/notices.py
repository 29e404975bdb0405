"""Who hears of a run: each owner once of all that is theirs; of a leaver's activity coordinators and IT at once."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_noop

from occ.notifications.addressees import audience
from occ.notifications.endings import Ending, How
from occ.notifications.endings import register as register_ending
from occ.notifications.kinds import Kind, register
from occ.notifications.models import Notification
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.models import Site
from occ.times import JAKARTA, local_day
from occ.workflow.endings import asks
from userids.choices import STANDING, FindingKind, Sight
from userids.models import Application
from userids.models.reconciliation import Finding, FindingSighting, Reconciliation

# More of them at one site than somebody reads one by one are told together.
SINGLY = 20
FOUND = register(
    Kind(
        "userids.findings",
        gettext_noop("Reconciliation of %(application)s: %(count)s findings wait for you"),
        gettext_noop(
            "The list of users of %(application)s differs from the logbook. Findings of yours at %(site)s that are new"
            " or came back: %(count)s. Deal with each by its due time."
        ),
        "warning",
    )
)
INCIDENT = register(
    Kind(
        "userids.incident",
        gettext_noop("Incident: activity under user ID %(user_id)s after the last day of %(person)s"),
        gettext_noop(
            "The application shows activity on %(seen_at)s under user ID %(user_id)s, whose holder %(person)s had left"
            " by %(left_at)s (SOP-UID 5.1, 8.3). Shut the ID, find out who used it, and record what you did."
        ),
        "danger",
    )
)
INCIDENTS = register(
    Kind(
        "userids.incidents",
        gettext_noop("Incident: activity under %(count)s user IDs of leavers"),
        gettext_noop(
            "The application shows activity under %(count)s user IDs at %(site)s after the last day of their holders"
            " (SOP-UID 5.1, 8.3)."
        ),
        "danger",
    )
)
FAILED = register(
    Kind(
        "userids.pull_failed",
        gettext_noop("The list of users of %(application)s could not be fetched"),
        gettext_noop("%(error)s Until it can be fetched, the logbook is not reconciled with %(application)s."),
        "warning",
    )
)
asks(INCIDENT, Finding, STANDING)


@register_ending
def told_settled(messages: Sequence[Notification]) -> dict[int, Ending]:
    """What a run told together is over once none of it is open."""
    told: dict[tuple[int, str, int], list[Notification]] = {}
    for one in messages:
        parts = one.key.split(":")
        if one.kind in {FOUND.key, INCIDENTS.key} and parts[0] == "reconciliation" and len(parts) == 4:
            told.setdefault((int(parts[1]), parts[2], int(parts[3])), []).append(one)
    if not told:
        return {}
    group = ("run_id", "finding__kind", "finding__owner_role", "finding__site_id")
    seen = FindingSighting.objects.filter(
        run__in={run for run, _what, _site in told}, sight__in=(Sight.NEW, Sight.REOPENED)
    ).select_related("finding__settled_by", "finding__said_by")
    # Of each group the one settled last; before it one that still stands.
    lasts = seen.order_by(*group, F("finding__settled_at").desc(nulls_first=True)).distinct(*group)
    ends: dict[tuple[int, str, int], list[Finding]] = {}
    for sighting in lasts:
        last, role = sighting.finding, sighting.finding.owner_role
        for what in (role, "incidents") if last.kind == FindingKind.ACTIVITY_AFTER_LAST_DAY else (role,):
            ends.setdefault((sighting.run_id, what, last.site_id), []).append(last)
    return {
        one.pk: ending for key, some in ends.items() if (ending := _ending(some)) for one in told.get(key, ())
    }  # fmt: skip


def _ending(some: Sequence[Finding]) -> Ending | None:
    """By whoever settled the last one; nobody where a list no longer shows what nobody spoke of."""
    settled = [(one.settled_at, one.settled_by or one.said_by) for one in some if one.settled_at is not None]
    if len(settled) < len(some):
        return None
    at, by = max(settled, key=lambda one: one[0])
    return Ending(How.DONE, str(by or ""), at, JAKARTA)


def findings_tell(run: Reconciliation, findings: Iterable[Finding], *, now: datetime) -> None:
    """`findings`: those that are new or came back."""
    findings = list(findings)
    owned = Counter((one.owner_role, one.site) for one in findings if not one.covered)
    for (role, site), count in owned.items():
        url = f"{reverse('userids:findings')}?status=open&owner={role}&site={site.pk}"
        params = {"application": str(run.application), "site": site.name, "count": count}
        key = f"reconciliation:{run.pk}:{role}:{site.pk}"
        notify(to=audience(role, site=site, now=now), kind=FOUND.key, params=params, key=key, url=url, now=now)
    incidents_tell(findings, key=f"reconciliation:{run.pk}", now=now)


def incidents_tell(findings: Iterable[Finding], *, key: str, now: datetime) -> None:
    """Of a leaver's activity among these. `key`: of what they were found by, where there are too many to name."""
    incidents: dict[Site, list[Finding]] = {}
    for one in findings:
        if one.kind == FindingKind.ACTIVITY_AFTER_LAST_DAY:
            incidents.setdefault(one.site, []).append(one)
    for site, some in incidents.items():
        _alarm(key, site, some, now)


def _alarm(found_by: str, site: Site, incidents: list[Finding], now: datetime) -> None:
    to = {one.pk: one for role in (Role.COORDINATOR, Role.IT) for one in audience(role, site=site, now=now)}.values()
    if len(incidents) > SINGLY:
        url = f"{reverse('userids:findings')}?status=open&kind={FindingKind.ACTIVITY_AFTER_LAST_DAY}&site={site.pk}"
        params = {"count": len(incidents), "site": site.name}
        key = f"{found_by}:incidents:{site.pk}"
        notify(to=to, kind=INCIDENTS.key, params=params, key=key, url=url, now=now)
        return
    for one in incidents:
        params = {
            "user_id": one.user_id, "person": one.person.name if one.person else "-",
            "site_zone": site.timezone, "left_at": one.details["left_at"], "seen_at": one.details["at"],
        }  # fmt: skip
        notify(
            to=to, kind=INCIDENT.key, params=params, key=f"finding:{one.pk}:{one.details['at']}",
            url=one.get_absolute_url(), now=now,
        )  # fmt: skip


def pull_failure_tell(application: Application, error: str, *, sites: Iterable[Site], now: datetime) -> None:
    """IT and Document Control, once a day of the site."""
    params = {"application": str(application), "error": error}
    for site in sites:
        key = f"pull:{application.pk}:{local_day(now, site.zone):%Y-%m-%d}"
        for role in (Role.IT, Role.DOCUMENT_CONTROL):
            notify(
                to=audience(role, site=site, now=now), kind=FAILED.key, params=params, key=key,
                url=reverse("userids:reconciliations"), now=now,
            )  # fmt: skip
