"""Signing what is issued already, and the signature sheet (lembar pengesahan) that bears it on paper.

Who signs for what: whom the document names (`slots`), each once; where it names nobody, what
somebody prepared, checked or approved is signed for once, by a role that its kind gives this to. Whoever reads it may
acknowledge it.

The issued file stays as it is: it is what they signed. When the last of those named has signed, a sheet is issued
beside it: docs/decisions/2026-11-30-signature-sheets.md. Who cannot sign here any more is not waited for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from occ.documents.choices import APART, Purpose, Status
from occ.documents.models import IssuedDocument, Signature
from occ.documents.services import document_issue, instant, verification_url
from occ.documents.signing import Signer, Signing, apart_check, may_sign, signature_add, signing_confirm
from occ.errors import Invalid, NotAllowed, WrongState
from occ.people.models import User
from occ.people.scope import roles_know, site_ids
from occ.times import JAKARTA


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
        _check(document, user, purpose, given)
        if sheet_of(document) is None and (was := awaited(document, given)):
            mine = Signature(user=user, purpose=purpose)
            if not awaited(document, [*given, mine]) and any(one.user_id == user.pk for one in was):
                _issue_sheet(document, [*given, signing], actor=user, now=now)
        return signature_add(document=document, signing=signing, actor=user, on_paper=False, now=now)


def _check(document: IssuedDocument, user: User, purpose: str, given: Sequence[Signature]) -> None:
    if document.status != Status.VALID:
        raise WrongState(_("Only a valid document can be signed."))
    if any((one.user_id, one.purpose) == (user.pk, purpose) for one in given):
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
    if purpose == Purpose.ACKNOWLEDGED and any(one["user_id"] == user.pk for one in document.slots):
        return True
    roles = document.type.signing_roles(purpose)
    if purpose == Purpose.ACKNOWLEDGED and not document.slots:
        roles -= document.type.approvers  # they approve it
    sites = site_ids(user, roles)
    return sites is None or document.site_id in sites


def purposes_open(document: IssuedDocument, user: User, given: Sequence[Signature]) -> list[str]:
    """What the user may still sign the document for, of which these are the signatures."""
    mine = {one.purpose for one in given if one.user_id == user.pk}
    barred = mine | (APART if mine & APART else set()) | _taken(document, given)
    return [one for one in Purpose.values if one not in barred and _is_for(document, user, one)]


def awaited(document: IssuedDocument, given: Sequence[Signature]) -> list[Signer]:
    """Whom the document names and who have not signed it; those who sign on paper are not waited for here.

    Nobody signs a sheet: it names whom its document names, and bears what they signed.
    """
    missing = [] if document.is_sheet else _unsigned(document, given)
    users = list(User.objects.filter(pk__in=[one.user_id for one in missing if one.user_id is not None]))
    roles_know(users)
    able = {one.pk for one in users if may_sign(one)}
    return [one for one in missing if one.user_id in able]


def _unsigned(document: IssuedDocument, given: Sequence[Signature | Signing]) -> list[Signer]:
    done = {(one.user_id, one.purpose) for one in given}
    return [one for one in (Signer(**slot) for slot in document.slots) if (one.user_id, one.purpose) not in done]


def sheet_of(document: IssuedDocument) -> IssuedDocument | None:
    """The sheet with its signatures; None while somebody still has to sign, and of what names nobody."""
    if not document.slots or document.is_sheet:
        return None
    rows = IssuedDocument.objects.filter(subject_type=document._meta.label_lower, subject_id=str(document.pk))
    return rows.defer("data").order_by("-pk").first()


def signed_by(sheet: IssuedDocument) -> IssuedDocument | None:
    """The document whose signatures this sheet bears."""
    return IssuedDocument.objects.filter(pk=sheet.subject_id).defer("data").first() if sheet.is_sheet else None


def _issue_sheet(
    document: IssuedDocument, given: Sequence[Signature | Signing], *, actor: User, now: datetime
) -> IssuedDocument:
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


def _body(document: IssuedDocument, given: Sequence[Signature | Signing]) -> dict[str, Any]:
    zone = document.site.zone if document.site else JAKARTA
    with translation.override(document.language):
        rows = [
            {"purpose": str(Purpose(one.purpose).label), "name": one.name, "position": one.position,
             "at": instant(one.signed_at if isinstance(one, Signature) else one.at, zone)}
            for one in given
        ]  # fmt: skip
        on_paper = _unsigned(document, given)  # who has no account, or cannot sign here any more
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
