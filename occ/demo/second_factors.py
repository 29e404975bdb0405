"""Second factors of the demo's log-ins: set up as somebody would, with the secrets kept beside the password."""

from datetime import datetime

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from occ.login.policies import SECOND_FACTOR
from occ.login.services.second_factor import factor_of, is_needed, new_secret, second_factor_reset, second_factor_set
from occ.people.actors import COMMAND
from occ.people.choices import Role
from occ.people.models import User
from occ.policies.models import Policy
from occ.policies.registry import DEFINITIONS
from occ.policies.services import policy_set, policy_value

OFF = "bin/demo --no-totp"


def code_at(secret: str, now: datetime) -> str:
    return format_hotp_value(hotp_value(secret, int(now.timestamp()) // 30))


def demand(*, on: bool, now: datetime) -> None:
    """Off by a policy of its own, which a later start without --no-totp takes back; other changes of it stay."""
    rows = Policy.objects.standing().filter(key=SECOND_FACTOR, site=None, valid_from__lte=now)
    latest = rows.order_by("-valid_from").first()
    if (on and (latest is None or latest.reason != OFF)) or (not on and not policy_value(SECOND_FACTOR, at=now)):
        return
    actor = User.objects.filter(roles__role=Role.ADMINISTRATOR, is_active=True).first()
    assert actor is not None
    value = DEFINITIONS[SECOND_FACTOR].default if on else []
    policy_set(
        key=SECOND_FACTOR,
        value=value,
        valid_from=now,
        reason="bin/demo" if on else OFF,
        site=None,
        actor=actor,
        now=now,
    )


def forget(names: list[str], *, now: datetime) -> None:
    """The ones that the demo set up: without them, name and password are enough."""
    for user in User.objects.filter(username__in=names).select_related("person__site"):
        if factor_of(user) is not None:
            second_factor_reset(user=user, reason=OFF, actor=COMMAND, now=now)


def set_up(names: list[str], *, now: datetime) -> dict[str, str]:
    """For those of the log-ins whose roles need one and that have none: name -> secret."""
    made = {}
    for user in User.objects.filter(username__in=names).select_related("person__site"):
        if is_needed(user, now=now) and factor_of(user) is None:
            made[user.username] = secret = new_secret()
            second_factor_set(user=user, secret=secret, code=code_at(secret, now), session_key=None, now=now)
    return made
