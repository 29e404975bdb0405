"""The pages that a user's roles open: the side navigation, and the door of each (`doors`).

Whose roles a page is not for is refused by occ.home.middleware.Doors before the page is made: rows that nobody may see
would look like rows that there are not.
"""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import SITE_WIDE, has_role
from realtime.floorwatch.audience import BOARD_READERS
from realtime.models import FLOOR_READERS, MONTH_READERS, ROSTER_READERS, ROTG_READERS, RULE_READERS, SOURCE_READERS
from realtime.services.ingesting import SENDERS
from retention.personal import APPROVERS, CATALOGUE_READERS, LISTENERS, PLACE_READERS, READING_AUDITORS
from sdm.absence.workflow import ASKERS as LEAVE_ASKERS
from sdm.discipline.workflow import PERSONS
from sdm.models import POSITION_READERS, TRAINING_READERS
from sdm.models.evaluating import PAY_READERS
from sdm.models.evaluating import READERS as EVALUATION_READERS
from sdm.personal import COMPENSATION_READERS, CONTRACT_READERS
from sdm.recruiting.personal import CANDIDATE_READERS, REQUEST_READERS
from sdm.services.absence_reading import READERS as LEAVE_READERS
from sdm.services.organisation import CHART_READERS
from sdm.services.turnover import READERS as TURNOVER_READERS
from userids.models import APPLICATION_READERS

FLOOR = frozenset({*SITE_WIDE, Role.TEAM_LEADER})
# Those who work here see their own rows of what concerns them, whatever their role.
EMPLOYEES = frozenset(Role) - {Role.CLIENT}


@dataclass(frozen=True)
class Item:
    """`roles` None: for everybody who is logged in. `by_link`: for whom it is open besides, though not listed."""

    label: "str | Promise"
    icon: str
    url_name: str
    roles: frozenset[str] | None = None
    by_link: frozenset[str] = frozenset()


# Groups by what one comes for; the first has no heading.
GROUPS: list[tuple[str | Promise, list[Item]]] = [
    ("", [Item(_("Today"), "home", "home")]),
    (
        _("User IDs"),
        [
            Item(_("User-ID dashboard"), "gauge", "userids:dashboard", FLOOR),
            Item(_("Logbook"), "book", "userids:accounts", FLOOR | {Role.AGENT}),
            Item(_("Deactivations"), "user-off", "userids:deactivations", FLOOR),
            Item(_("Replacements"), "replace", "userids:replacements", FLOOR),
            Item(
                _("Resignations"),
                "mail",
                "userids:resignations",
                frozenset({Role.SUPPORT, Role.COORDINATOR, Role.AUDITOR}),
                EMPLOYEES,
            ),
            Item(_("User IDs for new employees"), "user-plus", "userids:id_requests", FLOOR),
            Item(_("Breaches"), "alert-triangle", "userids:breaches", FLOOR),
            Item(_("Access reviews"), "checklist", "userids:access_reviews", FLOOR),
            Item(_("Reconciliations"), "git-compare", "userids:reconciliations", FLOOR),
            Item(_("Findings"), "zoom-exclamation", "userids:findings", FLOOR),
            Item(_("Import"), "upload", "userids:import", frozenset({Role.SUPPORT, Role.DOCUMENT_CONTROL})),
            Item(_("Applications"), "plug-connected", "userids:applications", APPLICATION_READERS),
        ],
    ),
    (
        _("Retention"),
        [
            Item(_("Keeping of records"), "calendar-stats", "retention:compliance", CATALOGUE_READERS),
            Item(_("Catalogue"), "archive", "retention:records", CATALOGUE_READERS),
            Item(_("Backup batches"), "archive", "retention:batches", CATALOGUE_READERS),
            Item(_("Backup findings"), "zoom-exclamation", "retention:findings", CATALOGUE_READERS),
            Item(_("Backups declared lost"), "key-off", "retention:losses", CATALOGUE_READERS),
            Item(_("Backup checks"), "shield-check", "retention:checks", CATALOGUE_READERS),
            Item(_("Disposal proposals"), "trash", "retention:proposals", CATALOGUE_READERS),
            Item(_("Lists for your decision"), "checklist", "retention:decisions", APPROVERS),
            Item(_("Legal holds"), "lock", "retention:holds", CATALOGUE_READERS),
            Item(_("Search in chats"), "message-search", "retention:said", LISTENERS),
            Item(_("Listenings and readings"), "headphones", "retention:readings", READING_AUDITORS),
            Item(_("Register of documents"), "archive", "retention:register", CATALOGUE_READERS),
            Item(_("Retention periods"), "calendar-time", "retention:schedule", PLACE_READERS),
            Item(_("Sources"), "database-import", "retention:sources", PLACE_READERS),
            Item(_("Stores"), "server-2", "retention:stores", PLACE_READERS),
        ],
    ),
    (
        _("Roster"),
        [
            Item(
                _("My roster"),
                "calendar-user",
                "realtime:my_roster",
                frozenset({Role.AGENT, Role.TEAM_LEADER}),
                EMPLOYEES,
            ),
            Item(_("Forecast"), "chart-line", "realtime:forecasts", FLOOR_READERS),
            Item(_("Rosters"), "calendar-month", "realtime:rosters", ROSTER_READERS),
            Item(_("Roster validation"), "calendar-check", "realtime:checks", ROSTER_READERS),
            Item(_("Swaps of shifts"), "arrows-exchange", "realtime:swaps", ROSTER_READERS | {Role.AGENT}),
            Item(_("Shift codes"), "clock-hour-8", "realtime:shifts", ROSTER_READERS),
        ],
    ),
    (
        _("Real-time"),
        [
            Item(_("Live board"), "layout-dashboard", "realtime:board", BOARD_READERS | {Role.AGENT}),
            Item(_("Attendance"), "user-check", "realtime:attendance", ROSTER_READERS),
            Item(_("Days worked"), "calendar-time", "realtime:attendance_records", ROSTER_READERS | {Role.AGENT}),
            Item(_("Alerts"), "bell-ringing", "realtime:alerts", FLOOR_READERS),
            Item(_("Recovery plans"), "lifebuoy", "realtime:plans", FLOOR_READERS),
            Item(_("Floor walks"), "walk", "realtime:walks", ROTG_READERS),
            Item(_("Violations"), "gavel", "realtime:violations", ROTG_READERS | {Role.AGENT}, EMPLOYEES),
            Item(_("Rules of the game"), "list-details", "realtime:rules", RULE_READERS),
            Item(_("Shift handovers"), "arrows-exchange", "realtime:handovers", FLOOR_READERS),
            Item(_("What if"), "calculator", "realtime:what_if", FLOOR_READERS),
        ],
    ),
    (
        _("Service figures"),
        [
            Item(_("Voice"), "chart-histogram", "realtime:figures", FLOOR_READERS),
            Item(_("Non-voice"), "messages", "realtime:cases", FLOOR_READERS),
            Item(_("Months of service"), "calendar-stats", "realtime:months", MONTH_READERS - {Role.CLIENT}),
            Item(_("Months to sign"), "signature", "realtime:months", frozenset({Role.CLIENT})),
            Item(_("Data faults"), "zoom-exclamation", "realtime:faults", FLOOR_READERS),
            Item(_("Reports"), "upload", "realtime:reports:import", SENDERS),
            Item(_("Sources of events"), "plug-connected", "realtime:sources", SOURCE_READERS),
        ],
    ),
    (
        _("People"),
        [
            Item(_("People"), "users", "sdm:people", FLOOR | {Role.AGENT}),
            Item(_("Leavings"), "door-exit", "sdm:leavings", FLOOR, EMPLOYEES),
            Item(_("Training"), "school", "sdm:training", TRAINING_READERS),
            Item(_("Pembinaan"), "messages", "sdm:discipline", PERSONS),
            Item(_("Plan of personnel"), "users-group", "sdm:plan", POSITION_READERS),
            Item(_("Positions"), "id-badge-2", "sdm:positions", POSITION_READERS),
            Item(_("Requests for people"), "user-plus", "sdm:recruitments", REQUEST_READERS),
            Item(_("Pipeline of recruitment"), "layout-kanban", "sdm:pipeline", CANDIDATE_READERS),
            Item(_("Months of evaluation"), "calendar-star", "sdm:evaluation_periods", EVALUATION_READERS),
            Item(_("Monthly evaluations"), "stars", "sdm:evaluations", EVALUATION_READERS | {Role.AGENT}, EMPLOYEES),
            Item(_("Incentive schemes"), "coins", "sdm:incentive_schemes", PAY_READERS),
            Item(_("Payroll runs"), "cash", "sdm:payroll_runs", PAY_READERS),
            Item(_("Contracts"), "file-text", "sdm:contracts", CONTRACT_READERS),
            Item(_("Contract renewals"), "writing-sign", "sdm:renewals", CONTRACT_READERS),
            Item(_("Compensations"), "receipt", "sdm:compensations", COMPENSATION_READERS),
            Item(_("My leave"), "beach", "sdm:my_leave", LEAVE_ASKERS),
            Item(_("Leave"), "calendar-user", "sdm:leaves", LEAVE_READERS, EMPLOYEES),
            Item(_("Organisation"), "sitemap", "sdm:organisation", CHART_READERS),
            Item(_("Turnover and tenure"), "chart-arrows-vertical", "sdm:turnover", TURNOVER_READERS),
        ],
    ),
    (
        _("Governance"),
        [
            Item(_("My exports"), "download", "exports:list", FLOOR, frozenset(Role)),
            Item(_("Documents"), "files", "documents:register", FLOOR, frozenset({Role.CLIENT})),
            Item(_("Compliance"), "chart-bar", "compliance", FLOOR),
            Item(_("Obligations"), "list-check", "obligations", FLOOR),
            Item(_("Procedures"), "git-branch", "sop", FLOOR),
            Item(_("Policies"), "adjustments", "policies", FLOOR),
            Item(_("Log-ins"), "users", "logins", frozenset({Role.ADMINISTRATOR})),
            Item(
                _("Evidence ledger"), "shield-check", "ledger", frozenset({Role.AUDITOR, Role.QMR, Role.ADMINISTRATOR})
            ),
        ],
    ),
]


def doors() -> dict[str, frozenset[str]]:
    """Whom each page lets in, by URL name; pages that are for everybody, or that no item leads to, are not in it."""
    found: dict[str, frozenset[str]] = {}
    for one in (item for _label, items in GROUPS for item in items):
        if one.roles is not None:
            found[one.url_name] = found.get(one.url_name, frozenset()) | one.roles | one.by_link
    return found


DOORS = doors()


def sections(user: User, path: str) -> list[dict[str, Any]]:
    """[{label, children: [{label, icon, url, active}]}]; the first group's items stand alone. The longest matching
    address is the active one."""
    seen = [
        (label, [one for one in items if one.roles is None or has_role(user, one.roles)]) for label, items in GROUPS
    ]
    urls = {one.url_name: reverse(one.url_name) for _label, items in seen for one in items}
    active = max((url for url in urls.values() if path.startswith(url)), key=len, default="")
    drawn: list[dict[str, Any]] = []
    for label, items in seen:
        links = [
            {"label": one.label, "icon": one.icon, "url": urls[one.url_name], "active": urls[one.url_name] == active}
            for one in items
        ]
        if links:
            drawn += [{"label": label, "children": links}] if label else links
    return drawn
