"""Who does something: a user, or a part of the system that says its name."""

from dataclasses import dataclass

from django.utils.translation import gettext

from occ.people.models import User


@dataclass(frozen=True)
class SystemActor:
    """Beat, a connector, a command. It never passes for a person, and only transitions that name it let it in."""

    name: str

    def __str__(self) -> str:
        return f"system:{self.name}"


def actor_words(label: str) -> str:
    """Who did it, as kept in a history row, in words for a page: the system's parts are the system."""
    return gettext("System") if label.startswith("system:") else label


Actor = User | SystemActor
BEAT = SystemActor("beat")
COMMAND = SystemActor("command")
CONNECTOR = SystemActor("connector")
