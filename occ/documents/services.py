"""Issuing, revising and destroying documents.

Lock order: the superseded document (a revision only), what is owed of it, the series row, and last the ledger's lock,
which the entry takes when everything else is done. The series row is held while the file is rendered, because the
number stands on every page: some tenths of a second for a form, seconds for a logbook of 10 000 rows, which belongs in
a task. It is processor time on this machine and never the network. Documents of other types, sites and years do not
wait.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.documents import files
from occ.documents.awaiting import duties_lock, signatures_ask, signatures_drop
from occ.documents.choices import APART, Purpose, Status
from occ.documents.models import Attachment, IssuedDocument, Series
from occ.documents.rendering import render, storable
from occ.documents.sealing import sealed
from occ.documents.signing import Signer, Signing, apart_check, signature_add
from occ.documents.types import DocumentType
from occ.errors import Invalid, WrongState
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.models import Site, User
from occ.policies.services import policy_value
from occ.times import JAKARTA, local_day

ALL_SITES = "ALL"
# Crockford's base 32: no letter that is taken for another; 26 of them are 130 bits.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
CODE_LENGTH = 26


def document_number(type_code: str, site: Site | None, year: int, sequence: int) -> str:
    return f"{type_code}/{site.code if site else ALL_SITES}/{year}/{sequence:06}"


def kept_until(issued_on: date, years: int) -> date:
    """The last day of the masa simpan; what was issued on 29 February is kept to 1 March."""
    try:
        return issued_on.replace(year=issued_on.year + years)
    except ValueError:
        return date(issued_on.year + years, 3, 1)


def retention_years(document_type: DocumentType, *, site: Site | None, at: datetime) -> int:
    value = policy_value(document_type.retention_policy, at=at, site=site)
    return int(value["years"] if isinstance(value, dict) else value)


def verification_url(code: str) -> str:
    return f"{settings.BASE_URL.rstrip('/')}/verify/{code}/"


@transaction.atomic
def document_issue(
    *,
    type: DocumentType,
    site: Site | None,
    subject: models.Model | None,
    title: str,
    data: dict[str, Any],
    language: str,
    actor: Actor,
    now: datetime,
    period: tuple[date, date] | None = None,
    signatures: Sequence[Signing] = (),
    slots: Sequence[Signer] = (),
) -> IssuedDocument:
    """Issue a document under the next number of its type, site and year.

    `data` is the template's body, JSON-able, in `language`; it is frozen in the row. `slots`: who signs it afterwards
    (countersigning.py). The caller has checked that the actor may issue it. Raises Invalid (also: one person in two
    roles); nothing is issued then and no number is used.
    """
    apart_check([(one.user_id, one.purpose) for one in signatures])
    year = local_day(now, site.zone if site else JAKARTA).year
    series = _locked_series(type.code, site, year)
    series.last_number += 1
    series.save(update_fields=["last_number"])
    document = IssuedDocument(
        type_code=type.code,
        site=site,
        year=year,
        sequence=series.last_number,
        number=document_number(type.code, site, year, series.last_number),
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        owner_role=type.owner,
        slots=[asdict(one) for one in slots],
    )
    return _publish(document, type, title, data, language, actor, now, period, signatures)


@transaction.atomic
def document_revise(
    *,
    document_id: int,
    type: DocumentType,
    title: str,
    data: dict[str, Any],
    language: str,
    reason: str,
    actor: Actor,
    now: datetime,
    period: tuple[date, date] | None = None,
    signatures: Sequence[Signing] = (),
) -> IssuedDocument:
    """Issue the next revision under the same number; the present one stays, marked as superseded.

    Signatures of the present one may be repeated, as they were given (a letter, and then the same with its receipt);
    all together are of different persons, as on the first issue. Raises Invalid (no reason; one person in two roles; a
    signature from before the present revision that is not on it), WrongState (not the present revision, or destroyed).
    """
    if not reason.strip():
        raise Invalid(_("Say why the document is revised."), field="reason")
    old = IssuedDocument.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=document_id)
    if old.status != Status.VALID:
        raise WrongState(_("Only the valid revision can be revised."))
    repeated = _repeated(old, signatures)
    old.status, old.superseded_at = Status.SUPERSEDED, now
    old.save(update_fields=["status", "superseded_at"])
    duties = duties_lock(old)
    kept = ["type_code", "site", "year", "sequence", "number", "subject_type", "subject_id", "owner_role", "slots"]
    document = IssuedDocument(
        revision=old.revision + 1, supersedes=old, reason=reason, **{field: getattr(old, field) for field in kept}
    )
    _publish(document, type, title, data, language, actor, now, period, signatures, repeated)
    signatures_drop(old, duties, actor=actor, now=now)
    return document


def _repeated(old: IssuedDocument, signatures: Sequence[Signing]) -> set[Signing]:
    """Those that stand on the present revision already. Raises Invalid."""
    standing = set(old.signatures.values_list("user_id", "purpose", "signed_at"))
    repeated = {one for one in signatures if (one.user_id, one.purpose, one.at) in standing}
    fresh = [one for one in signatures if one not in repeated]
    if any(one.purpose in APART for one in fresh):  # what stands there was asked when it was given
        apart_check([(one.user_id, one.purpose) for one in signatures])
    if any(one.at < old.issued_at for one in fresh):
        raise Invalid(_("It was signed before the present revision was issued: sign it anew."), field="signatures")
    return repeated


def _locked_series(type_code: str, site: Site | None, year: int) -> Series:
    """The series row, made when missing, held to the end of the transaction."""
    Series.objects.bulk_create([Series(type_code=type_code, site=site, year=year)], ignore_conflicts=True)
    return Series.objects.select_for_update(no_key=True).get(type_code=type_code, site=site, year=year)


def _publish(
    document: IssuedDocument,
    type: DocumentType,
    title: str,
    data: dict[str, Any],
    language: str,
    actor: Actor,
    now: datetime,
    period: tuple[date, date] | None,
    signatures: Sequence[Signing],
    repeated: Collection[Signing] = (),
) -> IssuedDocument:
    """Render, write the file, the row, the signatures and the ledger entry."""
    if language not in dict(settings.LANGUAGES):
        raise Invalid(_("Documents are issued in Indonesian or English."), field="language")
    issued_on = local_day(now, document.site.zone if document.site else JAKARTA)
    document.title, document.data, document.language = title[:200], storable(data), language
    document.period_from, document.period_to = period or (None, None)
    document.code = "".join(secrets.choice(ALPHABET) for _n in range(CODE_LENGTH))
    document.issued_at, document.issued_by_label = now, str(actor)[:150]
    document.issued_by = actor if isinstance(actor, User) else None
    document.expires_on = kept_until(issued_on, retention_years(type, site=document.site, at=now))
    pdf = render(template=type.template, frame=_frame(document, type, signatures), body=document.data, issued_at=now)
    pdf, document.sealed_by = sealed(pdf, reason=document.full_number, now=now)
    document.file = f"{type.code}/{document.year}/{document.code}.pdf"
    document.sha256, document.size = files.put("documents", document.file, [pdf])
    document.save(force_insert=True)
    signatures_ask(document, signatures, actor=actor, now=now)
    for signing in signatures:
        again = signing in repeated
        signature_add(document=document, signing=signing, actor=actor, on_paper=True, now=now, repeated=again)
    facts = {"number": document.full_number, "sha256": document.sha256, "size": document.size, "title": document.title}
    action = "document.revised" if document.revision else "document.issued"
    record(actor=actor, action=action, subject=document, data=facts, now=now, site=document.site)
    return document


def document_preview(
    *, type: DocumentType, site: Site | None, title: str, data: dict[str, Any], language: str,
    signers: Sequence[Signer], actor: Actor, now: datetime,
) -> bytes:  # fmt: skip
    """The PDF as it would be issued, marked as a draft on every page: no number, no verification, nothing is kept.

    `signers`: who would sign it when it is issued.
    """
    document = IssuedDocument(type_code=type.code, site=site, title=title[:200], language=language, issued_at=now)
    document.issued_by_label = str(actor)[:150]
    frame = _frame(document, type, ())
    with translation.override(language):
        frame |= {"draft": _("DRAFT"), "number": _("DRAFT: not issued"), "verify_url": settings.BASE_URL}
        frame["signatures"] = [
            {"purpose": str(Purpose(one.purpose).label), "name": one.name, "position": one.position, "signed_at": None}
            for one in signers
        ]
    return render(template=type.template, frame=frame, body=storable(data), issued_at=now)


def instant(at: datetime, zone: ZoneInfo) -> str:
    """As it is printed, in the language that is active."""
    local = at.astimezone(zone)
    return f"{date_format(local, 'j F Y')} {local:%H:%M} {local.tzname()}"


def _frame(document: IssuedDocument, type: DocumentType, signatures: Sequence[Signing]) -> dict[str, Any]:
    """What the frame prints on every page, in the document's language."""
    zone = document.site.zone if document.site else JAKARTA
    with translation.override(document.language):
        return {
            "language": document.language,
            "organisation": getattr(settings, "ORGANISATION", "Contact Center PT Pegadaian"),
            "title": document.title,
            "number": document.full_number,
            "issued": f"{instant(document.issued_at, zone)} · {document.issuer}",
            "verify_url": verification_url(document.code),
            "procedure": {
                "title": type.procedure,
                "clause": type.clause,
                "code": type.sop_code,
                "revision": type.sop_revision,
                "effective": type.sop_effective,
            },
            "labels": {
                "sop_code": _("Document code"),
                "sop_revision": _("Revision"),
                "sop_effective": _("Effective date"),
                "page": _("Page"),
                "page_of": _("page %x of %y"),
                "number": _("No."),
                "issued": _("Issued"),
                "verify": _("Verify at"),
                "signed": _("Signed electronically,"),
            },
            "signatures": [
                {
                    "purpose": str(Purpose(one.purpose).label),
                    "name": one.name,
                    "position": one.position,
                    "signed_at": instant(one.at, zone),
                }
                for one in signatures
            ],
        }


@transaction.atomic
def document_destroy(*, document_id: int, note: str, by: User | None, actor: Actor, now: datetime) -> IssuedDocument:
    """Write down that a document is destroyed: its data go, its row, hash, signatures and ledger entries stay.

    For the disposal, which has the approval and has deleted the file before. The database asks for that approval, also
    of whoever calls this (a trigger of the retention module). Raises WrongState, Invalid (no note).
    """
    document = (
        IssuedDocument.objects.select_for_update(of=("self",), no_key=True).select_related("site").get(pk=document_id)
    )
    if not note.strip():
        raise Invalid(_("Say how and why it is destroyed."), field="note")
    if document.status == Status.DESTROYED:
        raise WrongState(_("This document is destroyed already."))
    if local_day(now, document.site.zone if document.site else JAKARTA) <= document.expires_on:
        raise WrongState(_("It must still be kept."))
    document.status, document.destroyed_at, document.destroyed_by = Status.DESTROYED, now, by
    document.destruction_note, document.data = note[:300], {}
    document.save(update_fields=["status", "destroyed_at", "destroyed_by", "destruction_note", "data"])
    signatures_drop(document, duties_lock(document), actor=actor, now=now)
    facts = {"number": document.full_number, "sha256": document.sha256, "note": note}
    record(actor=actor, action="document.destroyed", subject=document, data=facts, now=now, site=document.site)
    return document


def files_sweep(*, now: datetime) -> int:
    """Remove files that no row names (an issue that was killed or refused) or whose document was destroyed."""
    count = 0
    for name in files.stale("documents", "", now=now):
        if not IssuedDocument.objects.filter(file=name).exclude(status=Status.DESTROYED).exists():
            files.remove("documents", name)
            count += 1
    for name in files.stale("default", "attachments", now=now):
        if not Attachment.objects.filter(file=name).exists():
            files.remove("default", name)
            count += 1
    return count
