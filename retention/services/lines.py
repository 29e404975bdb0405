"""The lines of a disposal list as they are frozen: what is approved is the SHA-256 over them, and nothing else."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from occ.documents.models import IssuedDocument
from retention.marks import id_mark, path_mark
from retention.models import Entry

LONGEST = 600  # what the column holds
# What a line is made of, as Record's fields.
FIELDS = ("pk", "source__code", "external_id", "kind", "ended_at", "size", "sha256", "path")


def line_of(
    pk: int, source: str, external_id: str, kind: str, ended_at: datetime, size: int, sha256: str, path: str
) -> str:  # fmt: skip
    """Canonical JSON of a record: the same for the same record for ever, another one when anything of it changes.

    ID and path are in it as hashes: a line is kept when its record is destroyed, and they may hold the customer's
    number; and none is too long.
    """
    ended = ended_at.astimezone(UTC).isoformat(timespec="seconds")
    facts = [pk, source, id_mark(source, external_id), kind, ended, size, sha256, path_mark(source, path)]
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def line_of_document(one: IssuedDocument) -> str:
    """Canonical JSON of an issued document; its status is in it, so that a revision since makes it another one."""
    issued = one.issued_at.astimezone(UTC).isoformat(timespec="seconds")
    facts = ["document", one.pk, one.full_number, one.type_code, one.status, issued, one.expires_on.isoformat(),
             one.size, one.sha256, one.file]  # fmt: skip
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def line_of_entry(one: Entry) -> str:
    """Canonical JSON of a document entered by hand; long words stand in it as their hash."""
    kept = [one.medium, one.classification, one.copies, one.quantity, one.issued_on.isoformat(),
            one.expires_on.isoformat()]  # fmt: skip
    words = [one.title, one.place]
    line = json.dumps(
        ["entry", one.pk, one.site_id, one.number, *words, *kept], ensure_ascii=False, separators=(",", ":")
    )
    if len(line) <= LONGEST:
        return line
    hashed = [hashlib.sha256(word.encode()).hexdigest() for word in words]
    return json.dumps(
        ["entry", one.pk, one.site_id, one.number, *hashed, *kept], ensure_ascii=False, separators=(",", ":")
    )


def list_sha256(lines: Iterable[str]) -> str:
    """Over each line and its newline; as the database reckons it (retention_list_sha256)."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()
