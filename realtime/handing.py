"""What a shift handover says, in the reader's language, and the document that both have signed (RTM-15, MO 4.3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.obligations.rules import RULES
from occ.people.choices import Channel, Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from occ.texts import said
from realtime.choices import AlertKind, AttendanceStatus, Cause, PlanStatus
from realtime.models.handover import Handover

HANDOVER_NOTE = register_type(
    DocumentType(
        code="STS",
        title=gettext_lazy("Shift handover"),
        procedure="Manual Operasi",
        clause="MO 4.3.6",
        owner=Role.TEAM_LEADER,
        readers=frozenset({Role.DOCUMENT_CONTROL, Role.RTFM, Role.WFM}),
        template=Path(__file__).parent / "typst" / "handover.typ",
    )
)
register_policy(
    Definition(
        HANDOVER_NOTE.retention_policy, gettext_lazy("Shift handovers are kept"), gettext_lazy("years"), "SOP-RTM 10",
        2, number(1, 100),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """`rows`: cells, and where the first one leads."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[Sequence[str], str]]
    empty: str


def parts_of(content: dict[str, Any], zone: ZoneInfo) -> list[Part]:
    def moment(at: str) -> str:
        return date_format(datetime.fromisoformat(at).astimezone(zone), "j F Y, H:i") if at else ""

    counts = content["headcount"]
    statuses = [(AttendanceStatus(name).label, n) for name, n in counts["counts"].items() if name in AttendanceStatus]
    agents = [(_("Rostered"), counts["rostered"]), *_there(counts), *statuses]
    more = content["obligations_more"]
    owed = [
        ([_title(one), one["clause"], moment(one["due_at"])], one["url"]) for one in content["obligations"]
    ]  # fmt: skip
    if more:
        words = ngettext(
            "and %(n)s more duty that is not of this shift", "and %(n)s more duties that are not of this shift", more
        ) % {"n": more}
        owed.append(([words, "", ""], reverse("obligations") + "?state=open"))
    return [
        Part(
            _("Agents of the shift"), [_("What"), _("Agents")], [([str(label), str(n)], "") for label, n in agents], ""
        ),
        Part(
            _("Who is not there"), [_("Name"), _("Number"), _("What the day was"), _("Note")],
            [([one["name"], one["number"], _day(one, zone), one["note"]], one["url"]) for one in content["people"]],
            _("Of everybody rostered nobody is away."),
        ),
        Part(
            _("Open alerts"), [_("Alert"), _("Since"), _("Looked after by")],
            [([_alert(one), moment(one["since"]), one["by"] or "–"], one["url"]) for one in content["alerts"]],
            _("No alert is open."),
        ),
        Part(
            _("Recovery plans not verified"), [_("Plan"), _("Opened"), _("Status"), _("Cause"), _("Drawn up by")],
            [([str(Channel(one["channel"]).label), moment(one["opened_at"]), str(PlanStatus(one["status"]).label),
               str(Cause(one["cause"]).label) if one["cause"] else "–", one["by"]], one["url"])
             for one in content["plans"]],
            _("Every recovery plan is verified."),
        ),
        Part(
            _("Pending items"), [_("What is owed"), _("Clause"), _("At the latest")], owed,
            _("The team leaders owe nothing that is of this shift."),
        ),
    ]  # fmt: skip


def _there(counts: dict[str, Any]) -> list[tuple[str, int]]:
    """Who came and who is there are two things; notes of before they were told apart say who came."""
    if "came" not in counts:
        return [(_("Came"), counts["there"])]
    now = _("Worked to the end") if counts["ended"] else _("At work as this is written")
    rows = [(_("Came"), counts["came"]), (now, counts["now"])]
    if counts["left"]:
        rows.append((_("Left early"), counts["left"]))
    if handed := counts.get("handed"):
        rows.append((_("Came, of %(n)s, as handed to RTFM") % {"n": handed["rostered"]}, handed["there"]))
    return rows


def _day(one: dict[str, Any], zone: ZoneInfo) -> str:
    status = str(AttendanceStatus(one["status"]).label)
    if not one.get("left_at"):
        return status
    left = datetime.fromisoformat(one["left_at"]).astimezone(zone)
    return _("%(status)s, left early at %(time)s") % {"status": status, "time": date_format(left, "H:i")}


def _title(one: dict[str, Any]) -> str:
    rule = RULES.get(one["rule"])
    return _(rule.title) % {"subject": said(one["subject"])} if rule else str(one["subject"])


def _alert(one: dict[str, Any]) -> str:
    about = dict(Channel.choices).get(one["about"], one["about"])
    return f"{AlertKind(one['kind']).label} ({about})" if about else str(AlertKind(one["kind"]).label)


def early_said(content: dict[str, Any]) -> str:
    """How long before the shift's end it was signed, and why; "" for a note that was signed in its time."""
    early = content.get("early")
    return _("%(n)s minutes: %(why)s") % {"n": early["minutes"], "why": early["why"]} if early else ""


@dataclass(frozen=True)
class Marked:
    """A row of the note as it stands beside what somebody had before them: `mark` is "", "new" or "gone"."""

    cells: Sequence[str]
    url: str
    mark: str = ""


def marked(part: Part, before: Part | None) -> list[Marked]:
    """The rows, and where another version was read those that it had and this one has not."""
    if before is None:
        return [Marked(cells, url) for cells, url in part.rows]
    was, is_ = ({tuple(cells) for cells, _url in one.rows} for one in (before, part))
    rows = [Marked(cells, url, "" if tuple(cells) in was else "new") for cells, url in part.rows]
    return rows + [Marked(cells, url, "gone") for cells, url in before.rows if tuple(cells) not in is_]


def shift_words(handover: Handover) -> str:
    """From which shift to which."""
    after = f" → {handover.to_shift.code} {handover.to_shift.label}" if handover.to_shift else ""
    return f"{handover.shift.code} {handover.shift.label}{after}"


def handover_body(handover: Handover, *, language: str) -> dict[str, Any]:
    """The template's data."""
    zone = handover.site.zone
    with translation.override(language):
        spell = f"{handover.starts_at.astimezone(zone):%H:%M}–{handover.ends_at.astimezone(zone):%H:%M}"
        facts = [
            (_("Site"), handover.site.name), (_("Day"), date_format(handover.day, "j F Y")),
            (_("Shift"), f"{shift_words(handover)} ({spell})"), (_("Handed over by"), handover.handed_name),
            (_("Taken over by"), handover.taken_name),
            (_("Fingerprint of what was signed"), handover.content_sha256[:16]),
        ]  # fmt: skip
        if early := early_said(handover.content):
            facts.append((_("Signed before the end of the shift"), early))
        notes = [(_("Notes"), handover.note), (_("Remarks of who takes over"), handover.taken_note)]
        return {
            "facts": [{"label": label, "value": value} for label, value in facts],
            "parts": [
                {"title": one.title, "columns": list(one.columns), "rows": [list(cells) for cells, _url in one.rows],
                 "empty": one.empty}
                for one in parts_of(handover.content, zone)
            ],
            "notes": [{"title": title, "text": text} for title, text in notes if text],
        }  # fmt: skip
