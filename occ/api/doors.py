"""Whom a list lets in who only wants to read it: said from above, where the pages are known."""

from collections.abc import Callable, Collection

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from occ.errors import NotAllowed
from occ.people.models import User
from occ.people.scope import has_role

DoorOf = Callable[[str], Collection[str] | None]
SAID: list[DoorOf] = []


def register(door_of: DoorOf) -> DoorOf:
    """`door_of(url_name)`: the roles for which that address is; None where its view says it itself."""
    SAID.append(door_of)
    return door_of


class Door(BasePermission):
    """An empty list would tell whom it is not for that there is nothing. Who may send is for the service to say."""

    def has_permission(self, request: Request, view: object) -> bool:
        match, user = request.resolver_match, request.user
        assert isinstance(user, User)
        if match and request.method in ("GET", "HEAD"):
            doors = (door for door_of in SAID if (door := door_of(match.view_name)) is not None)
            if not all(has_role(user, door) for door in doors):
                raise NotAllowed
        return True
