"""What other pages show of reconciliation: open findings by kind, and since when an ID is shut in the application."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from occ.people.models import User
from userids.choices import GRAVE, FindingKind
from userids.models import DeactivationRequest
from userids.models.reconciliation import Finding, Reconciliation, RemoteAccount
from userids.reconciling.words import instant


@dataclass(frozen=True)
class KindCount:
    kind: str
    label: str
    critical: bool
    open: int
    late: int


def open_by_kind(user: User, *, now: datetime) -> dict[str, Any]:
    """`kinds`: those with open findings that the user sees, the gravest first; `last`: the latest run, if any."""
    rows = Finding.objects.visible_to(user).open().values("kind")
    counts = {row["kind"]: row for row in rows.annotate(n=Count("pk"), late=Count("pk", filter=Q(due_at__lt=now)))}
    kinds = [
        KindCount(kind.value, str(kind.label), kind in GRAVE, counts[kind]["n"], counts[kind]["late"])
        for kind in FindingKind
        if kind in counts
    ]
    last = Reconciliation.objects.visible_to(user).select_related("application").order_by("-ran_at", "-pk").first()
    return {"kinds": kinds, "last": last}


def shown_inactive(request: DeactivationRequest) -> RemoteAccount | None:
    """The evidence clock (UID-4): the application's own word that the ID of an open request is shut, and since when.

    Only an instant inside the holder's time is any use as evidence.
    """
    if not request.is_open:
        return None
    account = request.account
    rows = RemoteAccount.objects.filter(application_id=account.application_id, user_id__iexact=account.user_id)
    found = rows.filter(active=False, present=True).select_related("run").first()
    holder = account.holder
    if found is None or holder is None or found.inactive_since is None or found.inactive_since <= holder.starts_at:
        return None
    return found


def offer_shown(steps: list[dict[str, Any]], shown: RemoteAccount | None, *, zone: ZoneInfo) -> None:
    """Put it into the form that confirms a deactivation; a person still looks at it and confirms."""
    for one in steps:
        if shown is not None and one["name"] == "confirm":
            words = _("Inactive since %(since)s in the application's list of %(taken)s (reconciliation %(number)s)")
            values = {"since": instant(shown.inactive_since, zone), "taken": instant(shown.run.taken_at, zone)}
            one["form"].initial |= {
                "inactive_since": shown.inactive_since,
                "text": words % (values | {"number": shown.run_id}),
            }
