"""Who has still to sign an issued document, and the obligation of each: from its issue to their signature.

Each owes it by name (`Obligation.owner`), under the clause of the document's kind. It is called off when the document
is no longer valid, when its sheet is issued, and when they cannot sign here any more, which beat looks for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from occ.documents import types
from occ.documents.choices import Status
from occ.documents.models import IssuedDocument, Signature
from occ.documents.policies import SIGN_DAYS, SIGNED
from occ.documents.signing import Signer, Signing, may_sign
from occ.notifications.addressees import gone
from occ.obligations.models import Obligation, ObligationQuerySet, State
from occ.obligations.rules import Rule
from occ.obligations.services import obligation_cancel, obligation_fulfil, obligation_open
from occ.people.actors import Actor
from occ.people.models import Site, User
from occ.people.scope import first_site, roles_know
from occ.policies.services import policy_value
from occ.times import JAKARTA, local_day

Given = Sequence[Signature | Signing]


def clauses_of(rule: Rule) -> set[str]:
    """By which clauses it is owed: a signature by those of the kinds that are signed."""
    return {one.clause for one in types.countersigned()} if rule.key == SIGNED else {rule.clause}


def awaited(document: IssuedDocument, given: Given) -> list[Signer]:
    """Whom the document names and who have not signed it; those who sign on paper are not waited for here.

    Nobody signs a sheet: it names whom its document names, and bears what they signed.
    """
    missing = [] if document.is_sheet else unsigned(document, given)
    users = _users({one.user_id for one in missing})
    roles_know(users)
    able = {one.pk for one in users if may_sign(one)}
    return [one for one in missing if one.user_id in able]


def unsigned(document: IssuedDocument, given: Given) -> list[Signer]:
    done = {(one.user_id, one.purpose) for one in given}
    return [one for one in (Signer(**slot) for slot in document.slots) if (one.user_id, one.purpose) not in done]


def duties_of(document: IssuedDocument) -> ObligationQuerySet:
    """What is owed of it and still open."""
    kind = ContentType.objects.get_for_model(IssuedDocument)
    return Obligation.objects.open().filter(rule=SIGNED, content_type=kind, object_id=document.pk)


def lapsed_since(document: IssuedDocument, given: Given, at: datetime, *, now: datetime) -> bool:
    """Whether somebody named, who works here still, was awaited until then and cannot sign now."""
    day = local_day(now, document.site.zone if document.site else JAKARTA)
    absent = [one.pk for one in _users({one.user_id for one in unsigned(document, given)}) if not gone(one, day)]
    kind = ContentType.objects.get_for_model(IssuedDocument)
    rows = Obligation.objects.filter(rule=SIGNED, content_type=kind, object_id=document.pk, owner__in=absent)
    return rows.filter(Q(state=State.OPEN) | Q(state=State.CANCELLED, closed_at__gt=at)).exists()


def duties_lock(document: IssuedDocument) -> list[Obligation]:
    rows = duties_of(document).select_for_update(of=("self",), no_key=True)
    return list(rows.select_related("owner").order_by("pk"))


def signatures_ask(document: IssuedDocument, given: Given, *, actor: Actor, now: datetime) -> int:
    """Open what is owed and call off what is not owed any more; returns of how many. The document's lock is held."""
    if not document.slots or document.is_sheet:
        return 0
    owed = {one.user_id for one in awaited(document, given)} if document.status == Status.VALID else set()
    duties = duties_lock(document)
    fresh = [one for one in _users(owed) if one.pk not in {duty.owner_id for duty in duties}]
    surplus = [duty for duty in duties if duty.owner_id not in owed]
    for user in fresh:
        obligation_open(
            rule=SIGNED, subject=document, label=document.full_number, site=_site(document, user), team=None,
            starts_at=now, due_at=signature_due(document, now), owner=user, actor=actor, now=now,
            clause=document.type.clause if document.type else "",
        )  # fmt: skip
    signatures_drop(document, surplus, actor=actor, now=now)
    return len(fresh) + len(surplus)


def signatures_drop(document: IssuedDocument, duties: Iterable[Obligation], *, actor: Actor, now: datetime) -> None:
    """Nobody waits for them any more."""
    for duty in duties:
        obligation_cancel(
            subject=document, rule=SIGNED, reason="not_awaited", owner=duty.owner, actor=actor, now=now
        )  # fmt: skip


def signature_given(document: IssuedDocument, given: Given, *, user: User, now: datetime) -> None:
    """Once they have signed for all that they are named for."""
    if any(one.user_id == user.pk for one in unsigned(document, given)):
        return
    evidence = {"purposes": [one.purpose for one in given if one.user_id == user.pk]}
    obligation_fulfil(
        subject=document, rule=SIGNED, at=now, evidence=evidence, owner=user, actor=user, now=now
    )  # fmt: skip


def worth_a_look(slots: Mapping[int, Sequence[dict[str, Any]]]) -> list[int]:
    """Of documents without a sheet, by key with their slots, those of which something may be to do: somebody named may
    sign, has signed, or owes it."""
    named = {pk: {one["user_id"] for one in some} - {None} for pk, some in slots.items()}
    kind = ContentType.objects.get_for_model(IssuedDocument)
    owed = set(Obligation.objects.open().filter(rule=SIGNED, content_type=kind).values_list("object_id", flat=True))
    begun = set(Signature.objects.filter(document__in=list(named)).values_list("document_id", flat=True))
    everybody = {pk for some in named.values() for pk in some}
    here = set(User.objects.filter(pk__in=everybody, is_active=True).values_list("pk", flat=True))
    return [pk for pk, users in named.items() if users and (users & here or pk in begun or pk in owed)]


def signature_due(document: IssuedDocument, at: datetime) -> datetime:
    days: int = policy_value(SIGN_DAYS, at=at, site=document.site)
    return at + timedelta(days=days)


def _users(ids: Collection[int | None]) -> list[User]:
    wanted = [one for one in ids if one is not None]
    return list(User.objects.filter(pk__in=wanted).select_related("person__site").order_by("pk"))


def _site(document: IssuedDocument, user: User) -> Site:
    """The document's; of one for all sites the signer's."""
    site = document.site or (user.person.site if user.person else None) or first_site()
    assert site is not None
    return site
