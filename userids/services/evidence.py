"""Proof that comes along with a transition: words, files, or both; kept with the request, or not at all."""

from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import models, transaction

from occ.documents.attachments import attachment_add
from occ.people.actors import Actor
from userids.models import DeactivationRequest, ReplacementRequest
from userids.services import deactivations, replacements
from userids.workflow import DEACTIVATION, REPLACEMENT

ALLOWED = ("pdf", "png", "jpg")
FLOWS = {DeactivationRequest: DEACTIVATION, ReplacementRequest: REPLACEMENT}


@transaction.atomic
def transition_make(
    *, request: DeactivationRequest | ReplacementRequest, name: str, text: str = "", file: "File[bytes] | None" = None,
    actor: Actor, now: datetime, **arguments: Any,
) -> models.Model:  # fmt: skip
    """Make the transition `name`; where it needs evidence, keep `text` and `file` (PDF, PNG or JPG) as such.

    KeyError for a transition that there is not. Raises what the transition raises, and FileRefused; then nothing
    is kept.
    """
    services: dict[str, Any] = (
        deactivations.TRANSITIONS if isinstance(request, DeactivationRequest) else replacements.TRANSITIONS
    )
    service = services[name]
    if name == "confirm":
        evidence: dict[str, Any] = {"text": text.strip()} if text.strip() else {}
        if file is not None:
            kept = attachment_add(file=file, subject=request, actor=actor, now=now, purpose="evidence", allowed=ALLOWED)
            evidence |= {"attachment": str(kept.pk), "name": kept.name, "sha256": kept.sha256}
        arguments["evidence"] = evidence
    done: models.Model = service(request_id=request.pk, actor=actor, now=now, **arguments)
    return done
