"""The kinds of document that OCC issues, registered by the apps that issue them (in `AppConfig.ready`).

A type stays registered as long as one of its documents is kept: the register shows no document of an unknown type.
Where the procedure gives no value (SOP-UID has no document code and no effective date) the type has none, and the
document's head leaves it out.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from occ.documents.choices import APART, Purpose
from occ.people.choices import Role

SHEET = Path(__file__).parent / "typst" / "sheet.typ"
# Who reads every kind of document of their site: the register is what they work with, or what they audit.
OVERSIGHT = frozenset(
    {Role.DOCUMENT_CONTROL, Role.AUDITOR, Role.QMR, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER}
)


@dataclass(frozen=True, kw_only=True)
class DocumentType:
    """`code` begins the number; `template` is a Typst file that imports `/frame.typ`; `owner` is the "penanggung
    jawab" of the procedure; `readers` read it beside OVERSIGHT, or instead of it when `restricted` (Document Control
    and auditors still do), or nobody but them and the owner when `confidential`. `approvers` approve
    what is issued already, instead of those who oversee. `countersigned`: people are named at its issue who sign it
    afterwards, and get a signature sheet (countersigning.py), which is a kind of its own, `kept_as` the kind it is of.
    """

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
    approvers: frozenset[Role] = frozenset()
    countersigned: bool = False
    kept_as: str = ""

    @property
    def retention_policy(self) -> str:
        """Key of the policy that holds its masa simpan in years."""
        return f"documents.retention.{self.kept_as or self.code}"

    @property
    def reading_roles(self) -> frozenset[Role]:
        if self.confidential:
            return self.readers | {self.owner}
        everybody = frozenset({Role.DOCUMENT_CONTROL, Role.AUDITOR}) if self.restricted else OVERSIGHT
        return everybody | self.readers | {self.owner}

    def signing_roles(self, purpose: str) -> frozenset[Role]:
        """Who signs it for that when it is issued already and names nobody: what is drawn up, by its owner alone."""
        if purpose == Purpose.ACKNOWLEDGED:
            return self.reading_roles - {Role.AUDITOR}
        if purpose == Purpose.PREPARED:
            return frozenset({self.owner})
        if purpose == Purpose.APPROVED and self.approvers:
            return self.approvers
        return (OVERSIGHT | {self.owner}) - {Role.AUDITOR} if purpose in APART else frozenset()

    @property
    def sheet(self) -> "DocumentType":
        """The kind of its signature sheets: read, and kept, as the document itself."""
        return replace(
            self, code=f"LP-{self.code}", title=format_lazy("{}: {}", _("Signature sheet"), self.title),
            template=SHEET, countersigned=False, kept_as=self.kept_as or self.code,
        )  # fmt: skip


_types: dict[str, DocumentType] = {}


def register(document_type: DocumentType) -> DocumentType:
    """Make the type known. Raises ValueError when another one has the code already."""
    if document_type.countersigned:
        _types.setdefault(document_type.sheet.code, document_type.sheet)
    known = _types.setdefault(document_type.code, document_type)
    if known is not document_type and known != document_type:
        raise ValueError(f"two document types have the code {document_type.code}")
    return document_type


def get(code: str) -> DocumentType | None:
    return _types.get(code)


def countersigned() -> list[DocumentType]:
    """The kinds that name who signs them."""
    return [one for one in all_types() if one.countersigned]


def all_types() -> list[DocumentType]:
    return sorted(_types.values(), key=lambda one: one.code)
