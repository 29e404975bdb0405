"""Policies in the search across modules, by what they are called."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy

from occ.home.governance import named
from occ.home.navigation import FLOOR
from occ.people.models import User
from occ.people.scope import has_role
from occ.policies.registry import DEFINITIONS
from occ.search import Result, register


def find_policies(user: User, text: str, limit: int) -> Iterator[Result]:
    found = [(key, one) for key, one in DEFINITIONS.items() if named(one, text)] if has_role(user, FLOOR) else []
    for key, one in found[:limit]:
        yield Result(str(one.label), one.clause, reverse("policy", args=[key]))


register(gettext_lazy("Policies"), find_policies)
