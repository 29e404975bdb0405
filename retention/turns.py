"""Batches and findings that wait for somebody, on "Today"; and backups that have stopped."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from occ.people.models import User
from occ.people.scope import has_role, site_filter
from occ.workflow.turns import Source, Stuck, register, register_stuck, stuck_of
from retention.choices import BatchStatus, FindingStatus
from retention.models import Batch, Finding, Loss
from retention.personal import KEEPERS, WAIVERS
from retention.services.findings import is_packed
from retention.workflow import BATCH, FINDING, LOSS


def batches(user: User) -> Any:
    return Batch.objects.visible_to(user).select_related("site").order_by("due_at", "pk")


def findings(user: User) -> Any:
    """Not those that wait for somebody else to confirm what one has said."""
    rows = Finding.objects.visible_to(user).open().exclude(status=FindingStatus.PROPOSED, proposed_by=user)
    return rows.select_related("site", "store").order_by("due_at", "pk")


def finding_waits(row: Finding, step: str) -> str:
    standing = row.status == FindingStatus.OPEN and is_packed(row)
    return _("Mend it, or have it checked again") if standing else ""


def losses(user: User) -> Any:
    """Not those of one's own: somebody else decides."""
    return Loss.objects.visible_to(user).exclude(declared_by=user).select_related("site").order_by("declared_at", "pk")


def stopped(user: User) -> Iterator[Stuck]:
    """Each of them waits for a place that is away or full."""
    if has_role(user, KEEPERS):
        rows = Batch.objects.visible_to(user).filter(status=BatchStatus.RUNNING, run=None).exclude(error="")
        url = f"{reverse('retention:batches')}?status={BatchStatus.RUNNING}"
        yield from stuck_of(rows.select_related("site").order_by("due_at", "pk"), _stopped, url=url)


def _stopped(one: Batch) -> Stuck:
    title = _("The backup of %(batch)s has stopped") % {"batch": one.identifier}
    return Stuck(f"{title}: {one.error}", one.get_absolute_url())


def undecided(user: User) -> Iterator[Stuck]:
    """Batches that cannot be completed until somebody decides about records that cannot be backed up."""
    rows = Batch.objects.filter(site_filter(user, WAIVERS), status=BatchStatus.INCOMPLETE, problems_count__gt=0)
    url = f"{reverse('retention:batches')}?status={BatchStatus.INCOMPLETE}"
    yield from stuck_of(rows.select_related("site").order_by("due_at", "pk"), _undecided, url=url)


def _undecided(one: Batch) -> Stuck:
    words = _("%(batch)s: records that cannot be backed up: %(count)s")
    said = words % {"batch": one.identifier, "count": one.problems_count}
    return Stuck(said, one.get_absolute_url(), _("Take the file as it is now, or go without a backup"))


register(
    Source(
        BATCH, rows=batches, title=lambda row: row.identifier, due_at=lambda row: row.due_at,
        all_of="retention:batches",
    )
)  # fmt: skip
register(
    Source(
        FINDING, rows=findings, title=lambda row: str(row), due_at=lambda row: row.due_at, waits=finding_waits,
        all_of="retention:findings",
    )
)  # fmt: skip
register(
    Source(LOSS, rows=losses, title=lambda row: row.number, due_at=lambda row: None, all_of="retention:losses")
)  # fmt: skip
register_stuck(stopped)
register_stuck(undecided)
