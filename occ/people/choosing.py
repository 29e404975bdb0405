"""Choosing one person among thousands: which people a field offers, and what is typed or picked as a person.

An app registers a chooser; its form field (occ.forms.PersonField) and the page that suggests ask the same one.
"""

from collections.abc import Callable

from django.db.models import Q
from django.utils.translation import gettext as _

from occ.errors import Invalid
from occ.people.models import Person, PersonQuerySet, User

BETWEEN = " · "
MOST = 12
Chooser = Callable[[User], PersonQuerySet]
# (user, whom they may choose there at all, key of what it is chosen for) -> whom they may choose for it
Narrower = Callable[[User, PersonQuerySet, int], PersonQuerySet]
CHOOSERS: dict[str, Chooser] = {}
NARROWERS: dict[str, Narrower] = {}


def register(key: str, chooser: Chooser, narrower: Narrower | None = None) -> str:
    """`chooser(user)`: whom that user may choose there; `narrower`: where what it is chosen for leaves some out."""
    if key in CHOOSERS:
        raise ValueError(f"chooser {key} is registered twice")
    CHOOSERS[key] = chooser
    if narrower is not None:
        NARROWERS[key] = narrower
    return key


def offered(key: str, user: User, of: int | None = None) -> PersonQuerySet:
    """Whom the user may choose there; `of`: the key of what it is chosen for, where the chooser asks for that."""
    people = CHOOSERS[key](user)
    return people if of is None or key not in NARROWERS else NARROWERS[key](user, people, of)


def label(person: Person) -> str:
    return f"{person.name}{BETWEEN}{person.number}"


def matching(people: PersonQuerySet, text: str, *, limit: int = MOST) -> list[Person]:
    """Those whose name or number holds every word; in the order of names."""
    for word in text.replace("\x00", "").replace(BETWEEN.strip(), " ").split()[:6]:
        people = people.filter(Q(name__icontains=word) | Q(number__icontains=word))
    return list(people.select_related("site").order_by("name", "pk")[:limit])


def chosen(people: PersonQuerySet, text: str) -> Person:
    """The person that the text means: an employee number, "name · number", or a name that one person has.

    Raises Invalid; two people of one name are told apart by their numbers.
    """
    text = text.replace("\x00", "").strip()
    number = text.rpartition(BETWEEN.strip())[2].strip()
    found = people.select_related("site").filter(number__iexact=number).first()
    if found is not None:
        return found
    named = list(people.select_related("site").filter(name__iexact=text).order_by("number")[:2])
    if len(named) == 1:
        return named[0]
    if named:
        raise Invalid(_("Several people have this name. Type the employee number."), code="several_people")
    near = matching(people, text, limit=2)
    if len(near) == 1:
        words = _("Choose %(person)s from the list, or type the employee number, if that is who is meant.")
        raise Invalid(words % {"person": label(near[0])}, code="choose_person")
    if near:
        raise Invalid(_("Several people are called so. Choose one from the list."), code="several_people")
    raise Invalid(
        _("Nobody who can be chosen here has this employee number or name. Has the person left already?"),
        code="unknown_person",
    )
