"""A person as HR's own system or a spreadsheet has them, brought into the records.

Made, changed, moved, taken on again, or left alone when nothing is new: the same twice changes nothing.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, NotAllowed
from occ.people.actors import Actor
from occ.people.lifecycle import person_locked
from occ.people.memberships import team_from
from occ.people.models import Person
from occ.times import local_day
from sdm.choices import EmploymentKind
from sdm.models import Employee, Employment, Placement
from sdm.personal import KEEPERS, may, nik_clean, nik_mark
from sdm.services import employees, employments, placements
from sdm.services.employees import PERSONAL
from sdm.services.employments import Terms

PLACE = ("site", "position", "team", "leader")
CREATED, CHANGED, UNCHANGED = "created", "changed", "unchanged"


@transaction.atomic
def employee_push(*, number: str, values: dict[str, Any], actor: Actor, now: datetime) -> tuple[Employee, str]:
    """Bring in what `values` says of the person with that number; what it does not name stays as it is.

    Names: name, email, position, site, team, leader (a Person), joined_on, effective_on, contract (Terms), PERSONAL.
    Returns the employee and what happened. Raises what the single services raise; nothing is changed then.
    """
    person = Person.objects.filter(number=number.strip()).first()
    if person is None:
        return _create(number, values, actor, now), CREATED
    person = person_locked(person.pk)
    if not may(actor, KEEPERS, person.site):
        raise NotAllowed
    employees.employees_take_up(people=[person], actor=actor, now=now)
    done = [
        _rejoin(person, values, actor, now), _edit(person, values, actor, now), _move(person, values, actor, now),
        _contract(person, values, actor, now),
    ]  # fmt: skip
    found = Employee.objects.select_related("person__site").get(pk=person.pk)
    return found, CHANGED if any(done) else UNCHANGED


def _create(number: str, values: dict[str, Any], actor: Actor, now: datetime) -> Employee:
    for name in ("name", "position", "site", "joined_on"):
        if not values.get(name):
            raise Invalid(
                _("This employee is new: %(field)s is needed.") % {"field": name}, field=name, code="required"
            )
    taken = {key: value for key, value in values.items() if key != "effective_on"}
    return employees.employee_hire(number=number, actor=actor, now=now, **taken)


def _rejoin(person: Person, values: dict[str, Any], actor: Actor, now: datetime) -> bool:
    """A day of joining after the last working day: they come back."""
    last, on = person.last_working_day, values.get("joined_on")
    if last is None or on is None or on <= last:
        return False
    if Placement.objects.filter(employee_id=person.pk, starts_on__gt=last).exists():
        return False  # the return is planned already
    employees.employee_rejoin(
        person_id=person.pk, on=on, position=values.get("position") or person.position,
        site=values.get("site") or person.site, team=values.get("team"), leader=values.get("leader"),
        contract=values.get("contract"), actor=actor, now=now,
    )  # fmt: skip
    person.refresh_from_db()
    return True


def _edit(person: Person, values: dict[str, Any], actor: Actor, now: datetime) -> bool:
    """Name, e-mail and personal fields that differ."""
    given = employees.personal_clean(values, joined_on=person.joined_on)
    employee = Employee.objects.get(pk=person.pk)
    if "nik" in given and nik_mark(nik_clean(given["nik"])) == employee.nik_mark:
        del given["nik"]
    personal = {key: value for key, value in given.items() if key in PERSONAL and getattr(employee, key) != value}
    name = employees.name_clean(values["name"]) if values.get("name") else person.name
    email = employees.email_clean(values.get("email", person.email))
    if not personal and (name, email) == (person.name, person.email):
        return False
    employees.employee_edit(person_id=person.pk, name=name, email=email, actor=actor, now=now, **personal)
    return True


def _move(person: Person, values: dict[str, Any], actor: Actor, now: datetime) -> bool:
    """A place that differs from that of the day from which it holds: a transfer, or put right on that very day."""
    if not any(name in values for name in PLACE):
        return False
    on: date = values.get("effective_on") or local_day(now, person.site.zone)
    here = placements.place_on(person.pk, on)
    if here is None or (person.last_working_day is not None and person.last_working_day < on):
        if values.get("effective_on"):
            raise Invalid(_("%(name)s does not work here on that day.") % {"name": person.name}, field="effective_on")
        return False
    team = values.get("team", person.team_on(on))
    to: dict[str, Any] = {
        "site": values.get("site") or here.site, "position": values.get("position") or here.position,
        "leader": values.get("leader", here.leader),
    }  # fmt: skip
    same = all(getattr(here, name) == value for name, value in to.items())
    if same and team == person.team_on(on):
        return False
    note = _("As HR's system has it")
    if here.starts_on != on:
        placements.person_transfer(person_id=person.pk, on=on, team=team, note=note, actor=actor, now=now, **to)
        return True
    placements.place_fits(person=person, site=to["site"], team=team, leader=to["leader"], on=on)
    if not same:
        placements.placement_put_right(here, person=person, team=team, note=note, actor=actor, now=now, **to)
    else:
        team_from(person, team, on)
    return True


def _contract(person: Person, values: dict[str, Any], actor: Actor, now: datetime) -> bool:
    terms: Terms | None = values.get("contract")
    if terms is None:
        return False
    employments.terms_check(terms, at=now)
    rows = Employment.objects.filter(employee_id=person.pk)
    known = rows.filter(starts_on=terms.starts_on).first()
    if known is not None:
        if (known.kind, known.agreed_until, known.probation_months) != (
            terms.kind, terms.agreed_until, terms.probation_months
        ):  # fmt: skip
            words = _("The contract from %(day)s is recorded with other terms: end it or extend it by hand.")
            raise Invalid(words % {"day": terms.starts_on}, field="contract", code="contract_differs")
        number = terms.number.strip()
        if not number or number == known.number:
            return False
        employments.employment_number(employment_id=known.pk, number=number, actor=actor, now=now)
        return True
    before = rows.filter(kind=EmploymentKind.PKWT, ends_on__lt=terms.starts_on).order_by("-starts_on").first()
    day_before = terms.starts_on - timedelta(days=1)
    follows = before is not None and before.ends_on == before.agreed_until == day_before
    if before is not None and follows and terms.kind == EmploymentKind.PKWT and terms.agreed_until is not None:
        employments.employment_extend(
            employment_id=before.pk, agreed_until=terms.agreed_until, number=terms.number, actor=actor, now=now
        )
    else:
        employments.employment_add(person_id=person.pk, terms=terms, actor=actor, now=now)
    return True
