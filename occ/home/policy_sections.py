"""Under which heading the page of policies shows each, by the beginning of its key; much as the navigation groups."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Section:
    """`keys`: how keys begin that belong here, in whole parts; of several sections the longest beginning counts."""

    slug: str
    label: "str | Promise"
    keys: tuple[str, ...]
    rows: list[Any] = field(default_factory=list)


SECTIONS = [
    Section("user-ids", _("User IDs"), ("userids",)),
    Section("retention", _("Retention"), ("retention",)),
    Section(
        "roster",
        _("Roster"),
        ("realtime.forecast", "realtime.headcount", "realtime.roster", "realtime.roster_validation"),
    ),
    Section("real-time", _("Real-time"), ("realtime",)),
    Section(
        "service-figures",
        _("Service figures"),
        (
            "realtime.aht_seconds",
            "realtime.figures",
            "realtime.month",
            "realtime.response",
            "realtime.scr_percent",
            "realtime.slg",
            "realtime.voice",
        ),
    ),
    Section("people", _("People"), ("sdm",)),
    Section("recruitment", _("Recruitment"), ("sdm.candidates", "sdm.recruiting")),
    Section("training", _("Training"), ("sdm.training",)),
    Section("contracts", _("Contracts"), ("sdm.compensation", "sdm.pkwt", "sdm.pkwtt", "sdm.renewal")),
    Section("leave", _("Leave"), ("sdm.leave",)),
    Section("evaluations", _("Monthly evaluations"), ("sdm.evaluating",)),
    Section("pembinaan", _("Pembinaan"), ("sdm.discipline",)),
    Section("leavings", _("Leavings"), ("sdm.clearance", "sdm.exit_interview")),
    Section("documents", _("Documents"), ("documents",)),
    Section("log-ins", _("Log-ins and API"), ("api", "login")),
]
OTHER = Section("other", _("Other"), ())


def section_of(key: str) -> Section:
    fits = [(len(start), one) for one in SECTIONS for start in one.keys if f"{key}.".startswith(f"{start}.")]
    return max(fits, key=lambda found: found[0])[1] if fits else OTHER


def by_section(rows: Iterable[dict[str, Any]]) -> list[Section]:
    """The rows of the page, each with its `definition`, under their headings; none that is empty."""
    found = {one.slug: Section(one.slug, one.label, one.keys) for one in (*SECTIONS, OTHER)}
    for row in rows:
        found[section_of(row["definition"].key).slug].rows.append(row)
    return [one for one in found.values() if one.rows]
