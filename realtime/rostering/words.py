"""What a finding says, in the reader's language."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from occ.people.choices import Channel
from occ.sheets.dates import parse_date
from occ.texts import month_said
from realtime.choices import FindingCode as F


def words(kept: dict[str, Any], zone: ZoneInfo) -> str:
    """Of a finding as it is kept (realtime.rostering.checking.Finding.kept)."""
    given = kept["params"]

    def number(name: str) -> str:
        value = given[name]
        return number_format(int(value) if value == int(value) else value, use_l10n=True)

    def clock(name: str) -> str:
        return f"{datetime.fromisoformat(given[name]).astimezone(zone):%H:%M}"

    code = kept["code"]
    if code == F.NOT_PUBLISHED:
        return _("No roster of %(month)s is published.") % {"month": month_said(given["month"])}
    if code == F.LEAVER:
        if given["last"]:
            return _("Last working day: %(day)s.") % {"day": date_format(parse_date(given["last"]), "j F Y")}
        return _("Joins on %(day)s.") % {"day": date_format(parse_date(given["joined"]), "j F Y")}
    if code == F.REST:
        return _("%(hours)s hours of rest, at least %(least)s are due.") % {
            "hours": number("hours"), "least": number("least")
        }  # fmt: skip
    if code == F.HOURS:
        return _("%(hours)s paid hours in the week, at most %(most)s.") % {
            "hours": number("hours"), "most": number("most")
        }  # fmt: skip
    if code == F.IN_ROW:
        return _("Day %(days)s in a row, at most %(most)s.") % {"days": given["days"], "most": given["most"]}
    if code == F.SKILL:
        channel = str(Channel(given["channel"]).label)
        said = {"channel": channel, "people": given["people"], "least": given["least"]}
        return _("%(channel)s: %(people)s agents, at least %(least)s are needed.") % said
    if code == F.LEADER:
        said = {"from": clock("from"), "to": clock("to"), "least": given["least"]}
        return _("From %(from)s to %(to)s fewer than %(least)s team leaders are rostered.") % said
    if code == F.COVER:
        said = {"n": given["slots"], "at": clock("at"), "need": number("need"), "cover": number("cover")}
        if not given["cover"] and (resting := given.get("resting")):
            said["resting"] = resting
            words = _("Short in %(n)s half-hours, most at %(at)s: %(need)s needed, and all %(resting)s are on a break.")
            return words % said
        return _("Short in %(n)s half-hours, most at %(at)s: %(need)s needed, %(cover)s there.") % said
    return {
        F.MISSING: _("Works at the site and has no entry on this day."),
        F.DOUBLE: _("Two shifts overlap, or a roster of another site has the same day."),
        F.USER_ID: _("Holds no active user ID."),
        F.LEAVE: _("Is on leave on this day."),
    }[code]
