"""manifest.json: what a backup holds, so that what is missing, damaged or of another installation is noticed."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from occ.home.backup.programs import BackupRefused

FORMAT = 1
MANIFEST, SIGNATURE, DATABASE, FILES = "manifest.json", "manifest.hmac", "database.dump", "files.jsonl"
PARTIAL = ".partial"


@dataclass(frozen=True)
class Kept:
    """A file of a storage: its bytes lie in the backup under files/<storage>/<name>."""

    storage: str
    name: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        return f"files/{self.storage}/{self.name}"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keys() -> dict[str, list[str]]:
    """The secrets that a restored installation must have again, by name."""
    encryption = os.environ.get("ENCRYPTION_KEYS", "").split(",")
    return {"SECRET_KEY": [settings.SECRET_KEY], "ENCRYPTION_KEYS": [key.strip() for key in encryption if key.strip()]}


def fingerprint(key: str, salt: str) -> str:
    return hashlib.scrypt(key.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=16).hex()


def fingerprints() -> dict[str, Any]:
    salt = secrets.token_hex(16)
    return {"salt": salt} | {name: [fingerprint(key, salt) for key in values] for name, values in keys().items()}


def check_keys(kept: dict[str, Any]) -> None:
    """Raises BackupRefused when a key that the backup was made with is not here."""
    for name, values in keys().items():
        here = {fingerprint(key, kept["salt"]) for key in values}
        if not set(kept.get(name, [])) <= here:
            raise BackupRefused(
                f"{name} is not the one that this backup was made with: nothing it protects could be read or verified"
            )


def signature(content: bytes) -> str:
    key = hashlib.sha256(b"occ.backup" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def write(folder: Path, facts: dict[str, Any]) -> None:
    content = json.dumps({"format": FORMAT} | facts, indent=1, sort_keys=True).encode() + b"\n"
    write_synced(folder / MANIFEST, content)
    write_synced(folder / SIGNATURE, signature(content).encode() + b"\n")


def read(folder: Path) -> dict[str, Any]:
    """The manifest, if it is whole, of a finished backup, and of an installation with these keys."""
    if folder.name.endswith(PARTIAL):
        raise BackupRefused(f"{folder} is a backup that was never finished")
    try:
        content, signed = (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_text().strip()
        facts: dict[str, Any] = json.loads(content)
        if facts["format"] != FORMAT:
            raise BackupRefused(f"{folder}: a backup of format {facts['format']}; this version reads {FORMAT}")
        check_keys(facts["keys"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{folder} holds no whole backup: {MANIFEST} or {SIGNATURE} cannot be read") from error
    if not hmac.compare_digest(signature(content), signed):
        raise BackupRefused(f"{folder / MANIFEST} was changed after the backup was made")
    return facts


def check_part(folder: Path, name: str, kept: dict[str, Any]) -> None:
    path = folder / name
    if not path.is_file() or path.stat().st_size != kept["size"]:
        raise BackupRefused(f"{path} is missing or cut short")
    if sha256_of(path) != kept["sha256"]:
        raise BackupRefused(f"{path} is damaged")


def files_of(folder: Path) -> Iterator[Kept]:
    with (folder / FILES).open() as lines:
        for line in lines:
            yield Kept(**json.loads(line))


def line_of(kept: Kept) -> str:
    return json.dumps(asdict(kept), ensure_ascii=False) + "\n"


def write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_directories(folder: Path) -> None:
    """So that after a power failure the names are there too, and not only the bytes."""
    for directory, _folders, _names in os.walk(folder, topdown=False):
        sync_directory(Path(directory))


def sync_directory(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
