"""Histories for partials/timeline.html: changes field by field, and what was done with a process and its deadlines."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from simple_history.models import HistoricalChanges

from occ.documents.models import Attachment
from occ.obligations.models import EventKind, Obligation
from occ.obligations.rules import RULES, StepKind
from occ.people.actors import who
from occ.people.choices import Role
from occ.policies.lengths import rough
from occ.policies.services import policy_value
from occ.texts import said
from occ.times import JAKARTA
from occ.workflow.flows import Flow
from occ.workflow.models import WorkflowStep

# Fields whose change a reader of the history wants to see; the rest is bookkeeping.
HIDDEN = {"search_text", "search", "nik_mark", "told_at"}
LIMIT = 200


def changes(rows: "models.QuerySet[Any]", title: str = "") -> list[dict[str, Any]]:
    """Entries of partials/timeline.html out of history rows: old and new per field, who, when, why; newest first."""
    found: list[HistoricalChanges] = list(rows.select_related("history_user").order_by("-history_date")[:LIMIT])
    entries = []
    for i, row in enumerate(found):
        key = row.instance_type._meta.pk.attname
        following = found[i + 1] if i + 1 < len(found) else None
        before = following if following is not None and getattr(following, key) == getattr(row, key) else None
        entries.append(entry(row, before, title))
    return entries


def entry(row: Any, before: Any, title: str) -> dict[str, Any]:
    """One history row against the one before it (None: there is none to compare with)."""
    changed = []
    if before is not None:
        for change in row.diff_against(before).changes:
            if change.field not in HIDDEN:
                changed.append(
                    {
                        "field": row.instance_type._meta.get_field(change.field).verbose_name,
                        "old": shown(row.instance_type, change.field, change.old),
                        "new": shown(row.instance_type, change.field, change.new),
                    }
                )
    words = {"+": _("Recorded"), "~": _("Changed"), "-": _("Removed")}[row.history_type]
    return {
        "at": row.history_date,
        "title": f"{title}: {words}" if title else words,
        "actor": str(row.history_user) if row.history_user else _("System"),
        "note": said(row.history_change_reason or ""),
        "icon": {"+": "plus", "~": "pencil", "-": "trash"}[row.history_type],
        "changes": changed,
    }


def shown(model: type[models.Model], name: str, value: Any) -> str:
    """A field's value in words: choices by label, instants at the site's clocks."""
    field: Any = model._meta.get_field(name)
    if value in (None, "", []):
        return ""
    if isinstance(value, datetime):
        return shown_instant(value)
    if isinstance(value, date):
        return date_format(value, "j F Y")
    if isinstance(field, models.ForeignKey):
        return str(field.related_model._base_manager.filter(pk=value).first() or value)
    if isinstance(value, list):
        labels = dict(field.base_field.choices or [])
        return ", ".join(str(labels.get(one, one)) for one in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return said(str(dict(field.flatchoices).get(value, value)))


def process_entries(flow: Flow, subject: Any, steps: list[WorkflowStep]) -> list[dict[str, Any]]:
    """What was done with a request, and what its deadline did; newest first."""
    attached = {str(one.pk): one for one in Attachment.objects.filter(
        subject_type=subject._meta.label_lower, subject_id=str(subject.pk))}  # fmt: skip
    entries: list[dict[str, Any]] = [_step_entry(flow, one, attached) for one in steps]
    kind = ContentType.objects.get_for_model(subject)
    duties = Obligation.objects.filter(content_type=kind, object_id=subject.pk).prefetch_related("events")
    for duty in duties:
        entries += [found for event in duty.events.all() if (found := _event_entry(duty, event))]
    entries.reverse()  # of one instant the later entry first
    return sorted(entries, key=lambda one: one["at"], reverse=True)


def _step_entry(flow: Flow, row: WorkflowStep, attached: dict[str, Attachment]) -> dict[str, Any]:
    file = attached.get(row.evidence.get("attachment", ""))
    told = [f"{label}: {value}" for label, value in row.evidence.get("told", [])]
    words = [row.note, *told, row.evidence.get("text", ""), file.name if file else ""]
    note = said("\n".join(filter(None, dict.fromkeys(words))))  # what was shown may be all that was noted
    tone = {"failed": "danger", "cancelled": "neutral", "void": "neutral", "shut": "warning"}.get(
        row.to_state, "success"
    )
    return {
        "at": row.at,
        "title": str(flow.states(row.to_state).label),
        "actor": row.who,
        "note": note,
        "icon": "arrow-right",
        "tone": tone,
        "url": file.get_absolute_url() if file else "",
    }


def _event_entry(duty: Obligation, event: Any) -> dict[str, Any] | None:
    """A ladder's step or a moved deadline; what only repeats the request's own steps is left out."""
    if event.kind == EventKind.MOVED:
        was = event.data.get("was", "")
        moment = datetime.fromisoformat(was) if isinstance(was, str) and was else None
        note = f"{shown_instant(moment)} → {shown_instant(event.due_at)}" if moment else ""
        return {"at": event.at, "title": _("Deadline moved"), "actor": who(event.actor_label), "note": note,
                "icon": "calendar-event", "tone": "info"}  # fmt: skip
    if event.kind == EventKind.STEP and not event.superseded:
        title, tone, icon = step_words(duty, event.step, left=event.due_at - event.at)
        return {"at": event.at, "title": title, "actor": _("System"), "icon": icon, "tone": tone}
    if event.kind == EventKind.PARKED:
        return {"at": event.at, "title": _("Parked with an error"), "icon": "alert-octagon", "tone": "danger"}
    return None


def step_words(duty: Obligation, key: str, *, left: timedelta) -> tuple[str, str, str]:
    """A ladder's step in words, tone and icon: whom it told, and how much time was left when it did."""
    ladder = policy_value(RULES[duty.rule].ladder_policy, at=duty.opened_at, site=duty.site)
    step = next((one for one in ladder if one["key"] == key), None)
    if step is None:  # the ladder was changed since
        return key, "neutral", "bell"
    role = {"role": str(Role(step["role"]).label)}
    if step["kind"] == StepKind.BREACH:
        return _("Breach: %(role)s alerted") % role, "danger", "alert-octagon"
    if step["kind"] == StepKind.ESCALATE:
        return _("Still open: %(role)s alerted") % role, "danger", "alert-octagon"
    if step["anchor"] == "due" and left > timedelta():
        words = _("%(role)s reminded: %(left)s left")
        return words % (role | {"left": rough(left)}), "warning", "bell"
    return _("%(role)s reminded") % role, "info", "bell"


def shown_instant(at: datetime) -> str:
    return str(date_format(at.astimezone(JAKARTA), "j F Y, H:i"))
