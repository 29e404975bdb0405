"""Who may do what with conversations: they are customers' words."""

from occ.people.choices import Role

# Who sees the catalogue, batches and their figures; nobody of them hears a word by it.
CATALOGUE_READERS = frozenset(
    {
        Role.TEAM_LEADER, Role.COORDINATOR, Role.IT, Role.DOCUMENT_CONTROL, Role.QUALITY_CONTROL,
        Role.QUALITY_ASSURANCE, Role.MANAGER, Role.HEAD_MANAGER, Role.QMR, Role.AUDITOR, Role.SUPPORT,
    }
)  # fmt: skip
# Who may listen and read, each time with a purpose that is kept.
LISTENERS = frozenset(
    {Role.TEAM_LEADER, Role.COORDINATOR, Role.QUALITY_CONTROL, Role.QUALITY_ASSURANCE, Role.MANAGER, Role.AUDITOR}
)
# Who may also take the file away.
DOWNLOADERS = frozenset({Role.COORDINATOR, Role.MANAGER})
# Who sees customers' names and numbers in full.
UNMASKED = frozenset({Role.COORDINATOR, Role.QUALITY_ASSURANCE, Role.MANAGER})
# Who sets up sources and stores, and starts backups and deletions (SOP-RET 8.1, steps 5 to 8).
KEEPERS = frozenset({Role.IT})
ESCALATORS = frozenset({Role.TEAM_LEADER})
PROPOSERS = frozenset({Role.TEAM_LEADER, Role.DOCUMENT_CONTROL})
APPROVERS = frozenset({Role.CLIENT})
# A hold keeps what would be destroyed: better one too many.
HOLDERS = frozenset({Role.COORDINATOR, Role.MANAGER, Role.QMR, Role.DOCUMENT_CONTROL})
REGISTRARS = frozenset({Role.DOCUMENT_CONTROL})
