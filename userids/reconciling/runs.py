"""One run: a list compared with the logbook, findings kept, report issued, owners told: all or nothing (UID-11)."""

import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import translation

from occ.errors import Invalid, NotAllowed, Refused, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor, SystemActor
from occ.people.choices import Role
from occ.people.models import Site, User
from occ.people.scope import site_ids
from occ.policies.services import policy_value
from occ.texts import told as _
from userids.choices import GRAVE, FindingKind, ListSource, Sight
from userids.models import Account, Application
from userids.models.reconciliation import Finding, Reconciliation
from userids.reconciling import comparing
from userids.reconciling.keeping import findings_keep, fresh_counts
from userids.reconciling.notices import findings_tell
from userids.reconciling.policies import DORMANT_DAYS, SHRINK, SURGE
from userids.reconciling.reading import Listing
from userids.reconciling.report import report_issue
from userids.services.importing import Report

STARTERS = frozenset({Role.DOCUMENT_CONTROL, Role.IT})
LOCK = 0x0CC_11
FEW = 20  # so many findings of a kind are looked through quicker than asked about


class ConfirmationNeeded(Refused):
    """The list is empty or much shorter than the last one, or would make very many findings: it may be half a list."""

    code = "confirmation_needed"
    status = 409


def sites_of(application: Application) -> list[int]:
    """The sites whose IDs the application has in the logbook, the one with the most first."""
    rows = Account.objects.filter(application=application).values_list("site_id").annotate(n=Count("pk"))
    return [site for site, _n in rows.order_by("-n", "site_id")]


def may_reconcile(actor: Actor, application: Application) -> bool:
    """A run judges every ID of the application: the role has to cover all the sites that it has IDs at."""
    if isinstance(actor, SystemActor):
        return True
    ids = site_ids(actor, STARTERS)
    if ids is None:
        return True
    there = set(sites_of(application))
    return bool(there) and there <= ids


@transaction.atomic
def reconciliation_run(
    *, application: Application, listing: Listing, source: ListSource, taken_at: datetime, confirmed: bool = False,
    language: str = "", actor: Actor, now: datetime, report: Report = lambda share: None,
) -> Reconciliation:  # fmt: skip
    """Compare and keep. `taken_at`: when the application made the list; findings settled later stay settled.

    Raises NotAllowed, Invalid (an ID twice), WrongState (a newer list was reconciled), ConfirmationNeeded.
    """
    began = time.perf_counter()
    if not may_reconcile(actor, application):
        raise NotAllowed(_("A reconciliation covers every site of the application; your role does not."))
    if taken_at > now:
        raise Invalid(_("The list cannot be of a later time than now."), field="taken_at")
    lock(application)
    _in_order(application, taken_at)
    if twice := comparing.list_load(listing.users):
        raise Invalid(_("The list has these user IDs twice: %(ids)s.") % {"ids": ", ".join(twice)}, code="duplicate")
    if not confirmed:
        _must_be_whole(application, listing, now)
    comparing.known_keep(application)
    report(0.4)
    kinds = comparing.judged_by(listing.tells)
    sites = sites_of(application) or list(Site.objects.order_by("code").values_list("pk", flat=True)[:1])
    if not sites:
        raise WrongState(_("There is no site yet."))
    dormant = taken_at - timedelta(days=policy_value(DORMANT_DAYS, at=now))
    comparing.compare(application, kinds=kinds, taken_at=taken_at, dormant=dormant, home=sites[0])
    if not confirmed:
        _must_be_likely(application, now)
    report(0.5)
    users, active_users, accounts, active_accounts = comparing.book_counts()
    run = Reconciliation.objects.create(
        application=application, source=source, file_name=listing.name, sha256=listing.sha256, taken_at=taken_at,
        ran_at=now, started_by=actor if isinstance(actor, User) else None, started_by_label=str(actor)[:150],
        confirmed=confirmed, sites=sites, users=users, active_users=active_users, accounts=accounts,
        active_accounts=active_accounts,
    )  # fmt: skip
    comparing.mirror_keep(application, run.pk, taken_at)
    kept = findings_keep(run, kinds=kinds, tells=listing.tells, now=now, report=report)
    run.counts = counts_of(run)
    run.seconds = round(time.perf_counter() - began, 3)
    run.save(update_fields=["counts", "seconds"])
    findings_tell(run, [*kept[Sight.NEW], *kept[Sight.REOPENED]], now=now)
    report(0.9)
    document = report_issue(run, language=language or (translation.get_language() or "id")[:2], actor=actor)
    data: dict[str, Any] = {
        "application": application.code, "source": source, "file": listing.name, "sha256": listing.sha256,
        "taken_at": taken_at, "confirmed": confirmed, "users": users, "accounts": accounts, "counts": run.counts,
        "report": document.full_number,
    }  # fmt: skip
    record(actor=actor, action="userids.reconciled", subject=run, data=data, now=now)
    return run


def lock(application: Application) -> None:
    """Two runs at once: the second one compares with what the first has kept."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, application.pk])


def _in_order(application: Application, taken_at: datetime) -> None:
    """An older list after a newer one would bring back what was settled in between."""
    last = Reconciliation.objects.filter(application=application).order_by("-taken_at").first()
    if last is not None and taken_at < last.taken_at:
        raise WrongState(
            _("A newer list of this application was reconciled already (run %(number)s).") % {"number": last.pk}
        )


def _must_be_whole(application: Application, listing: Listing, now: datetime) -> None:
    if not listing.users:
        raise ConfirmationNeeded(_("The list is empty: confirm that the application really has no user."))
    lost = comparing.lost_share(application)
    if lost is not None and lost > policy_value(SHRINK, at=now):
        words = _(
            "The list lacks %(share)s percent of the user IDs of the last one. Confirm that it is the whole list."
        )
        raise ConfirmationNeeded(words % {"share": round(lost)})


def _must_be_likely(application: Application, now: datetime) -> None:
    """Very many differences of one kind at once are more likely the list's fault. What is grave waits for nobody."""
    most = max(FEW, policy_value(SURGE, at=now) * comparing.listed_active() / 100)
    for kind, count in fresh_counts(application):
        if count > most and kind not in GRAVE:
            words = _(
                "The list would make %(count)s new findings of the kind “%(kind)s”. Confirm that it is right and"
                " complete."
            )
            raise ConfirmationNeeded(words % {"count": count, "kind": FindingKind(kind).label})


def counts_of(run: Reconciliation) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {sight: Counter() for sight in (*Sight.values, "standing")}
    for sight, kind, n in run.sightings.values_list("sight", "finding__kind").annotate(n=Count("pk")).order_by():
        found[sight][kind] = n
    standing = Finding.objects.open().filter(application=run.application)
    found["standing"].update(dict(standing.values_list("kind").annotate(n=Count("pk")).order_by()))
    return {sight: dict(counter) for sight, counter in found.items()}
