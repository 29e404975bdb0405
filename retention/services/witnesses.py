"""Who saw a destruction (RET-10): somebody of the house who holds a role, or from outside, named in full.

A witness vouches for what others did: never who approved it, destroyed it or draws up its berita acara.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from occ.approvals.services import name_of
from occ.errors import Invalid
from occ.people.choices import Role
from occ.people.models import Person, PersonQuerySet, RoleAssignment, User, in_force
from retention.models import Proposal, Shredding


@dataclass(frozen=True)
class Outsider:
    """A witness who has no role here: from the client, say."""

    name: str
    position: str
    organisation: str


Witness = Person | Outsider
LONGEST = {"name": 120, "position": 80, "organisation": 80}


def people_with_role(day: date) -> PersonQuerySet:
    """Who may be chosen as a witness: people of the house, not the client's, who hold a role on that day."""
    held = RoleAssignment.objects.filter(in_force(day), user__is_active=True, user__person__isnull=False)
    held = held.exclude(role=Role.CLIENT)
    return Person.objects.working_on(day).filter(pk__in=held.values("user__person"))


def witnesses_named(witnesses: Sequence[Witness], *, parties: Iterable[str], day: date) -> list[tuple[str, str]]:
    """Names and positions. Raises Invalid: none; not all is said of one; no role; one of the parties; one twice."""
    if not witnesses:
        raise Invalid(_("Choose a witness, or name one from outside."), field="witness_1")
    named: list[tuple[str, str]] = []
    chosen = [one.pk for one in witnesses if isinstance(one, Person)]
    with_role = set(people_with_role(day).filter(pk__in=chosen).values_list("pk", flat=True))
    others = _same(parties)
    for n, one in enumerate(witnesses, 1):
        if isinstance(one, Person):
            field, name, position = f"witness_{n}", one.name, one.position
            if one.pk not in with_role:
                raise Invalid(_("A witness of the house is somebody who holds a role today."), field=field)
        else:
            field, name = f"outsider_{n}", one.name.strip()
            given = [name, one.position.strip(), one.organisation.strip()]
            if not all(given):
                raise Invalid(_("Of a witness from outside say name, position and organisation."), field=field)
            for text, most in zip(given, LONGEST.values(), strict=True):
                if len(text) > most:
                    words = _("This is longer than %(n)s characters.") % {"n": most}
                    raise Invalid(words, field=field, code="too_long")
            position = ", ".join(given[1:])
        if _same([name]) & others:
            raise Invalid(_("The witness is somebody else than who approves, destroys or documents it."), field=field)
        if _same([name]) & _same(other for other, _position in named):
            raise Invalid(_("Name each witness once."), field=field)
        named.append((name, position))
    return named


def parties_q(proposal: Proposal, user: User) -> Q:
    """Of people: who approved the list, started its deletion or destroyed papers of it, and the user who asks.

    By their names, as `witnesses_named` asks: of one who is called as a party is, a reader could not tell.
    """
    names = names_of(user) | (names_of(proposal.executed_by) if proposal.executed_by else set())
    if proposal.approval is not None:
        names |= {proposal.approval.name, *names_of(proposal.approval.decided_by)}
    names |= set(Shredding.objects.filter(item__proposal=proposal).values_list("name", flat=True))
    found = Q(pk__in=[])
    for name in names:
        found |= Q(name__iexact=name)
    return found


def names_of(user: User) -> set[str]:
    """The names by which a user may be named."""
    return {name_of(user), str(user)}


def _same(names: Iterable[str]) -> set[str]:
    return {" ".join(one.split()).casefold() for one in names}
