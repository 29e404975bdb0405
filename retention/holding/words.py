"""How a hold is said: where it stands, and what it covers."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from retention.marks import masked
from retention.models import Hold


def state_of(hold: Hold, today: date) -> dict[str, str]:
    """For status_badge: label, tone, icon."""
    if hold.lifted_at:
        return {"label": _("Lifted"), "tone": "neutral", "icon": "lock-open"}
    if hold.stands_on(today):
        return {"label": _("In force"), "tone": "warning", "icon": "lock"}
    return {"label": _("Ended"), "tone": "neutral", "icon": "calendar-off"}


def period(hold: Hold) -> str:
    if hold.first_day and hold.last_day:
        return f"{date_format(hold.first_day, 'j M Y')} – {date_format(hold.last_day, 'j M Y')}"
    if hold.first_day:
        return _("from %(day)s") % {"day": date_format(hold.first_day, "j M Y")}
    return _("to %(day)s") % {"day": date_format(hold.last_day, "j M Y")} if hold.last_day else ""


def scope_of(hold: Hold, whole: str = "") -> list[str]:
    """What it names, in words; the customer masked, or as `whole` says it."""
    said = [hold.get_kind_display()] if hold.kind else []
    if hold.agent:
        words = _("agent %(name)s, or none known") if hold.without_agent else _("agent %(name)s")
        said.append(words % {"name": hold.agent.name})
    if hold.customer_mark:
        said.append(_("customer %(name)s") % {"name": whole or masked(hold.customer)})
    if when := period(hold):
        said.append(when)
    if hold.named:
        said.append(_("named records"))
    return said
