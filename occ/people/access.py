"""Fetching and authorising at once."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models
from django.http import Http404, HttpRequest

from occ.people.models import Site, User
from occ.people.scope import has_role

M = TypeVar("M", bound=models.Model)


def get_visible(model: type[M], user: User, pk: Any) -> M:
    """The object if the user's roles cover it, else 404: out of scope and absent look the same."""
    found: M | None = model._default_manager.visible_to(user).filter(pk=pk).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found


def me(request: HttpRequest) -> User:
    """Who asks; every page but the public ones has one (occ.home.middleware.LoginRequired)."""
    assert isinstance(request.user, User)
    return request.user


def get_visible_site(user: User, code: str, roles: Iterable[str]) -> Site:
    """The site of that code if one of the roles is held for it, else 404."""
    found = Site.objects.filter(code=code).first()
    if found is None or not has_role(user, roles, site=found):
        raise Http404
    return found
