"""The lines of a disposal list as they are frozen: what is approved is the SHA-256 over them, and nothing else."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from retention.marks import id_mark, path_mark

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


def list_sha256(lines: Iterable[str]) -> str:
    """Over each line and its newline; as the database reckons it (retention_list_sha256)."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()
