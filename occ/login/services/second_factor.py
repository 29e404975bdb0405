"""The second factor: a code of an authenticator app (RFC 6238), or a recovery code. Each is good for once.

allauth.mfa keeps them (encrypted, see adapters.py) and reckons the codes; what may be used how often is decided here,
under a lock on the user's row and in the database, so that several web processes agree.
"""

import hmac
from datetime import datetime

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.db import transaction
from django.utils.translation import gettext as _

from occ.encryption import decrypt
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.login.policies import SECOND_FACTOR
from occ.login.services.entering import DOOR
from occ.login.services.sessions import sessions_end
from occ.notifications.services import notify
from occ.people.actors import Actor
from occ.people.attempts import TooManyAttempts, attempt_begin, attempt_right
from occ.people.models import User
from occ.people.scope import roles_of
from occ.policies.services import policy_value

new_secret = generate_totp_secret


def code_key(user: User) -> str:
    """Codes are counted apart from passwords: only who knows the password comes as far as a code."""
    return f"code:{user.pk}"


def needed_for(user: User, demanded: list[str]) -> bool:
    return bool(demanded) and any(held.role in demanded for held in roles_of(user))


def is_needed(user: User, *, now: datetime) -> bool:
    return needed_for(user, policy_value(SECOND_FACTOR, at=now))


def factor_of(user: User) -> Authenticator | None:
    found: Authenticator | None = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return found


def counter_of(secret: str, code: str, now: datetime) -> int | None:
    """Which half minute's code it is, of this one and those beside it (clocks differ); None: a wrong one."""
    present = int(now.timestamp()) // app_settings.TOTP_PERIOD
    typed = "".join(code.split())
    for counter in range(present - app_settings.TOTP_TOLERANCE, present + app_settings.TOTP_TOLERANCE + 1):
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, counter)).encode(), typed.encode()):
            return counter
    return None


def code_check(*, user: User, code: str, address: str, now: datetime) -> Authenticator:
    """Use up one code. Raises Invalid, TooManyAttempts."""
    try:
        attempt = attempt_begin(who=code_key(user), place="code", address=address, now=now)
    except TooManyAttempts as refusal:
        _refuse(user, "locked", address, now)
        refusal.field = "code"
        raise
    used = _use(user, code, now)
    if used is None:
        _refuse(user, "wrong", address, now)
        raise Invalid(_("This code does not fit, or was used already. Take the next one."), field="code")
    attempt_right(attempt)
    return used


@transaction.atomic
def _use(user: User, code: str, now: datetime) -> Authenticator | None:
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    kept = {row.type: row for row in Authenticator.objects.filter(user=user)}
    app, recovery = kept.get(Authenticator.Type.TOTP), kept.get(Authenticator.Type.RECOVERY_CODES)
    if app is None:
        return None
    counter = counter_of(decrypt(app.data["secret"]), code, now)
    if counter is not None:
        if counter <= app.data.get("last_counter", -1):
            return None  # this code, or a later one, was used: whoever looked over the shoulder comes too late
        app.data["last_counter"], app.last_used_at = counter, now
        app.save(update_fields=["data", "last_used_at"])
        return app
    if recovery is None or not recovery.wrap().validate_code("".join(code.split())):
        return None
    Authenticator.objects.filter(pk=recovery.pk).update(last_used_at=now)
    data = {"left": len(RecoveryCodes(Authenticator.objects.get(pk=recovery.pk)).get_unused_codes())}
    record(actor=DOOR, action="user.recovery_code_used", subject=user, data=data, now=now)
    notify(to=[user], kind="login.recovery_code_used", params=data, key=f"recovery:{now.isoformat()}", now=now)
    return recovery


def _refuse(user: User, reason: str, address: str, now: datetime) -> None:
    data = {"reason": reason, "address": address}
    record(actor=DOOR, action="user.code_refused", subject=user, data=data, now=now)


@transaction.atomic
def second_factor_set(*, user: User, secret: str, code: str, session_key: str | None, now: datetime) -> list[str]:
    """Take the app into use whose code shows that it has the secret; returns the recovery codes, shown this once.

    Ends the user's other sessions: they were begun without it. Raises Invalid, WrongState.
    """
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if factor_of(user) is not None:
        raise WrongState(_("Your second factor is set up already."))
    counter = counter_of(secret, code, now)
    if counter is None:
        raise Invalid(
            _("This code does not fit. Does the device show the right time? Take the next one."), field="code"
        )
    app = TOTP.activate(user, secret).instance
    app.data["last_counter"], app.created_at, app.last_used_at = counter, now, now
    app.save(update_fields=["data", "created_at", "last_used_at"])
    record(actor=user, action="user.second_factor_set", subject=user, data={}, now=now)
    sessions_end(user=user, but=session_key, why="second_factor_set", actor=user, now=now)
    return _new_codes(user, now)


@transaction.atomic
def recovery_codes_renew(*, user: User, now: datetime) -> list[str]:
    """New ones in place of all old ones. Raises WrongState without a second factor."""
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if factor_of(user) is None:
        raise WrongState(_("Set up your second factor first."))
    record(actor=user, action="user.recovery_codes_renewed", subject=user, data={}, now=now)
    return _new_codes(user, now)


def _new_codes(user: User, now: datetime) -> list[str]:
    Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
    kept = RecoveryCodes.activate(user)
    Authenticator.objects.filter(pk=kept.instance.pk).update(created_at=now)
    return list(kept.get_unused_codes())


def codes_left(user: User) -> int:
    kept = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(kept.wrap().get_unused_codes()) if kept else 0


@transaction.atomic
def second_factor_off(*, user: User, session_key: str | None, now: datetime) -> None:
    """The user's own wish. Raises NotAllowed while a role needs it, WrongState when there is none."""
    if is_needed(user, now=now):
        raise NotAllowed(_("Your role needs a second factor. For a new device, ask an administrator to reset it."))
    if not Authenticator.objects.filter(user=user).delete()[0]:
        raise WrongState(_("You have no second factor."))
    record(actor=user, action="user.second_factor_off", subject=user, data={}, now=now)
    sessions_end(user=user, but=session_key, why="second_factor_off", actor=user, now=now)


@transaction.atomic
def second_factor_reset(*, user: User, reason: str, actor: Actor, now: datetime) -> None:
    """A lost device: forget the second factor and end all sessions; the next log-in sets up a new one.

    Raises NotAllowed for one's own, Invalid without a reason, WrongState when there is none.
    """
    if user == actor:
        raise NotAllowed(_("Another administrator resets yours."))
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if not Authenticator.objects.filter(user=user).delete()[0]:
        raise WrongState(_("%(name)s has no second factor.") % {"name": user})
    place = user.person.site if user.person else None
    entry = record(
        actor=actor, action="user.second_factor_reset", subject=user, data={"reason": reason}, now=now, site=place
    )
    sessions_end(user=user, why="second_factor_reset", actor=actor, now=now)
    params = {"by": str(actor), "reason": reason, "done_at": now.isoformat()}
    notify(to=[user], kind="login.second_factor_reset", params=params, key=f"second_factor_reset:{entry.pk}", now=now)
