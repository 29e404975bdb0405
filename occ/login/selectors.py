"""Log-ins as an administrator sees them."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from occ.ledger.models import Entry
from occ.login.models import Session
from occ.login.services.identities import linked
from occ.login.services.second_factor import code_key, codes_left, factor_of, is_needed
from occ.people.attempts import locked_until, user_key
from occ.people.choices import Role
from occ.people.models import RoleAssignment, User, in_force
from occ.people.scope import has_role
from occ.times import JAKARTA, local_day

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


def administers(user: User) -> bool:
    return has_role(user, ADMINISTRATORS)


def logins(user: User, now: datetime) -> "QuerySet[User]":
    """Each with `held` (roles of today), `has_factor` and `open_sessions`."""
    roles = RoleAssignment.objects.filter(in_force(local_day(now, JAKARTA))).select_related("site").order_by("role")
    factor = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    return (
        User.objects.get_queryset()
        .visible_to(user)
        .select_related("person__site")
        .prefetch_related(Prefetch("roles", roles, to_attr="held"))
        .annotate(
            has_factor=Exists(factor),
            open_sessions=Count("sessions", filter=Q(sessions__expire_date__gt=now), distinct=True),
        )
    )


def login_page(user: User, *, now: datetime) -> dict[str, Any]:
    locks = [locked_until(who=key, now=now) for key in (user_key(user), code_key(user))]
    return {
        "login": user,
        "locked": max((at for at in locks if at), default=None),
        "factor": factor_of(user),
        "needed": is_needed(user, now=now),
        "left": codes_left(user),
        "linked": linked(user),
        "sessions": Session.objects.filter(user=user, expire_date__gt=now).count(),
        "roles": user.roles.filter(in_force(local_day(now, JAKARTA))).select_related("site", "team").order_by("role"),
        "entries": Entry.objects.filter(subject_type="people.user", subject_id=str(user.pk)).order_by("-pk")[:20],
    }
