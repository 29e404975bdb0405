"""What the application showed when asked again: since when that holds, and what is kept of it (UID-4, UID-10)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from occ.texts import told as _
from userids.connectors.base import RemoteUser
from userids.models import ReplacementRequest
from userids.services.orders import Process


@dataclass(frozen=True)
class Seen:
    """What the application showed. `active_at`: when it was seen active before, None when it never was."""

    user: RemoteUser
    active_at: datetime | None
    read_back_at: datetime


def evidence_clock(
    user: RemoteUser, *, held_since: datetime | None, active_at: datetime | None, read_back_at: datetime
) -> datetime:
    """Since when the ID is shown to be inactive (UID-4): what was changed last at an instant has been so since then.

    The application's own `lastModified` counts where it can be true: after we saw the ID active, else after its holder
    received it and after it was made, and not after we read it back. Otherwise it is the instant of reading back.
    """
    said = user.modified_at
    if said is None or said > read_back_at:
        return read_back_at
    if active_at is not None:
        return said if said >= active_at else read_back_at
    floor = [at for at in (held_since, user.created_at) if at is not None]
    return said if floor and said > max(floor) else read_back_at


def evidence(request: Process, seen: Seen) -> dict[str, Any]:
    """What is kept of it: words, and the instants as they were read."""

    def said(at: datetime) -> str:
        return f"{at.astimezone(request.site.zone):%Y-%m-%d %H:%M:%S %Z}"

    words = {"id": seen.user.user_id, "name": request.account.application.name, "at": said(seen.read_back_at)}
    if isinstance(request, ReplacementRequest):
        words |= {"holder": seen.user.name, "email": seen.user.email}
        text = _("%(name)s showed user ID %(id)s as active for %(holder)s (%(email)s) when read back at %(at)s.")
    elif seen.active_at is None:
        text = _("%(name)s showed user ID %(id)s as inactive already at %(at)s.")
    else:
        text = _("%(name)s showed user ID %(id)s as inactive when read back at %(at)s.")
    told = [text % words]
    if seen.user.modified_at is not None:
        told.append(_("It says that it changed the ID last at %(at)s.") % {"at": said(seen.user.modified_at)})
    instants = {
        "active_at": seen.active_at, "read_back_at": seen.read_back_at, "application_modified_at": seen.user.modified_at
    }  # fmt: skip
    kept = {key: at.isoformat() for key, at in instants.items() if at is not None}
    return {"text": " ".join(one.kept() for one in told), "connector": "scim", "remote_id": seen.user.remote_id} | kept
