"""Who hears of backups, besides what the deadlines' ladder tells."""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_noop

from occ.notifications.addressees import audience, reachable
from occ.notifications.kinds import Kind, register
from occ.notifications.services import notify
from occ.people.choices import Role
from occ.people.models import User
from occ.texts import kept
from occ.times import local_day
from occ.workflow.endings import asks
from retention.choices import BatchStatus as B
from retention.choices import FindingKind, LossStatus
from retention.models import Batch, Finding, Loss

ESCALATED = register(
    Kind(
        "retention.escalated",
        gettext_noop("Back up %(batch)s"),
        gettext_noop(
            "To be backed up by %(due_at)s (SOP-RET 8.1, steps 5 and 6). Records that wait: %(records)s. Start the"
            " backup, or it starts by itself before its time."
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
        gettext_noop("Records of %(batch)s that could not be backed up: %(count)s"),
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
            "Records of %(bag)s that cannot be read any more: %(count)s. As long as it is only declared, a manager"
            " decides; once it is confirmed, they are backed up anew while their source has them."
        ),
        "danger",
    )
)
PROPOSED = register(
    Kind(
        "retention.finding_proposed",
        gettext_noop("To be confirmed as resolved: %(finding)s"),
        gettext_noop(
            "%(who)s says that this finding is resolved. Look for yourself, then confirm it or say that it is not"
            " resolved: until somebody else has confirmed it, it stays open with its deadline (%(due_at)s)."
        ),
        "warning",
    )
)
NOT_RESOLVED = register(
    Kind(
        "retention.finding_not_resolved",
        gettext_noop("Not resolved: %(finding)s"),
        gettext_noop(
            "%(who)s does not confirm what you proposed: “%(note)s”. The finding is open again, due on %(due_at)s."
        ),
        "danger",
    )
)
FOUND_AGAIN = register(
    Kind(
        "retention.finding_found_again",
        gettext_noop("Found again: %(finding)s"),
        gettext_noop(
            "A check has found it again after you proposed it as resolved. The finding is open again, due on"
            " %(due_at)s."
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


def proposed_tell(finding: Finding, proposer: User, roles: Iterable[str], *, now: datetime) -> None:
    """Everybody who may confirm it; who proposed it may not."""
    to = {one.pk: one for role in roles for one in audience(Role(role), site=finding.site, now=now)}
    to.pop(proposer.pk, None)
    _finding_tell(PROPOSED, finding, to.values(), now, who=str(proposer))


def not_resolved_tell(finding: Finding, proposer: User, *, who: User, note: str, now: datetime) -> None:
    """Who proposed it, or their deputy."""
    to = reachable([proposer], day=local_day(now, finding.site.zone))
    _finding_tell(NOT_RESOLVED, finding, to, now, who=str(who), note=note.strip())


def found_again_tell(finding: Finding, proposer: User, *, now: datetime) -> None:
    _finding_tell(FOUND_AGAIN, finding, reachable([proposer], day=local_day(now, finding.site.zone)), now)


def _finding_tell(kind: Kind, finding: Finding, to: Iterable[User], now: datetime, **params: str) -> None:
    """Each time that it comes to this."""
    name = f"{kept(FindingKind(finding.kind).label)}: {finding.name}"
    said = {"finding": name, "due_at": finding.due_at.isoformat(), "site_zone": finding.site.timezone} | params
    key = f"{kind.key}:{finding.pk}:{now.isoformat()}"
    notify(to=to, kind=kind.key, params=said, key=key, url=finding.get_absolute_url(), now=now)
