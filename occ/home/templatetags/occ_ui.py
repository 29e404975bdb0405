"""Template tags of the house's look. Colour never stands alone: each tag gives words and an icon beside it.

`{% load occ_ui %}`, then:

    {% icon "users" %}                                   an outline icon of Tabler Icons, hidden from screen readers
    {% status_badge request %}                           badge of request.status, worded by get_status_display()
    {% status_badge "failed" label=_("Failed") tone="danger" icon="x" %}
    {% countdown due_at zone=site.timezone %}            time left or late, ticking
    {% ago entry.at %}                                   "3 hours ago", the exact time on hover
    {% exact at zone=site.timezone %}                    "20 November 2026, 16:00 WIB"
    {% span row.due_at row.inactive_since %}             "3 h 20 min"
    {% localday value zone=site.timezone %}              "20 November 2026"
    {% flow_steps steps label=_("Deactivation") %}       see templates/partials/flow_steps.html
    {% field form.email %}                               see templates/partials/field.html
    {% sort_header "due_at" _("Due") %}                  a <th> whose link sorts by that field
    {% chart "on-time" title=_("On time") chart=data unit="%" %}   see templates/partials/chart.html
    {{ finding.detail|said }}                            what a row keeps in the system's words (occ.texts)
    {% server_now %} {% clock_texts %}                   what countdown.js needs, once, in base.html

A view may put `now` into the context; otherwise a tag takes the present instant. `zone` is a zone name or tzinfo;
without it the context's `zone` counts, then the current time zone.
"""

import json
import re
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.forms.widgets import ClearableFileInput, FileInput
from django.template.context import Context
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext

from occ import texts
from occ.home.deeds_said import deed_said, kind_said
from occ.people.actors import who
from occ.static_files import packages_root
from occ.workflow.models import WorkflowStep

register = template.Library()

AMBER_UNDER = timedelta(hours=12)
RED_UNDER = timedelta(hours=2)
EXACT_FORMAT = "j F Y, H:i T"
EXACT_TITLE_FORMAT = "l, j F Y, H:i:s T"
DAY_FORMAT = "j F Y"
# Parameters that say where in a list one is: they mean nothing once the list is sorted or filtered otherwise.
POSITION_PARAMETERS = ("after", "before", "cursor", "page")


@register.filter
def said(text: str) -> str:
    return texts.said(str(text or ""))


register.filter("deed_said", deed_said)
register.filter("kind_said", kind_said)
register.filter("who", who)


@register.filter
def evidence_words(steps: list[WorkflowStep]) -> list[str]:
    """What was said of evidence at a process's steps, in today's language."""
    return [texts.said(text) for one in steps if (text := one.evidence.get("text"))]


# Icons -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _icon_body(name: str) -> str | None:
    """The drawing inside an icon's <svg>, or None where there is no such icon."""
    if not re.fullmatch(r"[a-z0-9-]+", name):
        return None
    path = packages_root() / "@tabler/icons/icons/outline" / f"{name}.svg"
    try:
        source = path.read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
    return " ".join(found.group(1).split()) if found else None


def icon_exists(name: str) -> bool:
    return _icon_body(name) is not None


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """An icon beside words; a name that does not exist draws an empty box, never an error page."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        css,
        mark_safe(_icon_body(name) or ""),  # out of the installed package
    )


# Status ------------------------------------------------------------------------------------------------------------

TONE_ICONS = {
    "neutral": "circle-dot",
    "info": "progress",
    "success": "circle-check",
    "warning": "alert-triangle",
    "danger": "alert-octagon",
}
STATUS_TONES: dict[str, tuple[str, str]] = {
    "reminded": ("warning", "hourglass"),
    "proposed": ("info", "file-plus"),
    "claimed": ("info", "hourglass"),
    "submitted": ("info", "send"),
    "checked": ("success", "checks"),
    "made": ("info", "file-check"),
    "distributed": ("info", "users"),
    "registered": ("success", "shield-check"),
    "lapsed": ("danger", "calendar-off"),
    "due": ("warning", "hourglass"),
    "paid": ("success", "receipt"),
    "accepted": ("warning", "clock-pause"),
    "action": ("info", "progress"),
    "complete": ("success", "circle-check"),
    "building": ("info", "progress"),
    "gathering": ("neutral", "stack-2"),
    "escalated": ("info", "send"),
    "incomplete": ("danger", "alert-octagon"),
    "ok": ("success", "circle-check"),
    "not_run": ("danger", "clock-x"),
    "active": ("success", "circle-check"),
    "approved": ("success", "circle-check"),
    "backed_up": ("success", "shield-check"),
    "catalogued": ("neutral", "file-text"),
    "destroyed": ("neutral", "trash"),
    "waived": ("warning", "file-off"),
    "awaiting": ("warning", "hourglass"),
    "breached": ("danger", "alert-octagon"),
    "cancelled": ("neutral", "ban"),
    "cleared": ("success", "checks"),
    "closed": ("neutral", "lock"),
    "confirmed": ("success", "circle-check"),
    "deactivated": ("success", "user-off"),
    "declared": ("warning", "hourglass"),
    "disabled": ("neutral", "user-off"),
    "documented": ("success", "file-check"),
    "done": ("success", "circle-check"),
    "draft": ("neutral", "pencil"),
    "expired": ("neutral", "calendar-off"),
    "failed": ("danger", "circle-x"),
    "fulfilled": ("success", "circle-check"),
    "inactive": ("neutral", "user-off"),
    "lost": ("danger", "key-off"),
    "gone": ("success", "circle-check"),
    "in_progress": ("info", "progress"),
    "interviewed": ("info", "messages"),
    "handed": ("warning", "writing-sign"),
    "taken": ("success", "checks"),
    "open": ("info", "circle-dot"),
    "overdue": ("danger", "alert-octagon"),
    "pending": ("warning", "hourglass"),
    "queued": ("warning", "hourglass"),
    "running": ("info", "progress"),
    "quarantined": ("warning", "hourglass"),
    "recorded": ("neutral", "file-text"),
    "refused": ("danger", "circle-x"),
    "rejected": ("danger", "circle-x"),
    "replaced": ("success", "replace"),
    "requested": ("info", "send"),
    "dropped": ("neutral", "ban"),
    "enforce": ("info", "plug-connected"),
    "remind": ("neutral", "bell"),
    "shut": ("warning", "hourglass"),
    "waiting": ("warning", "hourglass"),
    "resolved": ("success", "circle-check"),
    "suspended": ("warning", "player-pause"),
    "revoked": ("danger", "ban"),
    "void": ("neutral", "ban"),
    "verified": ("success", "checks"),
    "withdrawn": ("neutral", "arrow-back-up"),
    "with_client": ("warning", "hourglass"),
    "executing": ("info", "progress"),
    "partial": ("danger", "alert-triangle"),
    "listed": ("neutral", "list"),
    "started": ("info", "progress"),
    "pulled": ("warning", "lock"),
    "released": ("neutral", "arrow-back-up"),
    "validated": ("info", "checks"),
    "published": ("success", "circle-check"),
    "revised": ("neutral", "history"),
    "discarded": ("neutral", "trash"),
    "signed": ("success", "signature"),
    "reopened": ("warning", "alert-triangle"),
    "declined": ("neutral", "x"),
    "agreed": ("success", "circle-check"),
    "settled": ("success", "receipt"),
    "collecting": ("info", "progress"),
    "sent_back": ("warning", "arrow-back-up"),
    "reported": ("warning", "hourglass"),
    "scored": ("info", "clipboard-check"),
    "told": ("warning", "writing-sign"),
    "witnessed": ("neutral", "writing-sign"),
    "finished": ("success", "checks"),
    "answered": ("info", "message"),
    "unanswered": ("warning", "message-off"),
    "upheld": ("danger", "gavel"),
    "dismissed": ("neutral", "ban"),
    "assessed": ("warning", "scale"),
    "appreciated": ("success", "award"),
    "coached": ("info", "messages"),
    "improving": ("info", "trending-up"),
    "improved": ("success", "checks"),
    "filed": ("success", "archive"),
    "problem": ("warning", "zoom-exclamation"),
    "sp_requested": ("warning", "send"),
    "sp_issued": ("danger", "file-certificate"),
    "final": ("danger", "gavel"),
    "exiting": ("warning", "door-exit"),
    "ended": ("neutral", "lock"),
    "softskill": ("info", "school"),
    "hardskill": ("info", "school"),
    "tandem_passive": ("info", "eye"),
    "tandem_active": ("info", "headset"),
    "validating": ("warning", "checks"),
    "recap": ("info", "report"),
    "deciding": ("warning", "hourglass"),
    "passed": ("success", "user-check"),
    "out": ("neutral", "user-x"),
    "revision": ("warning", "arrow-back-up"),
    "given": ("success", "circle-check"),
    "scheme": ("info", "cash"),
    "recruiting": ("info", "user-search"),
    "with_operation": ("warning", "hourglass"),
    "list_approved": ("success", "list-check"),
    "contracting": ("info", "file-text"),
    "hired": ("success", "user-check"),
    "bapp": ("info", "file-certificate"),
    "received": ("success", "checks"),
    "applied": ("neutral", "user"),
    "fits": ("info", "clipboard-check"),
    "training": ("info", "school"),
    "not_passed": ("warning", "school-off"),
    "contract": ("info", "file-text"),
    "met": ("success", "circle-check"),
    "not_met": ("danger", "circle-x"),
}


@register.simple_tag
def status_badge(status: Any, label: str = "", tone: str = "", icon: str = "") -> SafeString:
    """A status in words, icon and tone. `status`: a code, a choice, or an object with `status`."""
    code = getattr(status, "status", status)
    if not label and hasattr(status, "get_status_display"):
        label = status.get_status_display()
    label = str(label or getattr(code, "label", "") or str(code).replace("_", " ").capitalize())
    known_tone, known_icon = STATUS_TONES.get(str(getattr(code, "value", code)), ("neutral", ""))
    tone = tone or known_tone
    return _badge(label, tone, icon or known_icon or TONE_ICONS.get(tone, "circle-dot"))


@lru_cache(maxsize=2_048)
def _badge(label: str, tone: str, name: str) -> SafeString:
    """A list has one in each row: made of a template it would take a fifth of the page's time."""
    return format_html('<span class="occ-badge occ-tone-{}">{}{}</span>', tone, icon(name), label)


@register.simple_tag
def few(n: int | None, least: float) -> SafeString | str:
    """Beside a share or mean: of how few it is, where that is less than `least`."""
    if not n or n >= least:
        return ""
    return format_html(' <small class="occ-few">{}</small>', gettext("of only %(n)s") % {"n": n})


# Time --------------------------------------------------------------------------------------------------------------

UNITS = (("days", timedelta(days=1)), ("hours", timedelta(hours=1)), ("minutes", timedelta(minutes=1)))


def _words(way: str, unit: str, n: int) -> str:
    """The sentence for so many units ahead ("in"), overdue ("late") or in the past ("ago")."""
    values = {"n": n}
    if unit == "now":
        return pgettext("time", "just now")
    if way == "in":
        return {
            "days": ngettext("in %(n)s day", "in %(n)s days", n),
            "hours": ngettext("in %(n)s hour", "in %(n)s hours", n),
            "minutes": ngettext("in %(n)s minute", "in %(n)s minutes", n),
            "seconds": ngettext("in %(n)s second", "in %(n)s seconds", n),
        }[unit] % values
    if way == "late":
        return {
            "days": ngettext("%(n)s day late", "%(n)s days late", n),
            "hours": ngettext("%(n)s hour late", "%(n)s hours late", n),
            "minutes": ngettext("%(n)s minute late", "%(n)s minutes late", n),
            "seconds": ngettext("%(n)s second late", "%(n)s seconds late", n),
        }[unit] % values
    return {
        "days": ngettext("%(n)s day ago", "%(n)s days ago", n),
        "hours": ngettext("%(n)s hour ago", "%(n)s hours ago", n),
        "minutes": ngettext("%(n)s minute ago", "%(n)s minutes ago", n),
        "seconds": ngettext("%(n)s second ago", "%(n)s seconds ago", n),
    }[unit] % values


def _split(span: timedelta) -> tuple[str, int]:
    """The largest unit of which there are two, and how many are full: 119 minutes stay minutes, never "1 hour".

    Rounded down, so that what is left is never promised longer than it is. static/occ/countdown.js does the same.
    """
    for unit, size in UNITS:
        if span >= 2 * size:
            return unit, span // size
    return "seconds", int(span.total_seconds())


def relative(at: datetime, now: datetime) -> str:
    """Time left until `at`, or how late it is: "in 3 hours", "2 hours late"."""
    way, span = ("in", at - now) if at > now else ("late", now - at)
    return _words(way, *_split(span))


def since(at: datetime, now: datetime) -> str:
    """How long ago `at` was; under a minute, and for clocks that run ahead, "just now"."""
    if now - at < timedelta(minutes=1):
        return _words("ago", "now", 0)
    return _words("ago", *_split(now - at))


def level(due_at: datetime, now: datetime) -> str:
    left = due_at - now
    if left <= timedelta(0):
        return "overdue"
    if left < RED_UNDER:
        return "red"
    return "amber" if left < AMBER_UNDER else "green"


def level_labels() -> dict[str, str]:
    return {
        "green": pgettext("time left", "on time"),
        "amber": pgettext("time left", "due soon"),
        "red": pgettext("time left", "urgent"),
        "overdue": pgettext("time left", "overdue"),
    }


def _now(context: Context) -> datetime:
    now = context.get("now")
    return now if isinstance(now, datetime) else timezone.now()


def _zone(context: Context, zone: Any) -> tzinfo:
    chosen = zone or context.get("zone")
    if isinstance(chosen, str):
        return ZoneInfo(chosen)
    return chosen if isinstance(chosen, tzinfo) else timezone.get_current_timezone()


def _stamp(context: Context, at: datetime, zone: Any) -> dict[str, Any]:
    local = at.astimezone(_zone(context, zone))
    return {
        "iso": local.isoformat(timespec="seconds"),
        "title": date_format(local, EXACT_TITLE_FORMAT),
        "exact": date_format(local, EXACT_FORMAT),
    }


@register.inclusion_tag("partials/countdown.html", takes_context=True)
def countdown(context: Context, due_at: datetime | None, zone: Any = None, done: bool = False) -> dict[str, Any]:
    """Time left until `due_at`, or how late it is. `done`: the clock has ended; only the due time is shown."""
    if due_at is None:
        return {"due_at": None}
    now = _now(context)
    reached = level(due_at, now)
    return _stamp(context, due_at, zone) | {
        "due_at": due_at,
        "done": done,
        "text": relative(due_at, now),
        "level": reached,
        "level_label": level_labels()[reached],
    }


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime | None, zone: Any = None) -> str:
    if at is None:
        return SafeString("&ndash;")
    stamp = _stamp(context, at, zone)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', stamp["iso"], stamp["title"], since(at, _now(context))
    )


@register.simple_tag
def span(starts_at: datetime, ends_at: datetime) -> str:
    """How long from one instant to another: in hours and minutes, under an hour to the second."""
    minutes, seconds = divmod(max(0, int((ends_at - starts_at).total_seconds())), 60)
    if minutes < 1:
        return gettext("%(seconds)s s") % {"seconds": seconds}
    if minutes < 60:
        return gettext("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": seconds}
    hours, minutes = divmod(minutes, 60)
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}


@register.simple_tag(takes_context=True)
def exact(context: Context, at: datetime | None, zone: Any = None) -> str:
    if at is None:
        return SafeString("&ndash;")
    stamp = _stamp(context, at, zone)
    return format_html('<time datetime="{}" title="{}">{}</time>', stamp["iso"], stamp["title"], stamp["exact"])


@register.simple_tag(takes_context=True)
def localday(context: Context, value: date | datetime | None, zone: Any = None) -> str:
    """The calendar day of an instant at the site; a date is that day itself, in whatever zone."""
    if not value:  # also "", which a template makes of an attribute of nothing
        return SafeString("&ndash;")
    if isinstance(value, datetime):
        value = value.astimezone(_zone(context, zone)).date()
    return _day(value, get_language() or "")


@lru_cache(maxsize=4_096)
def _day(value: date, language: str) -> SafeString:
    """A list names the same days again and again."""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), date_format(value, DAY_FORMAT))


@register.simple_tag(takes_context=True)
def server_now(context: Context) -> str:
    return _now(context).isoformat(timespec="milliseconds")


@register.simple_tag
def clock_texts() -> str:
    """The sentences countdown.js fills in, in the page's language, as JSON: [for one, for more], `{n}` the number."""

    def pair(way: str, unit: str) -> list[str]:
        return [_words(way, unit, n).replace(str(n), "{n}", 1) for n in (1, 2)]

    units = ("days", "hours", "minutes", "seconds")
    texts: dict[str, Any] = {way: {unit: pair(way, unit) for unit in units} for way in ("in", "late", "ago")}
    texts["now"] = _words("ago", "now", 0)
    texts["levels"] = level_labels()
    return json.dumps(texts, ensure_ascii=False)


# Flow --------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("partials/flow_steps.html", takes_context=True)
def flow_steps(context: Context, steps: list[dict[str, Any]], label: str = "", zone: Any = None) -> dict[str, Any]:
    """A procedure's chart as steps: dicts with `label`, `state`, and where known `at`, `actor`, `note`."""
    words = {
        "done": pgettext("flow step", "done"),
        "current": pgettext("flow step", "current step"),
        "upcoming": pgettext("flow step", "to come"),
        "failed": pgettext("flow step", "failed"),
        "skipped": pgettext("flow step", "not done"),
        "ended": pgettext("flow step", "ended here"),
    }
    drawn = [{"at": None, "actor": "", "note": "", **step, "word": words[step["state"]]} for step in steps]
    return {"steps": drawn, "label": label or gettext("Steps"), "zone": _zone(context, zone), "now": _now(context)}


# Forms -------------------------------------------------------------------------------------------------------------


# A group's class would land on the box around its choices too.
WIDGET_CLASSES = {
    "check": "form-check-input",
    "group": "",
    "select": "form-select",
    "file": "form-control",
    "input": "form-control",
}


def _field_kind(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxSelectMultiple | RadioSelect):
        return "group"
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, FileInput | ClearableFileInput):
        return "file"
    return "select" if isinstance(widget, Select) else "input"


@register.inclusion_tag("partials/field.html")
def field(bound: BoundField, help: str = "", css: str = "", autofocus: bool = False) -> dict[str, Any]:
    """A form field with label, help and errors tied to it for screen readers. `css`: classes of the outer box."""
    kind = _field_kind(bound)
    if bound.is_hidden:
        return {"bound": bound, "kind": "hidden", "widget": bound.as_widget()}
    identity = bound.id_for_label or bound.auto_id
    help, again = help or str(bound.help_text), _file_lost(bound) if kind == "file" else ""
    parts = (("error", bound.errors), ("again", again), ("help", help))
    notes = [f"{identity}_{part}" for part, is_there in parts if is_there]
    attrs: dict[str, Any] = {"class": WIDGET_CLASSES[kind]}
    if bound.errors:
        attrs["aria-invalid"] = "true"
        attrs["class"] += " is-invalid" if kind != "group" else ""
    own = bound.field.widget.attrs.get("class")
    if own:
        attrs["class"] += f" {own}"
    if notes:
        attrs["aria-describedby"] = " ".join(notes)
    if autofocus:
        attrs["autofocus"] = True
    return {
        "bound": bound,
        "kind": kind,
        "widget": bound.as_widget(attrs=attrs),
        "help": help,
        "again": again,
        "id": identity,
        "css": css,
        "errors": bound.errors,
        "required": bound.field.required,
    }


def _file_lost(bound: BoundField) -> str:
    """What is said beside a file that came with a form that was refused for something else: it must come again."""
    form = bound.form
    if not form.is_bound or not form.errors or bound.errors or not (file := bound.data):
        return ""
    words = gettext("Choose “%(name)s” again: nothing was saved, and no page can choose a file for you.")
    return words % {"name": getattr(file, "name", "")}


# Lists -------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("partials/sort_header.html", takes_context=True)
def sort_header(context: Context, name: str, label: str, parameter: str = "sort", css: str = "") -> dict[str, Any]:
    """A column head that sorts: the first click up, the next one down. `?sort=name` or `?sort=-name`."""
    query = context["request"].GET.copy()
    sorted_by = query.get(parameter, context.get("default_sort", ""))
    for position in POSITION_PARAMETERS:
        query.pop(position, None)
    query[parameter] = f"-{name}" if sorted_by == name else name
    direction = {name: "ascending", f"-{name}": "descending"}.get(sorted_by, "")
    return {"url": f"?{query.urlencode()}", "label": label, "direction": direction, "css": css}


@register.simple_tag(takes_context=True)
def query_without(context: Context, *names: str) -> str:
    """The page's address without these parameters and without the place in the list: `{% query_without "q" %}`."""
    query = context["request"].GET.copy()
    for name in (*names, *POSITION_PARAMETERS):
        query.pop(name, None)
    return f"?{query.urlencode()}"


# Charts ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("partials/chart.html")
def chart(id: str, title: str, chart: dict[str, Any], unit: str = "") -> dict[str, Any]:
    """A chart and the table behind it. `chart`: as partials/chart.html says."""
    columns = [series["values"] for series in chart["series"]]
    urls = chart.get("urls") or [""] * len(chart["labels"])
    cells = zip(chart["labels"], *columns, strict=True)
    rows = [{"cells": list(row), "url": url} for row, url in zip(cells, urls, strict=True)]
    return {"id": id, "data_id": f"{id}-data", "title": title, "chart": chart, "unit": unit, "rows": rows}
