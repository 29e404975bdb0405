"""Who hears of backups, besides what the deadlines' ladder tells."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_noop

from occ.notifications.addressees import audience
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.workflow.endings import asks
from retention.choices import BatchStatus as B
from retention.choices import LossStatus
from retention.models import Batch, Loss

ESCALATED = register(
    Kind(
        "retention.escalated",
        gettext_noop("Back up %(batch)s"),
        gettext_noop(
            "%(records)s records wait to be backed up by %(due_at)s (SOP-RET 8.1, steps 5 and 6). Start the backup, or"
            " it starts by itself before its time."
        ),
    )
)
STOPPED = register(
    Kind(
        "retention.stopped",
        gettext_noop("The backup of %(batch)s has stopped"),
        gettext_noop("%(error)s It is tried again by itself; what was written already counts."),
        "danger",
    )
)
INCOMPLETE = register(
    Kind(
        "retention.incomplete",
        gettext_noop("%(count)s records of %(batch)s could not be backed up"),
        gettext_noop(
            "All others are backed up. Put the files right and start it again, or have a coordinator waive them with a"
            " reason."
        ),
        "danger",
    )
)

LOST = register(
    Kind(
        "retention.lost",
        gettext_noop("Backups declared lost: %(number)s"),
        gettext_noop(
            "%(count)s records of %(bag)s cannot be read any more. As long as it is only declared, a manager decides;"
            " once it is confirmed, the records are backed up anew while their source has them."
        ),
        "danger",
    )
)
GOING = {B.ESCALATED, B.INCOMPLETE, B.RUNNING}
for one in (ESCALATED, STOPPED, INCOMPLETE):
    asks(one, Batch, GOING)
asks(LOST, Loss, {LossStatus.DECLARED})


def escalated_tell(batch: Batch, *, now: datetime) -> None:
    params = {
        "batch": batch.identifier, "records": batch.records_count, "due_at": batch.due_at.isoformat(),
        "site_zone": batch.site.timezone,
    }  # fmt: skip
    _tell(ESCALATED, batch, [Role.IT], "escalated", params, now)


def stopped_tell(batch: Batch, error: str, *, now: datetime) -> None:
    """Team IT, once a day."""
    _tell(STOPPED, batch, [Role.IT], f"stopped:{now:%Y-%m-%d}", {"batch": batch.identifier, "error": error}, now)


def incomplete_tell(batch: Batch, count: int, *, now: datetime) -> None:
    """Team IT and coordinators, once for that many problems."""
    params = {"batch": batch.identifier, "count": count}
    _tell(INCOMPLETE, batch, [Role.IT, Role.COORDINATOR], f"incomplete:{count}", params, now)


def _tell(kind: Kind, batch: Batch, roles: list[Role], what: str, params: dict[str, object], now: datetime) -> None:
    to = {one.pk: one for role in roles for one in audience(role, site=batch.site, now=now)}.values()
    key = f"retention.batch:{batch.pk}:{what}"
    notify(to=to, kind=kind.key, params=params, key=key, url=batch.get_absolute_url(), now=now)


def lost_tell(loss: Loss, roles: Iterable[str], *, now: datetime) -> None:
    """When it is declared, who decides; when it is confirmed, who has to see to it."""
    to = {one.pk: one for role in roles for one in audience(Role(role), site=loss.site, now=now)}.values()
    params = {"number": loss.number, "count": loss.records_count, "bag": loss.bag.identifier}
    key = f"retention.loss:{loss.pk}:{loss.status}"
    notify(to=to, kind=LOST.key, params=params, key=key, url=loss.get_absolute_url(), now=now)
