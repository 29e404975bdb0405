"""Lists as an application would give them, and runs with them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connections

from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.models import User
from tests import factories
from tests.factories import NOW
from userids.choices import ListSource, Way
from userids.models import Account
from userids.models.reconciliation import Finding, Reconciliation
from userids.reconciling.findings import finding_resolve
from userids.reconciling.reading import Listed, Listing
from userids.reconciling.runs import reconciliation_run

TELLS = frozenset({"user_id", "status", "name", "email", "role", "last_login", "last_activity"})
RUN = NOW + timedelta(days=10)
SAID = "Diperbaiki di aplikasi, tampak di daftarnya."  # a sentence: a word resolves and accepts nothing


def shown(account: Account, **changes: Any) -> Listed:
    """The user as it would stand in a list that agrees with the logbook."""
    holder = account.holder
    facts: dict[str, Any] = {
        "user_id": account.user_id, "active": account.status == "active",
        "name": holder.person.name if holder else "", "email": holder.email if holder else "",
        "last_login_at": RUN - timedelta(hours=3) if account.status == "active" else None,
    }  # fmt: skip
    return Listed(**facts | changes)


def listing(users: Iterable[Listed], *, tells: frozenset[str] = TELLS) -> Listing:
    rows = list(users)
    return Listing(rows, tells, hashlib.sha256(repr(sorted(rows)).encode()).hexdigest(), "daftar.xlsx")


def reconcile(
    *users: Listed, taken_at: datetime | None = None, now: datetime = RUN, confirmed: bool = True,
    tells: frozenset[str] = TELLS, actor: Actor | None = None,
) -> Reconciliation:  # fmt: skip
    return reconciliation_run(
        application=factories.application(), listing=listing(users, tells=tells), source=ListSource.FILE,
        taken_at=taken_at or now, confirmed=confirmed, actor=actor or factories.user(Role.DOCUMENT_CONTROL), now=now,
    )  # fmt: skip


def put_right(finding: Finding, actor: User, *, now: datetime = RUN, way: Way = Way.APPLICATION, **given: Any) -> None:
    """Its owner says so."""
    given = {"evidence": {"text": SAID}} | given
    finding_resolve(finding_id=finding.pk, way=way, actor=actor, now=now, **given)
    finding.refresh_from_db()


def found(status: str = "open") -> list[tuple[str, str]]:
    rows = Finding.objects.filter(status=status).order_by("kind", "user_id")
    return [(one.kind, one.ids) for one in rows]


def together(*deeds: Callable[[], object]) -> None:
    """Do them in threads that start at once; what one raises is raised here."""
    barrier, raised = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            deed()
        except Exception as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for error in raised:
        raise error
