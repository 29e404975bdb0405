"""Signing: a name, a position, a purpose and a time, vouched for by `presence_confirm` of occ.people.passwords.

Four eyes: who prepared a document, who checked and who approved it are different persons, as on the procedures'
own title pages; to acknowledge is open to each of them.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from occ.documents.choices import APART, Purpose
from occ.documents.models import IssuedDocument, Signature
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.people.choices import Role
from occ.people.models import User
from occ.people.passwords import presence_confirm
from occ.people.scope import roles_of

LASTS = timedelta(hours=1)  # how long a signature waits for the document that a task makes


@dataclass(frozen=True)
class Signing:
    """A signature confirmed by password, to be put on a document that is issued (now or by a task soon after)."""

    user_id: int
    name: str
    position: str
    purpose: str
    at: datetime

    def kept(self) -> dict[str, Any]:
        """As a job keeps it; `signing_kept` reads it back."""
        return asdict(self) | {"at": self.at.isoformat()}


@dataclass(frozen=True)
class Signer:
    """Somebody who is to sign: as a draft names them, or as an issued document names who signs it afterwards.

    `user_id` is None of whom cannot sign here (`may_sign`) or has no account: they sign on paper.
    """

    name: str
    position: str
    purpose: str
    user_id: int | None = None


def signer_of(user: User, purpose: str) -> Signer:
    name = user.person.name if user.person is not None else str(user)
    return Signer(name, position_of(user), purpose)


def signing_kept(kept: dict[str, Any], *, now: datetime) -> Signing:
    """Raises WrongState when it was given too long ago: what is signed by now may be something else."""
    signing = Signing(**kept | {"at": datetime.fromisoformat(kept["at"])})
    if signing.at + LASTS < now:
        raise WrongState(_("It was signed more than an hour ago and not made since. Ask for it anew."))
    return signing


def position_of(user: User, language: str = "id") -> str:
    """The person's position, else the first of their roles, in words."""
    if user.person is not None:
        return user.person.position
    held = roles_of(user)
    with translation.override(language):
        return str(Role(held[0].role).label) if held else "-"


def may_sign(user: User) -> bool:
    """Whoever only audits signs nothing here, nor who holds no role any more, or whose log-in is off."""
    return any(held.role != Role.AUDITOR for held in roles_of(user))


def signing_confirm(*, user: User, password: str, purpose: str, now: datetime) -> Signing:
    """Check the password entered again. Raises Invalid, NotAllowed, TooManyAttempts."""
    if purpose not in Purpose.values:
        raise Invalid(_("Choose what you sign for."), field="purpose")
    if not may_sign(user):
        raise NotAllowed
    presence_confirm(user=user, password=password, reason=f"sign:{purpose}", now=now)
    who = signer_of(user, purpose)
    return Signing(user_id=user.pk, name=who.name, position=who.position, purpose=purpose, at=now)


def apart_check(signed: Iterable[tuple[int, str]]) -> None:
    """Raises Invalid where one person prepares, checks or approves more than once; given users' ids and purposes."""
    users = [user for user, purpose in signed if purpose in APART]
    if len(set(users)) != len(users):
        raise Invalid(
            _("Who prepared, who checked and who approved a document are different persons: somebody else signs here."),
            field="purpose", code="four_eyes",
        )  # fmt: skip


def signature_add(
    *, document: IssuedDocument, signing: Signing, actor: object, on_paper: bool, now: datetime, repeated: bool = False
) -> Signature:
    """Write the row and its ledger entry, in the caller's transaction.

    `repeated`: given to the revision before and printed on this one too; nobody has signed this one's SHA-256 then.
    """
    signature = Signature.objects.create(
        document=document,
        user_id=signing.user_id,
        name=signing.name,
        position=signing.position,
        purpose=signing.purpose,
        signed_at=signing.at,
        on_paper=on_paper,
    )
    data = {"purpose": signing.purpose, "signed_by": signing.user_id, "sha256": document.sha256}
    action = "document.signature_repeated" if repeated else "document.signed"
    record(actor=actor, action=action, subject=document, data=data, now=now, site=document.site)
    return signature
