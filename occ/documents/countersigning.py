"""Signing what is issued already, and the signature sheet (lembar pengesahan) that bears it on paper.

Who signs for what: whom the document names (`slots`), each once; where it names nobody, what
somebody prepared, checked or approved is signed for once, by a role that its kind gives this to. Whoever reads it may
acknowledge it.

The issued file stays as it is: it is what they signed. When the last of those named has signed, a sheet is issued
beside it: docs/decisions/2026-11-30-signature-sheets.md. Who cannot sign here any more is not waited for: when it was
the last one, beat issues the sheet. What each of them owes until then: awaiting.py.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import translation
from django.utils.translation import gettext as _

from occ.documents import types
from occ.documents.awaiting import (
    Given,
    awaited,
    duties_lock,
    lapsed_since,
    signature_given,
    signatures_ask,
    signatures_drop,
    unsigned,
    worth_a_look,
)
from occ.documents.choices import APART, Purpose, Status
from occ.documents.models import IssuedDocument, Signature
from occ.documents.services import document_issue, instant, verification_url
from occ.documents.signing import Signer, apart_check, signature_add, signing_confirm
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.actors import BEAT, Actor
from occ.people.models import User
from occ.people.scope import site_ids
from occ.times import JAKARTA

logger = logging.getLogger(__name__)
PATIENCE = timedelta(days=1)  # a role that lapsed over night comes back before the sheet is issued without its holder


def document_sign(*, document_id: int, user: User, password: str, purpose: str, now: datetime) -> Signature:
    """Sign an issued document; the verification page shows it from now on, the paper does not change.

    Raises NotAllowed, Invalid (also: one person for two purposes; somebody else signs for it), TooManyAttempts,
    WrongState (superseded, destroyed, or signed already).
    """
    if not IssuedDocument.objects.visible_to(user).filter(pk=document_id).exists():
        raise NotAllowed
    signing = signing_confirm(user=user, password=password, purpose=purpose, now=now)
    with transaction.atomic():
        document = (
            IssuedDocument.objects.select_for_update(of=("self",), no_key=True)
            .select_related("site")
            .get(pk=document_id)
        )
        given = list(document.signatures.all())
        if sheet_of(document) is not None:
            raise WrongState(
                _("All who are named have signed, and the signature sheet is issued: nothing is added to it.")
            )
        _check(document, user, purpose, given)
        duties = duties_lock(document)
        complete: Given = [*given, signing]
        last = any(one.user_id == user.pk for one in awaited(document, given)) and not awaited(document, complete)
        if issued := last and not lapsed_since(document, complete, now - PATIENCE, now=now):
            _issue_sheet(document, complete, actor=user, now=now)
        signature = signature_add(document=document, signing=signing, actor=user, on_paper=False, now=now)
        signature_given(document, complete, user=user, now=now)
        if issued:  # of those who cannot sign any more
            signatures_drop(document, [one for one in duties if one.owner_id != user.pk], actor=user, now=now)
        return signature


def _check(document: IssuedDocument, user: User, purpose: str, given: Sequence[Signature]) -> None:
    if document.status != Status.VALID:
        raise WrongState(_("Only a valid document can be signed."))
    if any(one.user_id == user.pk and purpose in (one.purpose, *_not_named(document, user)) for one in given):
        raise WrongState(_("You have signed this document already."))
    apart_check([*((one.user_id, one.purpose) for one in given), (user.pk, purpose)])
    if purpose in _taken(document, given):
        raise WrongState(_("Somebody has signed for this already."))
    if not _is_for(document, user, purpose):
        raise Invalid(_("You are not who signs this document as that."), field="purpose", code="not_the_signer")


def _taken(document: IssuedDocument, given: Sequence[Signature]) -> set[str]:
    """What nobody else signs for any more; of what the document names people for, each of them still does."""
    named = {one["purpose"] for one in document.slots}
    return {one.purpose for one in given if one.purpose in APART and one.purpose not in named}


def _is_for(document: IssuedDocument, user: User, purpose: str) -> bool:
    """Whether it is this user who signs the document for that."""
    if document.is_sheet or document.type is None:
        return False
    if named := [one["user_id"] for one in document.slots if one["purpose"] == purpose]:
        return user.pk in named
    if purpose == Purpose.PREPARED and document.issued_by_id is not None:
        return user.pk == document.issued_by_id
    if purpose in APART and purpose != Purpose.PREPARED and document.slots:
        return False
    if any(one["user_id"] == user.pk for one in document.slots):
        return False  # who is named signs for that and for nothing beside it
    roles = document.type.signing_roles(purpose)
    if purpose == Purpose.ACKNOWLEDGED and not document.slots:
        roles -= document.type.approvers  # they approve it
    sites = site_ids(user, roles)
    return sites is None or document.site_id in sites


def purposes_open(document: IssuedDocument, user: User, given: Sequence[Signature]) -> list[str]:
    """What the user may still sign the document for, of which these are the signatures."""
    mine = {one.purpose for one in given if one.user_id == user.pk}
    barred = mine | (APART if mine & APART else set()) | _taken(document, given)
    if mine:  # a name stands on it once, unless the document names the person for more
        barred |= _not_named(document, user)
    return [one for one in Purpose.values if one not in barred and _is_for(document, user, one)]


def _not_named(document: IssuedDocument, user: User) -> set[str]:
    """What a document that names its signers does not name the user for."""
    if not document.slots:
        return set()
    return set(Purpose.values) - {one["purpose"] for one in document.slots if one["user_id"] == user.pk}


def names_nobody(document: IssuedDocument) -> bool:
    """Whether its kind names its signers, and it was issued before that: roles sign, and there is no sheet."""
    return document.type is not None and document.type.countersigned and not document.slots


def sheet_of(document: IssuedDocument) -> IssuedDocument | None:
    """The sheet with its signatures; None while somebody still has to sign, and of what names nobody."""
    if not document.slots or document.is_sheet:
        return None
    rows = IssuedDocument.objects.filter(subject_type=document._meta.label_lower, subject_id=str(document.pk))
    return rows.defer("data").order_by("-pk").first()


def signed_by(sheet: IssuedDocument) -> IssuedDocument | None:
    """The document whose signatures this sheet bears."""
    return IssuedDocument.objects.filter(pk=sheet.subject_id).defer("data").first() if sheet.is_sheet else None


def signatures_settle(*, now: datetime) -> tuple[int, int]:
    """Beat: what is owed follows who can sign, and the sheet that nobody is awaited for any more is issued.

    Of each document in a transaction of its own; returns of how many something was done, and with how many it failed.
    """
    kinds = [one.code for one in types.countersigned()]
    sheets = IssuedDocument.objects.filter(
        subject_type=IssuedDocument._meta.label_lower, subject_id=Cast(OuterRef("pk"), CharField())
    )
    rows = IssuedDocument.objects.filter(type_code__in=kinds, status=Status.VALID).exclude(slots=[])
    did = parked = 0
    for pk in worth_a_look(dict(rows.exclude(Exists(sheets)).order_by("pk").values_list("pk", "slots"))):
        try:
            did += _settle(pk, now=now)
        except (OperationalError, InterfaceError):  # the database, not the row: the next run takes it up
            raise
        except Exception:  # never stops the others; tried again by the next run
            logger.exception("signatures of document %s", pk)
            parked += 1
    return did, parked


@transaction.atomic
def _settle(document_id: int, *, now: datetime) -> bool:
    rows = IssuedDocument.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    document = rows.select_related("site").filter(pk=document_id, status=Status.VALID).first()
    if document is None or sheet_of(document) is not None:
        return False
    given = list(document.signatures.all())
    if signatures_ask(document, given, actor=BEAT, now=now):
        return True
    named = {(one["user_id"], one["purpose"]) for one in document.slots}
    if awaited(document, given) or not any((one.user_id, one.purpose) in named for one in given):
        return False
    if lapsed_since(document, given, now - PATIENCE, now=now):
        return False
    _issue_sheet(document, given, actor=BEAT, now=now)
    return True


def _issue_sheet(document: IssuedDocument, given: Given, *, actor: Actor, now: datetime) -> IssuedDocument:
    """Its series before the ledger: the entry of the signature follows."""
    assert document.type is not None
    kind = document.type.sheet
    with translation.override(document.language):
        title = _("Signature sheet")
    return document_issue(
        type=kind, site=document.site, subject=document, title=title, data=_body(document, given),
        language=document.language, actor=actor, now=now, slots=[Signer(**one) for one in document.slots],
        period=(document.period_from, document.period_to) if document.period_from and document.period_to else None,
    )  # fmt: skip


def _body(document: IssuedDocument, given: Given) -> dict[str, Any]:
    zone = document.site.zone if document.site else JAKARTA
    with translation.override(document.language):
        rows = [
            {"purpose": str(Purpose(one.purpose).label), "name": one.name, "position": one.position,
             "at": instant(one.signed_at if isinstance(one, Signature) else one.at, zone)}
            for one in given
        ]  # fmt: skip
        on_paper = unsigned(document, given)  # who has no account, or cannot sign here any more
        facts = [
            (_("Document"), document.title), (_("Number"), document.full_number),
            (_("Issued"), f"{instant(document.issued_at, zone)} · {document.issuer}"),
            ("SHA-256", document.sha256), (_("Verify at"), verification_url(document.code)),
        ]  # fmt: skip
        return {
            "opening": _(
                "The people below have signed the document named here. They signed the file with this SHA-256 and no"
                " other: it stays valid as it was issued, and this sheet belongs to it."
            ),
            "facts": [{"label": label, "value": value} for label, value in facts],
            "columns": [_("Signed as"), _("Name"), _("Position"), _("Signed electronically, password entered again")],
            "rows": rows,
            "paper": [
                {"purpose": str(Purpose(one.purpose).label), "name": one.name, "position": one.position}
                for one in on_paper
            ],
            "paper_title": _("Signs on paper"),
        }
