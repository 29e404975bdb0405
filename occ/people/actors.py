"""Who does something: a user, or a part of the system that says its name."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from occ.people.models import User


@dataclass(frozen=True)
class SystemActor:
    """Beat, a connector, a command. It never passes for a person, and only transitions that name it let it in."""

    name: str

    def __str__(self) -> str:
        return f"system:{self.name}"


Actor = User | SystemActor
BEAT = SystemActor("beat")
COMMAND = SystemActor("command")
CONNECTOR = SystemActor("connector")
# What follows in one module from what somebody whose role covers it did in another.
LIFECYCLE = SystemActor("lifecycle")


def who(label: str, asked_by: str = "") -> str:
    """The name that a history keeps of an actor, for people to read; `asked_by`: for whom the system did it."""
    if not label.startswith("system:"):
        return label
    if asked_by:
        return _("System, asked by %(name)s") % {"name": asked_by}
    return _("Connector") if label == str(CONNECTOR) else _("System")
