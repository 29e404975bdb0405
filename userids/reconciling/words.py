"""What a finding says, in a sentence, and what is to be done about its kind."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from userids.choices import FindingKind as K
from userids.choices import Way
from userids.models.reconciliation import Finding


def instant(at: datetime | None, zone: ZoneInfo) -> str:
    if at is None:
        return "–"
    local = at.astimezone(zone)
    return f"{date_format(local, 'j F Y')} {local:%H:%M} {local:%Z}"


def said(finding: Finding) -> str:
    """The difference as the last run that looked saw it. Needs `site` and `person`."""
    facts, zone = finding.details, finding.site.zone
    person = finding.person.name if finding.person else _("nobody")
    values = {
        "person": person,
        "listed": facts.get("listed") or "–",
        "logbook": facts.get("logbook") or _("nobody"),
        "left_at": instant(finding.moment("left_at"), zone),
        "at": instant(finding.moment("at"), zone),
        "last_at": instant(finding.moment("last_at"), zone),
        "ids": ", ".join(facts.get("ids", [])),
        "email": facts.get("email") or "–",
    }
    if finding.kind == K.UNKNOWN and not facts.get("active"):
        return (
            _("The application has it as inactive (name %(listed)s, e-mail %(email)s); no row of the logbook.") % values
        )
    if finding.kind == K.DORMANT and not facts.get("last_at"):
        return _("%(person)s has never logged in.") % values
    return sentence(K(finding.kind)) % values


def sentence(kind: K) -> str:
    return {
        K.ACTIVITY_AFTER_LAST_DAY: _("Used on %(at)s, after %(person)s had left (%(left_at)s)."),
        K.ACTIVE_AFTER_LEAVING: _("Still active, though %(person)s has left (%(left_at)s)."),
        K.UNKNOWN: _("Active in the application (name %(listed)s, e-mail %(email)s); no row of the logbook."),
        K.ACTIVE_IN_APPLICATION: _("Active in the application; the logbook has it as inactive."),
        K.MISSING: _("Active in the logbook (holder %(person)s); not in the application's list."),
        K.INACTIVE_IN_APPLICATION: _("Inactive in the application; the logbook has it as active (%(person)s)."),
        K.HOLDER_DIFFERS: _("The application names %(listed)s, the logbook %(logbook)s."),
        K.TWO_IDS: _("%(person)s has several active user IDs: %(ids)s."),
        K.EMAIL_DIFFERS: _("The application has %(listed)s, the logbook %(logbook)s."),
        K.DORMANT: _("%(person)s logged in last on %(last_at)s."),
    }[kind]


def advice(kind: str) -> str:
    """What settles a finding of that kind."""
    return {
        K.ACTIVITY_AFTER_LAST_DAY: _(
            "Treat it as misuse until shown otherwise: shut the ID, end its sessions, find out who used it and what was"
            " seen, and attach what you found."
        ),
        K.ACTIVE_AFTER_LEAVING: _(
            "Shut the ID in the application now. If its deactivation is open, confirm it there with the evidence; the"
            " next list then shows it as inactive."
        ),
        K.UNKNOWN: _(
            "Find out whose it is. If it is needed, enter it into the logbook with its holder; if not, have it shut."
        ),
        K.ACTIVE_IN_APPLICATION: _(
            "Shut it in the application, or, if somebody works with it, record who in the logbook by a replacement."
        ),
        K.MISSING: _("See whether it was removed or renamed in the application, and correct the logbook."),
        K.INACTIVE_IN_APPLICATION: _(
            "Activate it again if its holder needs it, else deactivate it in the logbook too."
        ),
        K.HOLDER_DIFFERS: _(
            "If somebody else works with it, it was passed on without a request: record the replacement, or give it"
            " back. If only the spelling differs, correct the application."
        ),
        K.TWO_IDS: _("One person, one user ID: shut the ones that are not needed, or have the reason accepted."),
        K.EMAIL_DIFFERS: _("Correct the address where it is wrong."),
        K.DORMANT: _("Ask whether the ID is still needed; an unused one is to be shut."),
    }[K(kind)]


def claimed(finding: Finding) -> str:
    """What its owner said of it, and who or what shows whether it is so; nothing once that is known."""
    if not finding.is_claimed or finding.said_by is None:
        return ""
    values = {
        "person": finding.said_by.get_full_name() or finding.said_by.username,
        "at": instant(finding.said_at, finding.site.zone),
        "way": finding.get_way_display(),
    }
    if finding.way == Way.AS_IT_IS:
        values["until"] = date_format(finding.accepted_until, "j F Y") if finding.accepted_until else "–"
        return (
            _(
                "%(person)s asked on %(at)s that it stays as it is until %(until)s. A coordinator or manager decides;"
                " its time runs on until then."
            )
            % values
        )
    if finding.awaits_list:
        return (
            _(
                "%(person)s said on %(at)s: %(way)s. The next list made after that shows whether it is; its time runs"
                " on until then."
            )
            % values
        )
    return (
        _(
            "%(person)s said on %(at)s: %(way)s. No list shows that, so a coordinator or manager looks at it; its time"
            " runs on until then."
        )
        % values
    )
