"""What a run has seen (`occ_seen`) brought together with the findings there are: one difference stays one row."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from json import loads
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from occ.obligations.models import Obligation
from occ.obligations.services import Owed, obligations_fulfil, obligations_open
from occ.people.history import copy_to_history, create_many
from occ.people.models import Site, Team
from occ.policies.services import policy_value
from occ.texts import kept
from occ.times import JAKARTA, local_day
from occ.workflow.services import begin_many, step_many
from userids.choices import STAYING, FindingKind, FindingStatus, Sight, Way
from userids.models import Application
from userids.models.reconciliation import Finding, FindingSighting, Reconciliation
from userids.reconciling.comparing import teams_on
from userids.reconciling.flow import FINDING, RECONCILER
from userids.reconciling.policies import KINDS, RULE, hours_policy

SAME = (
    "f.application_id = %(application)s AND f.kind = s.kind AND upper(f.user_id) = s.key"
    " AND f.person_id IS NOT DISTINCT FROM s.person_id"
)
UNSAID: dict[str, Any] = {"way": "", "said_at": None, "said_by": None, "accepted_until": None}
ANEW = UNSAID | {"settled_at": None, "settled_by": None}


def findings_keep(
    run: Reconciliation, *, kinds: Iterable[str], tells: frozenset[str], now: datetime, report: Callable[[float], None]
) -> dict[Sight, list[Finding]]:
    """New findings made, those that came back opened again, those no longer seen closed; a sighting for each.

    `kinds`: what this list could tell by what it `tells`; of other kinds nothing goes. Returns the findings by what
    became of them, without those only seen again.
    """
    # Rows that people have their hands on now are waited for, in one order.
    list(
        Finding.objects.filter(application=run.application)
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("pk")
    )
    again = _seen(run)
    came_back = _come_back(run, now)
    gone = _gone(run, {*again, *_untold(run, tells)}, kinds, now)
    report(0.6)
    made = _make(run, now)
    report(0.8)
    _details_keep(run, now)
    _uncovered(run, now)
    back = {one.pk for one in came_back}
    sights = [
        *((pk, Sight.REOPENED if pk in back else Sight.AGAIN) for pk in again),
        *((one.pk, Sight.NEW) for one in made),
        *((one.pk, Sight.GONE) for one in gone),
    ]
    FindingSighting.objects.bulk_create(
        [FindingSighting(run=run, finding_id=pk, sight=sight) for pk, sight in sights], batch_size=5_000
    )
    Finding.objects.filter(pk__in=again).update(last_run=run)
    return {Sight.NEW: made, Sight.REOPENED: came_back, Sight.GONE: gone}


def fresh_counts(application: Application) -> list[tuple[str, int]]:
    """How many findings of each kind this list would make or bring back."""
    query = (
        f"SELECT s.kind, count(*) FROM occ_seen s LEFT JOIN userids_finding f ON {SAME}"  # noqa: S608
        " WHERE f.id IS NULL OR f.status = 'gone' GROUP BY 1 ORDER BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, {"application": application.pk})
        return list(cursor.fetchall())


def _rows(query: str, run: Reconciliation) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"application": run.application_id})
        return list(cursor.fetchall())


def _seen(run: Reconciliation) -> list[int]:
    """Findings there were that this run has seen."""
    return [pk for (pk,) in _rows(f"SELECT f.id FROM occ_seen s JOIN userids_finding f ON {SAME}", run)]  # noqa: S608


def _make(run: Reconciliation, now: datetime) -> list[Finding]:
    rows = _rows(
        "SELECT s.kind, s.user_id, s.account_id, s.person_id, s.site_id, s.details::text, s.floor_at"  # noqa: S608
        f" FROM occ_seen s LEFT JOIN userids_finding f ON {SAME} WHERE f.id IS NULL"
        " ORDER BY s.key, s.person_id",
        run,
    )
    gravest_last = list(FindingKind)[::-1]  # so that the newest of a list are the gravest
    rows.sort(key=lambda row: gravest_last.index(FindingKind(row[0])))
    sites, within = {one.pk: one for one in Site.objects.all()}, Within(now)
    teams = teams_on([row[3] for row in rows if row[3]], local_day(now, JAKARTA))
    made = [
        Finding(
            application=run.application, kind=kind, user_id=user_id, account_id=account, person_id=person,
            site=sites[site], team_id=teams.get(person), owner_role=KINDS[kind][0], details=loads(details),
            found_at=now, due_at=within.due(kind, sites[site], floor), first_run=run, last_run=run,
        )
        for kind, user_id, account, person, site, details, floor in rows
    ]  # fmt: skip
    note = kept(gettext_noop("Found by reconciliation %(number)s"), number=run.pk)
    for one, row in zip(made, rows, strict=True):
        one.covered = row[-1] is not None
    create_many(made, actor=RECONCILER, why=note, now=now)
    begin_many(FINDING, made, actor=RECONCILER, now=now, note=note)
    owe(made, now)
    return made


def _come_back(run: Reconciliation, now: datetime) -> list[Finding]:
    """Seen again, though it was gone, or an earlier list had shown that it was put right; or said to be so before this
    list was taken; or accepted until a day that is over.

    Activity comes back when it is later than that which was settled.
    """
    rows = _rows(
        "SELECT f.id, s.details::text, s.floor_at FROM occ_seen s"  # noqa: S608
        f" JOIN userids_finding f ON {SAME} WHERE f.status <> 'open'",
        run,
    )
    fresh = {pk: (loads(details), floor) for pk, details, floor in rows}
    wanted = []
    for one in Finding.objects.filter(pk__in=fresh).select_related("site"):
        over = one.status in {FindingStatus.GONE, FindingStatus.RESOLVED}
        if one.way == Way.BEFORE:  # by mere words
            over = one.settled_at is not None and run.taken_at > one.settled_at
        if one.is_claimed:  # that it may stay as it is, somebody has yet to decide
            over = one.way != Way.AS_IT_IS and one.said_at is not None and run.taken_at > one.said_at
        if one.status == FindingStatus.ACCEPTED and one.accepted_until is not None:
            over = local_day(run.taken_at, one.site.zone) > one.accepted_until
        if one.kind in STAYING:
            accepted, known = one.status == FindingStatus.ACCEPTED and over, one.moment("at")
            over = accepted or known is None or datetime.fromisoformat(fresh[one.pk][0]["at"]) > known
        if over:
            wanted.append(one)
    note = kept(gettext_noop("Found again by reconciliation %(number)s"), number=run.pk)
    floors = {pk: floor for pk, (_details, floor) in fresh.items()}
    # What was resolved by mere words, before ways were named, and was not put right has been owed all the while.
    said = {one.pk: one.due_at for one in wanted if one.way == Way.BEFORE and one.kind not in STAYING}
    rows_back = Finding.objects.filter(pk__in=[one.pk for one in wanted])
    denied = kept(gettext_noop("Found again by reconciliation %(number)s: it was not put right"), number=run.pk)
    still = findings_deny(rows_back, note=denied, now=now)
    return [*still, *findings_reopen(rows_back, note=note, now=now, floors=floors, owed=said)]


def findings_deny(rows: "QuerySet[Finding]", *, note: str, now: datetime) -> list[Finding]:
    """Those that were claimed: what was said of them is not so. Their time and their duty are what they were."""
    return step_many(FINDING, rows, "still", actor=RECONCILER, now=now, note=note, also=UNSAID)


def findings_reopen(
    rows: "QuerySet[Finding]", *, note: str, now: datetime, floors: dict[int, datetime] | None = None,
    owed: dict[int, datetime] | None = None,
) -> list[Finding]:  # fmt: skip
    """Open them again, each with a new time by which it is dealt with, unless it has been `owed` since before."""
    found = step_many(
        FINDING, rows, "reopen", actor=RECONCILER, now=now, note=note,
        also=ANEW | {"found_at": now},
    )  # fmt: skip
    within = Within(now)
    for one in found:
        floor = (floors or {}).get(one.pk)
        one.due_at, one.covered = within.due(one.kind, one.site, floor), floor is not None
        if not one.covered:  # the open request is the duty, and it says by when
            one.due_at = (owed or {}).get(one.pk, one.due_at)
    Finding.objects.bulk_update(found, ["due_at"], batch_size=2_000)
    owe(found, now)
    return found


def _untold(run: Reconciliation, tells: frozenset[str]) -> list[int]:
    """Two IDs of a person, one of them unknown to the logbook: only name and e-mail together tell of that."""
    if tells >= {"name", "email"}:
        return []
    query = (
        "SELECT f.id FROM userids_finding f WHERE f.application_id = %(application)s AND f.kind = 'two_ids' AND EXISTS"
        " (SELECT FROM jsonb_array_elements_text(f.details -> 'ids') AS i(user_id)"
        " WHERE NOT EXISTS (SELECT FROM occ_book b WHERE b.key = upper(i.user_id)))"
    )
    return [pk for (pk,) in _rows(query, run)]


def _gone(run: Reconciliation, spared: set[int], kinds: Iterable[str], now: datetime) -> list[Finding]:
    kinds = [kind for kind in kinds if kind not in STAYING]
    # What was resolved by mere words, before ways were named: so once a list made after that shows it.
    words = Q(status=FindingStatus.RESOLVED, way=Way.BEFORE)
    claimed = Q(status=FindingStatus.CLAIMED) & (Q(way=Way.AS_IT_IS) | Q(said_at__lt=run.taken_at))
    standing = Finding.objects.filter(
        words & Q(settled_at__lt=run.taken_at) | claimed | Q(status__in=("open", "accepted")),
        application=run.application, kind__in=kinds,
    )  # fmt: skip
    unseen = set(standing.values_list("pk", flat=True)) - spared
    rows = Finding.objects.filter(pk__in=unseen)
    note = kept(gettext_noop("No longer found by reconciliation %(number)s"), number=run.pk)
    evidence = {"text": note, "run": run.pk, "sha256": run.sha256, "taken_at": run.taken_at.isoformat()}
    made: dict[str, Any] = {"actor": RECONCILER, "now": now, "note": note, "evidence": evidence}
    put_right = rows.filter(status=FindingStatus.CLAIMED).exclude(way=Way.AS_IT_IS)
    found = step_many(FINDING, put_right, "shown", also={"settled_at": now}, **made)
    rows = rows.exclude(pk__in=[one.pk for one in found])
    found += step_many(FINDING, rows.filter(words), "gone", also=UNSAID, **made)  # settled when it was said
    found += step_many(FINDING, rows, "gone", also=ANEW | {"settled_at": now}, **made)
    obligations_fulfil(
        subjects=found, rules=list(RULE.values()), at=now, evidence=evidence, actor=RECONCILER, now=now
    )  # fmt: skip
    return found


def _details_keep(run: Reconciliation, now: datetime) -> None:
    """What is different about a difference that was known: a row of history where it changed."""
    changed = _rows(
        "UPDATE userids_finding f SET details = s.details FROM occ_seen s"  # noqa: S608
        f" WHERE {SAME} AND f.details <> s.details AND f.status IN ('open', 'claimed') RETURNING f.id",
        run,
    )
    why = kept(gettext_noop("Reconciliation %(number)s"), number=run.pk)
    copy_to_history(Finding, [pk for (pk,) in changed], RECONCILER, why, now, kind="~")


def _uncovered(run: Reconciliation, now: datetime) -> None:
    """Leavers' IDs that are still active though their deactivation is confirmed or was cancelled: owed from now on."""
    rows = _rows(
        f"SELECT f.id FROM occ_seen s JOIN userids_finding f ON {SAME}"  # noqa: S608
        " WHERE f.status IN ('open', 'claimed') AND s.kind = 'active_after_leaving' AND s.floor_at IS NULL",
        run,
    )
    kind = ContentType.objects.get_for_model(Finding)
    owed = Obligation.objects.open().filter(content_type=kind).values("object_id")
    found = list(Finding.objects.filter(pk__in=[pk for (pk,) in rows]).exclude(pk__in=owed).select_related("site"))
    within = Within(now)
    for one in found:
        one.due_at = within.due(one.kind, one.site, None)
    Finding.objects.bulk_update(found, ["due_at"], batch_size=2_000)
    owe(found, now)


def owe(findings: list[Finding], now: datetime) -> None:
    """An obligation each, but where an open deactivation request is one for the same deed already."""
    findings = [one for one in findings if not one.covered]
    by_rule: dict[str, list[Owed]] = defaultdict(list)
    teams = {one.pk: one for one in Team.objects.all()}
    for one in findings:
        label = f"{one.ids} ({kept(FindingKind(one.kind).label)})"
        team = teams.get(one.team_id) if one.team_id else None
        by_rule[RULE[one.owner_role]].append(Owed(one, label, one.site, team, min(now, one.due_at), one.due_at))
    for rule, owed in by_rule.items():
        obligations_open(rule=rule, owed=owed, actor=RECONCILER, now=now)


class Within:
    """By when a finding is dealt with; each policy is asked for once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.hours: dict[tuple[str, int], timedelta] = {}

    def due(self, kind: str, site: Site, floor: datetime | None) -> datetime:
        """The policy's hours from now; never before `floor`."""
        if (kind, site.pk) not in self.hours:
            hours = policy_value(hours_policy(kind), at=self.now, site=site)
            self.hours[kind, site.pk] = timedelta(hours=hours)
        due = self.now + self.hours[kind, site.pk]
        return max(due, floor) if floor else due
