"""What a record's page shows of holds and readings: `record_panels` is the context of retention/panels.html."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Window
from django.urls import reverse
from django.utils.translation import gettext as _

from occ.people.actors import who
from occ.people.models import User
from occ.people.scope import has_role
from occ.times import local_day
from retention.choices import Purpose, RecordKind, RecordState
from retention.models import Record
from retention.personal import READING_AUDITORS
from retention.reading.readings import DEEDS
from retention.services import holds, listening

SHOWN = 10


def record_panels(one: Record, user: User, *, now: datetime) -> dict[str, Any]:
    """Context of retention/panels.html: holds, hold_url, readings, readings_count,
    readings_url ("" where the reader does not audit them), read_url, read_label."""
    chat, gone = one.kind == RecordKind.CHAT, one.state == RecordState.DESTROYED
    may_hold = not gone and holds.may_hold(user, one.site)
    may_read = not gone and listening.may_read(user, one)
    heard = list(listening.readings_of(one).annotate(count=Window(Count("pk")))[:SHOWN])
    audits = has_role(user, READING_AUDITORS, site=one.site)
    return {
        "holds": [] if gone else list(holds.holds_of(one, local_day(now, one.site.zone))),
        "hold_url": f"{reverse('retention:hold_new')}?record={one.pk}" if may_hold else "",
        "readings": [_said(entry) for entry in heard],
        "readings_count": heard[0].count if heard else 0,
        "readings_url": f"{reverse('retention:readings')}?record={one.pk}" if audits else "",
        "read_url": reverse("retention:read" if chat else "retention:listen", args=[one.pk]) if may_read else "",
        "read_label": _("Read the chat") if chat else _("Listen to the recording"),
    }


def _said(entry: Any) -> dict[str, Any]:
    purpose = dict(Purpose.choices).get(entry.data.get("purpose", ""), "")
    return {"at": entry.at, "who": who(entry.actor_label), "what": str(DEEDS[entry.action]), "purpose": str(purpose)}
