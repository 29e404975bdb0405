"""Reads across a person's records: what a page may show of them on a day, and their dates in words."""

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from occ.people.models import TeamMembership, User
from occ.timeline import LIMIT, changes, entry
from occ.times import local_day
from sdm.deadlines import age_on, tenure
from sdm.models import Employee, Employment, Leaving, Placement
from sdm.personal import masked, reads_contracts, reads_letters, reads_nik, reads_personal
from sdm.providers import panels_of


def stints(placements: list[Placement], last_working_day: date | None) -> list[tuple[date, date | None]]:
    """From when to when somebody was employed: placements that follow each other without a gap are one."""
    found: list[tuple[date, date | None]] = []
    for one in sorted(placements, key=lambda row: row.starts_on):
        ends = one.ends_on
        if ends is None and last_working_day is not None and last_working_day >= one.starts_on:
            ends = last_working_day
        if found and found[-1][1] is not None and (one.starts_on - found[-1][1]).days == 1:
            found[-1] = (found[-1][0], ends)
        else:
            found.append((one.starts_on, ends))
    return found


def person_page(user: User, employee: Employee, *, day: date, now: datetime, present: bool) -> dict[str, Any]:
    """What of a person the user may see. `present`: whether today's state is theirs to see, and so the rest."""
    person = employee.person
    placements = list(employee.placements.select_related("site", "leader").order_by("-starts_on"))
    personal = present and reads_personal(user, person.pk, person.site)
    contracts = present and reads_contracts(user, person.pk, person.site)
    found: dict[str, Any] = {
        "employee": employee,
        "person": person,
        "place": employee.place,
        "team": employee.team,
        "standing": employee.standing_on(day),
        "personal": personal,
        "see_nik": personal and bool(employee.nik) and reads_nik(user, person.pk, person.site),
        "see_contracts": contracts,
    }
    if not present:
        return found
    memberships = TeamMembership.objects.filter(person=person).select_related("team").order_by("-starts_on")
    found |= {
        "placements": placements,
        "memberships": memberships,
        "worked_days": tenure(stints(placements, person.last_working_day), day),
        "leavings": employee.leavings.order_by("-pk"),
    } | panels_of(user, person)
    if personal:
        today = local_day(now, person.site.zone)
        found |= {
            "nik": masked(employee.nik),
            "age": age_on(employee.birth_date, today) if employee.birth_date else None,
            "entries": person_entries(employee),
        }
    if contracts:
        found["employments"] = employee.employments.select_related("extension", "renewal").order_by("-starts_on")
    return found


def person_entries(employee: Employee) -> list[dict[str, Any]]:
    """What was changed about the person's records, newest first: also rows that are gone."""
    entries = changes(employee.history.all(), _("Personal data"))
    for model, title in ((Placement, _("Placement")), (Employment, _("Contract"))):
        rows = model.history.model.objects.filter(employee_id=employee.pk).select_related("history_user")
        grouped: dict[int, list[Any]] = {}
        for row in rows.order_by("-history_date", "-history_id")[:LIMIT]:
            grouped.setdefault(row.id, []).append(row)
        for versions in grouped.values():
            pairs = zip(versions, [*versions[1:], None], strict=True)
            entries += [entry(row, before, f"{title} {row.starts_on:%Y-%m-%d}") for row, before in pairs]
    entries.reverse()
    return sorted(entries, key=lambda one: one["at"], reverse=True)


def letter_visible(user: User, pk: str) -> bool:
    """Who reads the files of a leaving: see `reads_letters`."""
    found = Leaving.objects.visible_to(user).filter(pk=pk).select_related("employee__person", "site").first()
    return found is not None and reads_letters(user, found.employee_id, found.site)
