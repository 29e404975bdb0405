"""Activity under a leaver's ID that is heard of as it happens (UID-11): an incident at once, whatever its status says.

Whoever hears events (occ.people.activity) must not wait for a run that compares lists: what was heard is kept in its
transaction, and taken up behind the application's lock, where the same finding is made that a list would have shown.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.dispatch import receiver
from django.utils.translation import gettext_noop
from kombu.exceptions import OperationalError

from occ.people.activity import Seen, seen, seen_since
from occ.people.history import create_many
from occ.people.lifecycle import leaving
from occ.people.models import Person, Site
from occ.texts import kept
from occ.times import JAKARTA, end_of_day, local_day
from occ.workflow.services import begin_many
from userids.choices import FindingKind, FindingStatus
from userids.models import Application, Assignment
from userids.models.reconciliation import Finding, Heard
from userids.reconciling.comparing import teams_on
from userids.reconciling.flow import FINDING, RECONCILER
from userids.reconciling.keeping import Within, findings_deny, findings_reopen, owe
from userids.reconciling.notices import incidents_tell
from userids.reconciling.policies import KINDS
from userids.reconciling.runs import lock

logger = logging.getLogger(__name__)
KIND = FindingKind.ACTIVITY_AFTER_LAST_DAY
# A source whose code is an application's speaks of that one's IDs only; of any other nobody knows which it means.
# Whose an ID was at that instant, and since when its holder was gone: as a list's rows are judged (comparing.RULES).
OF_LEAVERS = """
SELECT a.id, h.person_id, s.at, h.left_at, s.what, s.source
FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::text[]) AS s(name, at, what, source)
JOIN userids_account a ON upper(a.user_id) = upper(s.name)
JOIN userids_application o ON o.id = a.application_id AND (upper(o.code) = upper(s.source)
    OR NOT EXISTS (SELECT FROM userids_application n WHERE upper(n.code) = upper(s.source)))
JOIN LATERAL (
    SELECT g.person_id, p.last_working_day, GREATEST(((p.last_working_day + 1)::timestamp AT TIME ZONE t.timezone), (
        SELECT q.starts_at FROM userids_deactivationrequest q
        WHERE q.account_id = a.id AND q.person_id = g.person_id AND q.status <> 'cancelled'
        ORDER BY q.id DESC LIMIT 1)) AS left_at
    FROM userids_assignment g JOIN people_person p ON p.id = g.person_id JOIN people_site t ON t.id = p.site_id
    WHERE g.account_id = a.id AND g.starts_at <= s.at ORDER BY g.starts_at DESC LIMIT 1
) h ON h.last_working_day IS NOT NULL AND s.at >= h.left_at
"""


@receiver(seen, dispatch_uid="userids.activity")
def activity_keep(sender: Any, rows: Sequence[Seen], now: datetime, **kwargs: Any) -> None:
    """Keep what was done under leavers' IDs, and have it taken up."""
    _keep(rows)


@receiver(leaving, dispatch_uid="userids.activity_before")
def activity_look_back(sender: Any, person: Person, now: datetime, **kwargs: Any) -> None:
    """A leaving that is recorded after the last day: what was done since was heard of when nobody was leaving.

    To be connected after the receiver that opens the requests: their clocks say from when on somebody has left.
    """
    assert person.last_working_day is not None
    since = end_of_day(person.last_working_day, person.site.zone)
    if since >= now:
        return
    held = Assignment.objects.filter(person=person).select_related("account").order_by("account", "starts_at")
    rows = []
    for one in held.distinct("account"):
        after = Assignment.objects.filter(account=one.account, starts_at__gt=one.starts_at).exclude(person=person)
        until = after.order_by("starts_at").values_list("starts_at", flat=True).first()
        rows += seen_since(one.account.user_id, since, until)
    _keep(rows)


def _keep(rows: Sequence[Seen]) -> None:
    with connection.cursor() as cursor:
        columns: list[list[Any]] = [[getattr(one, name) for one in rows] for name in ("name", "at", "what", "source")]
        cursor.execute(OF_LEAVERS, columns)
        found = cursor.fetchall()
    if not found:
        return
    Heard.objects.bulk_create(
        [
            Heard(account_id=account, person_id=person, at=at, left_at=left_at, what=what, source=source)
            for account, person, at, left_at, what, source in found
        ]
    )
    transaction.on_commit(enqueue)


def enqueue() -> None:
    from userids.reconciling.tasks import hear

    try:
        hear.delay()
    except OperationalError:  # the broker is away: beat finds it
        logger.warning("heard activity not enqueued")


def heard_take_up(*, now: datetime) -> int:
    """Make or open again a finding for each; how many incidents that were."""
    waiting = Heard.objects.order_by().values_list("account__application", flat=True).distinct()
    return sum(_take_up(Application.objects.get(pk=pk), now) for pk in list(waiting))


@transaction.atomic
def _take_up(application: Application, now: datetime) -> int:
    lock(application)
    rows = Heard.objects.filter(account__application=application).select_related("account__site", "person")
    latest: dict[tuple[int, int], Heard] = {}
    pks = []
    for one in rows.order_by("at", "pk"):
        pks.append(one.pk)
        latest[one.account_id, one.person_id] = one
    made: list[Finding] = []
    changed: list[Finding] = []
    teams = teams_on([one.person_id for one in latest.values()], local_day(now, JAKARTA))
    for one in latest.values():
        there = Finding.objects.select_for_update(of=("self",), no_key=True).filter(
            application=application, kind=KIND, user_id__iexact=one.account.user_id, person=one.person
        )
        finding = there.first()
        if finding is None:
            made.append(_finding(application, one, teams.get(one.person_id), now))
        elif _news(finding, one):
            changed.append(_told_of(finding, one, now))
    note = kept(gettext_noop("Heard from the application's events"))
    create_many(made, actor=RECONCILER, why=note, now=now)
    begin_many(FINDING, made, actor=RECONCILER, now=now, note=note)
    owe(made, now)
    incidents_tell([*made, *changed], key=f"heard:{application.pk}:{now.timestamp():.0f}", now=now)
    Heard.objects.filter(pk__in=pks).delete()
    return len(made) + len(changed)


def _finding(application: Application, heard: Heard, team_id: int | None, now: datetime) -> Finding:
    site: Site = heard.account.site
    return Finding(
        application=application, kind=KIND, user_id=heard.account.user_id, account=heard.account, person=heard.person,
        site=site, team_id=team_id, owner_role=KINDS[KIND][0], details=_details(heard), found_at=now,
        due_at=Within(now).due(KIND, site, None),
    )  # fmt: skip


def _details(heard: Heard) -> dict[str, str]:
    said = {"at": heard.at.isoformat(), "left_at": heard.left_at.isoformat(), "what": heard.what}
    return said | {"source": heard.source}


def _news(finding: Finding, heard: Heard) -> bool:
    """Whether it is later than what the finding knows; what an open one knows better is written without a word."""
    known = finding.moment("at")
    if known is not None and heard.at <= known:
        return False
    if finding.status == FindingStatus.OPEN:
        finding.details = _details(heard)
        finding.save(update_fields=["details"])
        return False
    return True


def _told_of(finding: Finding, heard: Heard, now: datetime) -> Finding:
    """Activity that came after what had been settled, or said to be: open again."""
    finding.details = _details(heard)
    finding.save(update_fields=["details"])
    note = kept(gettext_noop("Heard again from the application's events"))
    rows = Finding.objects.filter(pk=finding.pk)
    return [*findings_deny(rows, note=note, now=now), *findings_reopen(rows, note=note, now=now)][0]
