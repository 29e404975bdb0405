"""The list asked for by the application's connector: daily by beat, or when somebody asks (UID-11).

No transaction is open while the application is talked to. A pull is claimed by a conditional update, so two workers
never ask at once; one whose worker died is due again when the claim runs out.
"""

import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from occ.errors import Invalid, NotAllowed, Refused
from occ.people.models import Site, User
from occ.policies.services import policy_value
from occ.texts import kept_within, worded
from occ.texts import told as _
from userids.choices import ConnectorKind, ListSource
from userids.connectors.base import ConnectorError, RemoteUser
from userids.models import Application
from userids.models.reconciliation import Finding, Pull, Reconciliation
from userids.reconciling.findings import SOON, findings_wake
from userids.reconciling.flow import RECONCILER
from userids.reconciling.hearing import heard_take_up
from userids.reconciling.notices import pull_failure_tell
from userids.reconciling.policies import EVERY
from userids.reconciling.reading import Listed, Listing
from userids.reconciling.runs import may_reconcile, reconciliation_run, sites_of
from userids.services.applications import connected

logger = logging.getLogger(__name__)
CLAIM = timedelta(minutes=20)  # longer than the longest task
WAITS = [timedelta(minutes=m) for m in (5, 15, 60, 180)]  # after the first, second, … temporary failure


def has_connector(application: Application) -> bool:
    return application.connector != ConnectorKind.MANUAL


def reachable() -> list[Application]:
    return [one for one in Application.objects.all() if has_connector(one)]


def reconcile_due(*, now: datetime) -> int:
    """All that is due of reconciliation at that instant, here; returns how much was done."""
    return (
        findings_wake(now=now)
        + heard_take_up(now=now)
        + sum(pull_run(pull_id=pk, now=now) for pk in pulls_due(now=now))
    )


def pulls_due(*, now: datetime) -> list[int]:
    """Pulls whose time has come; an application whose connector is new is due at once."""
    applications = reachable()
    Pull.objects.bulk_create([Pull(application=one, next_at=now) for one in applications], ignore_conflicts=True)
    return list(Pull.objects.due(now).filter(application__in=applications).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def pull_ask(*, application: Application, confirmed: bool = False, actor: User, now: datetime) -> Pull:
    """Ask for the list now. Raises NotAllowed, Invalid (no connector)."""
    if not may_reconcile(actor, application):
        raise NotAllowed(_("A reconciliation covers every site of the application; your role does not."))
    if not has_connector(application):
        raise Invalid(_("This application has no connector: upload its list as a file."), field="file")
    asked = {"next_at": now, "asked_by": actor, "attempts": 0, "error": "", "confirmed": confirmed}
    pull, _made = Pull.objects.update_or_create(application=application, defaults=asked)
    transaction.on_commit(lambda: enqueue(pull.pk))
    return pull


def enqueue(pk: int) -> None:
    from userids.reconciling.tasks import pull

    try:
        pull.delay(pk)
    except OperationalError:  # the broker is away: beat takes it up later
        logger.warning("pull not enqueued", extra={"data": {"pull": pk}})


def pull_run(*, pull_id: int, now: datetime) -> bool:
    """Fetch the list and reconcile with it, if nobody else does; whether a run came of it."""
    claim = Pull.objects.due(now).filter(pk=pull_id)
    if not claim.update(next_at=now + CLAIM, tried_at=now, attempts=F("attempts") + 1):
        return False
    pull = Pull.objects.select_related("application", "asked_by").get(pk=pull_id)
    try:
        with connected(pull.application) as connector:
            listing = listing_of(connector.list_accounts(), name=str(pull.application))
        _reconcile(pull, listing, now)
    except ConnectorError as error:
        _failed(pull, error.kept, now, wait=waits(pull.attempts, error) if error.temporary else None)
    except Refused as refusal:
        _failed(pull, kept_within(worded(refusal.message)), now)
    except Exception:  # one application never stops the others
        logger.exception("pull failed", extra={"data": {"pull": pull_id}})
        _failed(pull, _("OCC made a mistake here; nothing was changed. Tell Team IT.").kept(), now)
    else:
        return True
    return False


@transaction.atomic
def _reconcile(pull: Pull, listing: Listing, now: datetime) -> Reconciliation:
    actor = pull.asked_by or RECONCILER
    run = reconciliation_run(
        application=pull.application, listing=listing, source=ListSource.CONNECTOR, taken_at=now,
        confirmed=pull.confirmed, language=pull.asked_by.language if pull.asked_by else "id", actor=actor, now=now,
    )  # fmt: skip
    following = now + timedelta(hours=policy_value(EVERY, at=now))
    # What was said while the application was asked, its list does not show yet.
    if Finding.objects.awaiting_list().filter(application=pull.application, said_at__gte=now).exists():
        following = min(following, now + SOON)
    _written(pull, next_at=following, attempts=0, error="", asked_by=None, confirmed=False, run=run)
    return run


def waits(attempts: int, error: ConnectorError) -> timedelta:
    """Growing waits; the application's own wish goes first, within a day."""
    if error.retry_after is not None:
        return min(timedelta(seconds=max(error.retry_after, 1)), timedelta(days=1))
    return WAITS[min(attempts, len(WAITS)) - 1]


@transaction.atomic
def _failed(pull: Pull, error: str, now: datetime, *, wait: timedelta | None = None) -> None:
    """`wait` None: trying again soon does not help; it is told, and tried again in its turn."""
    following = now + (wait or timedelta(hours=policy_value(EVERY, at=now)))
    given_up = wait is None or pull.attempts >= len(WAITS)
    # What comes much later is no longer what somebody asked for: it runs in the system's name.
    asked_by = None if given_up else pull.asked_by
    _written(pull, next_at=following, error=error, confirmed=False, asked_by=asked_by)
    if given_up:
        sites = Site.objects.filter(pk__in=sites_of(pull.application)) or Site.objects.all()
        pull_failure_tell(pull.application, error, sites=sites, now=now)


def _written(pull: Pull, **fields: object) -> None:
    Pull.objects.filter(pk=pull.pk).update(**fields)


def listing_of(users: Iterable[RemoteUser], *, name: str) -> Listing:
    """A connector's users as a list; its hash is that of the users in the order of their IDs as JSON."""
    rows = sorted((listed(user) for user in users), key=lambda one: one.user_id)
    said = hashlib.sha256()
    for row in rows:
        said.update(json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n")
    facts = {"name": "name", "email": "email", "role": "role", "last_login": "last_login_at"}
    tells = frozenset(fact for fact, field in facts.items() if any(getattr(row, field) for row in rows))
    return Listing(rows, tells, said.hexdigest(), name)


def listed(user: RemoteUser) -> Listed:
    """Of a user who is inactive the last change is the latest instant at which that can have begun."""
    user_id = user.user_id.strip()
    if not user_id or len(user_id) > 254:
        raise Invalid(_("The application has a user without a usable ID."))
    return Listed(
        user_id=user_id,
        active=user.active,
        name=" ".join(user.name.split())[:200],
        email=user.email.strip()[:254],
        role=user.role[:120],
        last_login_at=user.last_login_at,
        inactive_since=None if user.active else getattr(user, "modified_at", None),
    )
