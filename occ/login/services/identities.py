"""Log-in through the organisation's identity provider (OpenID Connect): links to users, makes none.

The first time the claim of OIDC_MATCH finds the user; from then on the provider's own, never reused subject does. So a
name that the provider gives to somebody else later opens nothing here.
"""

from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from occ.errors import Invalid, WrongState
from occ.ledger.services import record
from occ.login.services.entering import LoginRefused, may_log_in, refusal_record
from occ.people.actors import Actor
from occ.people.models import User

PROVIDER = "oidc"


def identity_user(*, claims: dict[str, Any], address: str, now: datetime) -> User:
    """The user whom the verified claims stand for. Raises LoginRefused, with the same words for whatever reason."""
    with transaction.atomic():
        user, reason = _find(claims, now)
        if user is not None and not reason:
            return user
    refusal_record(user, reason=reason, address=address, now=now)
    raise LoginRefused(_("That log-in belongs to no active user of OCC. Ask an administrator."))


def _find(claims: dict[str, Any], now: datetime) -> tuple[User | None, str]:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 190 or "\x00" in subject:
        return None, "oidc_no_subject"
    linked = SocialAccount.objects.select_related("user__person__site").filter(provider=PROVIDER, uid=subject).first()
    if linked:
        user: User = linked.user
        return user, "" if may_log_in(user, now=now) else "off"
    found = match(claims)
    if found is None:
        return None, "oidc_unknown"
    if not may_log_in(found, now=now):
        return found, "off"
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=found.pk)
    known = SocialAccount.objects.filter(user=found, provider=PROVIDER).first()
    if known is not None:  # it may be the one: linked by another tab while this one waited for the lock
        return found, "" if known.uid == subject else "oidc_other_identity"
    SocialAccount.objects.create(user=found, provider=PROVIDER, uid=subject, extra_data={})
    record(actor=found, action="user.identity_linked", subject=found, data={"provider": PROVIDER}, now=now)
    return found, ""


def match(claims: dict[str, Any]) -> User | None:
    """By the claim that OIDC_MATCH names; an e-mail address only when the provider says that it is verified."""
    claim, field = settings.OIDC["claim"], settings.OIDC["field"]
    value = claims.get(claim)
    if not isinstance(value, str) or not value.strip() or len(value) > 150 or "\x00" in value:
        return None
    if claim == "email" and claims.get("email_verified") is not True:
        return None
    lookup = {"username__iexact": value} if field == "username" else {"person__number": value}
    return User.objects.select_related("person__site").filter(**lookup).first()


def linked(user: User) -> bool:
    return SocialAccount.objects.filter(user=user, provider=PROVIDER).exists()


@transaction.atomic
def identity_unlink(*, user: User, reason: str, actor: Actor, now: datetime) -> None:
    """Forget which identity of the provider is the user's; the next log-in links anew. Raises Invalid, WrongState."""
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    if not SocialAccount.objects.filter(user=user, provider=PROVIDER).delete()[0]:
        raise WrongState(_("It is so already."))
    place = user.person.site if user.person else None
    record(actor=actor, action="user.identity_unlinked", subject=user, data={"reason": reason}, now=now, site=place)
