"""Attachments: files that people bring as evidence. Who may see the subject may see its attachments."""

import uuid
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.files.base import File
from django.db import models, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from occ.documents import files
from occ.documents.models import Attachment
from occ.documents.pdf import LIMIT as LIMIT
from occ.documents.pdf import FileRefused as FileRefused
from occ.documents.pdf import pdf_check
from occ.documents.sniffing import TYPES, clean_name, ending, sniff
from occ.ledger.services import record
from occ.people.actors import Actor
from occ.people.models import User

Visibility = Callable[[User, str], bool]
_visibility: dict[str, Visibility] = {}


def register_visibility(model: type[models.Model], function: Visibility) -> None:
    """Let `function(user, pk)` decide who sees the attachments of a model that has no `objects.visible_to`."""
    _visibility[model._meta.label_lower] = function


def attachment_visible(attachment: Attachment, user: User) -> bool:
    if function := _visibility.get(attachment.subject_type):
        return function(user, attachment.subject_id)
    manager: Any = apps.get_model(attachment.subject_type)._default_manager
    if not hasattr(manager, "visible_to"):
        return False
    return bool(manager.visible_to(user).filter(pk=attachment.subject_id).exists())


def attachments_of(subject: models.Model) -> models.QuerySet[Attachment]:
    return Attachment.objects.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))


@transaction.atomic
def attachment_add(
    *,
    file: "File[bytes]",
    subject: models.Model,
    actor: Actor,
    now: datetime,
    purpose: str = "",
    allowed: Collection[str] = tuple(TYPES),
) -> Attachment:
    """Keep a file with its subject. Raises FileRefused: empty, too big, type not allowed, name and content differ, a
    PDF that cannot be read.

    The caller has checked that the actor may change the subject.
    """
    limit = getattr(settings, "ATTACHMENT_LIMIT", LIMIT)
    if not file.size:
        raise FileRefused(_("The file is empty."), field="file")
    if file.size > limit:
        raise FileRefused(_("The file is larger than %(limit)s MiB.") % {"limit": limit // 2**20}, field="file")
    found, name = sniff(file), file.name or "file"  # type: ignore[arg-type]
    claimed = ending(name)
    if found is None and claimed in allowed:
        words = _("The file's name ends in .%(name)s, but it is damaged, or something else. Save or scan it anew.")
        raise FileRefused(words % {"name": claimed}, field="file")
    if found is None or (found.kind not in allowed and claimed not in allowed):
        kinds = ", ".join(kind.upper() for kind in allowed)
        raise FileRefused(
            _("This kind of file is not taken. Send one of these: %(kinds)s.") % {"kinds": kinds}, field="file"
        )
    if found.kind not in allowed or claimed not in {"", found.kind}:
        raise FileRefused(
            _("The file's name ends in .%(name)s, but it is a %(kind)s file.")
            % {"name": claimed, "kind": found.kind.upper()},
            field="file",
        )
    if found.kind == "pdf":
        pdf_check(file)
    pk = uuid.uuid4()
    path = f"attachments/{now:%Y}/{pk.hex}"
    sha256, size = files.put("default", path, file.chunks())
    attachment = Attachment.objects.create(
        id=pk,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        purpose=purpose[:40],
        name=clean_name(name, found.kind),
        content_type=found.content_type,
        file=path,
        sha256=sha256,
        size=size,
        uploaded_at=now,
        uploaded_by=actor if isinstance(actor, User) else None,
        uploaded_by_label=str(actor)[:150],
    )
    data = {"attachment": str(pk), "name": attachment.name, "sha256": sha256, "size": size, "purpose": purpose}
    record(actor=actor, action="attachment.added", subject=subject, data=data, now=now)
    return attachment


def get_attachment(user: User, pk: uuid.UUID) -> Attachment:
    """The attachment if its subject may be seen, else 404."""
    attachment = Attachment.objects.filter(pk=pk).first()
    if attachment is None or not attachment_visible(attachment, user):
        raise Http404
    return attachment
