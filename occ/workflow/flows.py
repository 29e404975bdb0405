"""A process of a procedure as data: states, and transitions each open to named roles.

The same table is what the service obeys, what the page draws, and what a test walks.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from occ.people.actors import Actor, SystemActor
from occ.people.models import Site, User
from occ.people.scope import has_role


@dataclass(frozen=True)
class Transition:
    """`by` holds roles and SystemActors; `needs` names what must come along ("note", "evidence").

    `four_eyes`: nobody makes it for a subject whose `person` is themselves. `apart_from`: the keys of the users whose
    work it judges, of whom none makes it. `own`: nobody makes it but whom it is about. `only_for`: of which subjects it
    is a step at all. `again`: what it is called where it has failed before.
    """

    name: str
    source: frozenset[str]
    target: str
    by: frozenset[str | SystemActor]
    label: "str | Promise"
    needs: frozenset[str] = frozenset()
    four_eyes: bool = False
    apart_from: Callable[[Any], Collection[int]] | None = None
    only_for: Callable[[Any], bool] | None = None
    again: "str | Promise" = ""
    own: bool = False

    def is_for(self, subject: Any) -> bool:
        return self.only_for is None or self.only_for(subject)

    @property
    def by_roles(self) -> set[str]:
        return {role for role in self.by if not isinstance(role, SystemActor)}

    def open_to(self, actor: Actor, site: Site) -> bool:
        if isinstance(actor, SystemActor):
            return actor in self.by
        return has_role(actor, self.by_roles, site=site)

    def refusal(self, actor: Actor, subject: Any) -> str:
        """Why somebody else has to make it, though the actor's role may; nothing where that is not so."""
        if not isinstance(actor, User):
            return ""
        person_id = getattr(subject, "person_id", None)
        if self.four_eyes and person_id is not None and person_id == actor.person_id:
            return _("It is about you: somebody else has to do this step.")
        if self.own and (person_id is None or person_id != actor.person_id):
            return _("Only the person whom it is about makes this step.")
        if self.apart_from is not None and actor.pk in self.apart_from(subject):
            return _("It is your own work: somebody else has to do this step.")
        return ""


def transition(
    name: str, source: str | Iterable[str], target: str, *, by: Iterable[str | SystemActor], label: "str | Promise",
    needs: Iterable[str] = (), four_eyes: bool = False,
    apart_from: Callable[[Any], Collection[int]] | None = None, only_for: Callable[[Any], bool] | None = None,
    again: "str | Promise" = "", own: bool = False,
) -> Transition:  # fmt: skip
    sources = frozenset({source} if isinstance(source, str) else source)
    return Transition(
        name, sources, target, frozenset(by), label, frozenset(needs), four_eyes, apart_from, only_for, again, own
    )  # fmt: skip


@dataclass(frozen=True)
class Flow:
    """`path` is the way drawn on the page; states off it (failed, cancelled) are drawn where they branch off.

    Those of them that are `waiting` are no failure: they are drawn as the present step.
    """

    key: str
    clause: str
    states: type[models.TextChoices]
    initial: str
    path: tuple[str, ...]
    transitions: tuple[Transition, ...]
    off_path: dict[str, str] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()

    def find(self, name: str) -> Transition:
        return next(one for one in self.transitions if one.name == name)

    def called(self, one: Transition, state: str) -> "str | Promise":
        """The transition's label in that state."""
        return one.again if one.again and state in self.off_path else one.label

    def open_to(self, actor: User, *, state: str, site: Site) -> list[Transition]:
        """The transitions that this user may make now."""
        return [one for one in self.transitions if state in one.source and one.open_to(actor, site)]

    @property
    def final(self) -> set[str]:
        return set(self.states.values) - {state for one in self.transitions for state in one.source}

    def is_over(self, state: str) -> bool:
        """Final, or the end of the path, from where it only goes back: what is closed can be opened again."""
        behind = {*self.path, *self.off_path}
        ways = [one for one in self.transitions if state in one.source]
        return not ways or (state == self.path[-1] and all(one.target in behind for one in ways))


FLOWS: dict[str, Flow] = {}


def register(flow: Flow) -> Flow:
    """Refuses a table with a state nobody reaches or a transition to a state that is none."""
    reached = {flow.initial} | {one.target for one in flow.transitions}
    if unknown := (reached | {s for one in flow.transitions for s in one.source}) ^ set(flow.states.values):
        raise ValueError(f"flow {flow.key}: {unknown} is not reached, or no state")
    if flow.key in FLOWS:
        raise ValueError(f"flow {flow.key} is registered twice")
    FLOWS[flow.key] = flow
    return flow
