"""The kinds of document that OCC issues, registered by the apps that issue them (in `AppConfig.ready`).

A type stays registered as long as one of its documents is kept: the register shows no document of an unknown type.
Where the procedure gives no value (SOP-UID has no document code and no effective date) the type has none, and the
document's head leaves it out.
"""

from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise

from occ.people.choices import Role

# Who reads every kind of document of their site: the register is what they work with, or what they audit.
OVERSIGHT = frozenset(
    {Role.DOCUMENT_CONTROL, Role.AUDITOR, Role.QMR, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER}
)


@dataclass(frozen=True, kw_only=True)
class DocumentType:
    """`code` begins the number; `template` is a Typst file that imports `/frame.typ`; `owner` is the "penanggung
    jawab" of the procedure; `readers` read it beside OVERSIGHT, or instead of it when `restricted` (Document Control
    and auditors still do), or nobody but them and the owner when `confidential`."""

    code: str
    title: Promise
    procedure: str
    clause: str
    owner: Role
    template: Path
    sop_code: str = ""
    sop_revision: str = ""
    sop_effective: str = ""
    readers: frozenset[Role] = frozenset()
    restricted: bool = False
    confidential: bool = False

    @property
    def retention_policy(self) -> str:
        """Key of the policy that holds its masa simpan in years."""
        return f"documents.retention.{self.code}"

    @property
    def reading_roles(self) -> frozenset[Role]:
        if self.confidential:
            return self.readers | {self.owner}
        everybody = frozenset({Role.DOCUMENT_CONTROL, Role.AUDITOR}) if self.restricted else OVERSIGHT
        return everybody | self.readers | {self.owner}


_types: dict[str, DocumentType] = {}


def register(document_type: DocumentType) -> DocumentType:
    """Make the type known. Raises ValueError when another one has the code already."""
    known = _types.setdefault(document_type.code, document_type)
    if known is not document_type and known != document_type:
        raise ValueError(f"two document types have the code {document_type.code}")
    return document_type


def get(code: str) -> DocumentType | None:
    return _types.get(code)


def all_types() -> list[DocumentType]:
    return sorted(_types.values(), key=lambda one: one.code)
