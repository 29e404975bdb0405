"""People taken on, changed, taken on again (SDM-1); and taken up, where another module brought them in."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people import lifecycle
from occ.people.actors import Actor
from occ.people.choices import Channel
from occ.people.history import copy_to_history, sign
from occ.people.lifecycle import person_locked
from occ.people.memberships import team_from
from occ.people.models import Person, Site, Team, User
from occ.texts import hidden, kept
from occ.times import in_reach, local_day
from sdm.choices import Began
from sdm.models import Employee, Placement
from sdm.personal import KEEPERS, birth_clean, may, nik_clean, nik_mark, reads_nik
from sdm.services import employments
from sdm.services.employments import Terms
from sdm.services.placements import place_fits, place_on, placement_effect, position_clean

PERSONAL = ("nik", "birth_date", "phone", "skills", "channels")


def personal_clean(data: dict[str, Any], *, joined_on: date) -> dict[str, Any]:
    """The personal fields among `data`, checked and in one form. Raises Invalid."""
    found = {name: data[name] for name in PERSONAL if name in data}
    if "nik" in found:
        found["nik"] = nik_clean(found["nik"] or "")
    if found.get("birth_date"):
        birth_clean(found["birth_date"], joined_on)
    if "phone" in found:
        found["phone"] = " ".join((found["phone"] or "").split())
        if len(found["phone"]) > 30 or any(c not in "+0123456789 ()-./" for c in found["phone"]):
            raise Invalid(_("A phone number has digits, blanks and + ( ) - . /, at most 30."), field="phone")
    if "skills" in found:
        found["skills"] = sorted({" ".join(one.split()) for one in found["skills"]} - {""}, key=str.casefold)
        if len(found["skills"]) > 30 or any(len(one) > 40 for one in found["skills"]):
            raise Invalid(_("At most 30 skills of at most 40 characters."), field="skills")
    if "channels" in found:
        found["channels"] = sorted(set(found["channels"]))
        if not set(found["channels"]) <= set(Channel.values):
            raise Invalid(_("There is no such channel."), field="channels")
    return found


def name_clean(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120 or hidden(name):
        raise Invalid(_("A name has 1 to 120 characters, all of them visible."), field="name")
    return name


def number_clean(number: str) -> str:
    number = number.strip()
    if not number or len(number) > 20 or any(c.isspace() or not c.isprintable() for c in number):
        raise Invalid(_("An employee number has 1 to 20 characters without blanks."), field="number")
    return number


def email_clean(email: str) -> str:
    email = email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Invalid(str(error.messages[0]), field="email", code="email") from error
    return email


def nik_is_free(nik: str, *, person_id: int | None) -> None:
    """Raises Invalid, saying who, when somebody else has that national ID number."""
    other = Employee.objects.filter(nik_mark=nik_mark(nik)).exclude(pk=person_id or 0).select_related("person").first()
    if nik and other is not None:
        words = _("%(name)s (%(number)s) has this national ID number. Somebody who left is taken on again there.")
        values = {"name": other.person.name, "number": other.person.number}
        raise Invalid(words % values, field="nik", code="nik_taken")


@transaction.atomic
def employee_hire(
    *, number: str, name: str, email: str = "", position: str, site: Site, team: Team | None = None,
    leader: Person | None = None, joined_on: date, contract: Terms | None = None, actor: Actor, now: datetime,
    **personal: Any,
) -> Employee:  # fmt: skip
    """Take somebody on: the person, where they work and by which contract. `personal`: see PERSONAL.

    Raises NotAllowed; Invalid when the number or the national ID number is somebody else's.
    """
    if not may(actor, KEEPERS, site):
        raise NotAllowed
    if not in_reach(joined_on):
        raise Invalid(_("The date is not possible."), field="joined_on")
    given = personal_clean(personal, joined_on=joined_on)
    nik_is_free(given.get("nik", ""), person_id=None)
    place_fits(person=None, site=site, team=team, leader=leader, on=joined_on)
    if contract is not None:
        employments.terms_check(contract)
    with lifecycle.person_join(
        number=number_clean(number), name=name_clean(name), email=email_clean(email), position=position_clean(position),
        site=site, joined_on=joined_on, actor=actor, now=now,
    ) as person:  # fmt: skip
        employee = Employee(person=person, **_stored(given))
        _write(employee, kept(gettext_noop("Taken on")), actor, now, new=True)
        _place(person, site, person.position, leader, joined_on, Began.HIRED, now, actor, now)
        if team is not None:
            team_from(person, team, joined_on)
        if contract is not None:
            employments.write(person, contract, None, "", actor, now)
    return employee


def _stored(given: dict[str, Any]) -> dict[str, Any]:
    nik = given.pop("nik", None)
    return given if nik is None else given | {"nik": nik or None, "nik_mark": nik_mark(nik)}


def _write(
    employee: Employee, why: str, actor: Actor, now: datetime, *, new: bool = False, fields: Iterable[str] = ()
) -> None:
    sign(employee, actor, why, now=now)
    try:
        with transaction.atomic():
            employee.save(force_insert=True) if new else employee.save(update_fields=list(fields))
    except IntegrityError as error:  # two at once with one national ID number
        raise Invalid(_("This national ID number was recorded for somebody else just now."), field="nik") from error


def _place(
    person: Person, site: Site, position: str, leader: Person | None, on: date, began: Began, told_at: datetime | None,
    actor: Actor, now: datetime, note: str = "",
) -> Placement:  # fmt: skip
    made = Placement(
        employee_id=person.pk, site=site, position=position, leader=leader, starts_on=on, began=began,
        told_at=told_at, note=note[:300],
    )  # fmt: skip
    sign(made, actor, str(began.label), now=now)
    made.save()
    return made


@transaction.atomic
def employee_edit(
    *, person_id: int, name: str, email: str, note: str = "", actor: Actor, now: datetime, **personal: Any
) -> Employee:
    """Change what is not dated: name, e-mail and the personal fields given. Moves nobody."""
    person = person_locked(person_id)
    if not may(actor, KEEPERS, person.site):
        raise NotAllowed
    employee = Employee.objects.select_for_update(no_key=True).get(pk=person_id)
    given = personal_clean(personal, joined_on=person.joined_on)
    if given.get("nik"):
        nik_is_free(given["nik"], person_id=person_id)
    name, email = name_clean(name), email_clean(email)
    changed = [one for one in ("name", "email") if getattr(person, one) != {"name": name, "email": email}[one]]
    was = {one: getattr(person, one) for one in changed}
    person.name, person.email = name, email
    if changed:
        person.save(update_fields=changed)
    values = {key: value for key, value in _stored(given).items() if getattr(employee, key) != value}
    for key, value in values.items():
        setattr(employee, key, value)
    if values:
        _write(employee, note, actor, now, fields=values)
    if changed or values:
        # Personal values never stand in the ledger, which nobody can change: only that they changed.
        data = {"was": was, "changed": sorted({*changed, *values} - {"nik_mark"}), "note": note}
        record(actor=actor, action="employee.edited", subject=employee, data=data, now=now, site=person.site)
    return employee


@transaction.atomic
def employee_rejoin(
    *, person_id: int, on: date, position: str, site: Site, team: Team | None = None, leader: Person | None = None,
    contract: Terms | None = None, note: str = "", actor: Actor, now: datetime,
) -> Placement:  # fmt: skip
    """Somebody who left is taken on again as the same person; a day to come is planned and beat brings it about.

    Raises WrongState when the person has not left by then, or is to come back already.
    """
    person = person_locked(person_id)
    if not (may(actor, KEEPERS, person.site) and may(actor, KEEPERS, site)):
        raise NotAllowed
    place_fits(person=person, site=site, team=team, leader=leader, on=on)
    last = person.last_working_day
    if last is None or last >= on:
        raise WrongState(_("%(name)s has not left by then.") % {"name": person.name})
    if Placement.objects.filter(employee_id=person_id, starts_on__gt=last).exists():
        raise WrongState(_("A return is planned already. Withdraw that first."))
    if contract is not None:
        employments.terms_check(contract)
    here = place_on(person_id, last)
    if here is not None and here.ends_on != last:  # the last day is not over yet, or nobody was told
        here.ends_on = last
        sign(here, actor, kept(gettext_noop("Left")), now=now)
        here.save(update_fields=["ends_on"])
    person.memberships.filter(starts_on__lte=last, ends_on=None).update(ends_on=last)
    employments.employments_end_with(person=person, last=last, actor=actor, now=now)
    made = _place(person, site, position_clean(position), leader, on, Began.RETURNED, None, actor, now, note)
    if team is not None:
        team_from(person, team, on)
    if contract is not None:
        employments.write(person, contract, None, note, actor, now)
    data = {"from": on, "site": site.code, "note": note}
    record(actor=actor, action="employee.rejoins", subject=made.employee, data=data, now=now, site=site)
    if on <= local_day(now, site.zone):
        placement_effect(made, actor=actor, now=now)
        made.refresh_from_db()
    return made


def nik_read(*, person_id: int, actor: User, now: datetime) -> str:
    """The whole national ID number; that it was read, and by whom, is in the ledger. Raises NotAllowed."""
    employee = Employee.objects.select_related("person__site").get(pk=person_id)
    if not reads_nik(actor, person_id, employee.person.site):
        raise NotAllowed
    record(actor=actor, action="employee.nik_read", subject=employee, data={}, now=now, site=employee.person.site)
    return employee.nik or ""


@transaction.atomic
def employees_take_up(*, people: Sequence[Person], actor: Actor, now: datetime, why: str = "") -> None:
    """People whom another module brought in (an imported logbook) become employees, placed where they are known.

    The database makes the rows out of the people's: a logbook brings a hundred thousand of them.
    """
    pks = [one.pk for one in people]
    for i in range(0, len(pks), AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(TAKE_UP, [pks[i : i + AT_ONCE]])
            new = [pk for (pk,) in cursor.fetchall()]
            cursor.execute(PLACE, [Began.TAKEN_UP, now, new])
            placed = [pk for (pk,) in cursor.fetchall()]
        copy_to_history(Employee, new, actor, why, now)
        copy_to_history(Placement, placed, actor, why, now)


AT_ONCE = 10_000
TAKE_UP = """
    INSERT INTO sdm_employee (person_id, phone, skills, channels)
    SELECT id, '', '{}', '{}' FROM people_person WHERE id = ANY(%s) ORDER BY id
    ON CONFLICT DO NOTHING RETURNING person_id
"""
PLACE = """
    INSERT INTO sdm_placement (employee_id, site_id, position, starts_on, ends_on, began, note, told_at, stuck_because)
    SELECT id, site_id, position, joined_on, CASE WHEN left_announced THEN last_working_day END, %s, '', %s, ''
    FROM people_person WHERE id = ANY(%s) ORDER BY id RETURNING id
"""
