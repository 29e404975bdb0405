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
# Who looks over all listenings and readings: those who read the ledger and conversations, and who answer for both.
READING_AUDITORS = frozenset({Role.AUDITOR, Role.QMR, Role.QUALITY_ASSURANCE, Role.MANAGER, Role.HEAD_MANAGER})
# Who may also take the file away.
DOWNLOADERS = frozenset({Role.COORDINATOR, Role.MANAGER})
# Who sees customers' names and numbers in full.
UNMASKED = frozenset({Role.COORDINATOR, Role.QUALITY_ASSURANCE, Role.MANAGER})
# Who starts backups and deletions (SOP-RET 8.1, steps 5 to 8), has sources scanned and gives records in.
KEEPERS = frozenset({Role.IT})
# Who has a batch read or restored now, to prove its backup (RET-6), beside what runs by itself.
CHECKERS = frozenset({Role.IT, Role.DOCUMENT_CONTROL})
# Who sets up sources and stores, and who sees them.
PLACE_EDITORS = frozenset({Role.IT, Role.ADMINISTRATOR})
PLACE_READERS = CATALOGUE_READERS | {Role.ADMINISTRATOR}
# Who changes how long what is kept; for every site at once.
SCHEDULERS = frozenset({Role.COORDINATOR, Role.MANAGER, Role.ADMINISTRATOR})
ESCALATORS = frozenset({Role.TEAM_LEADER})
# Who lets a record that cannot be backed up go without, or has its file taken as it is now.
WAIVERS = frozenset({Role.COORDINATOR})
# Who confirms, other than who proposed it, that a grave finding is resolved.
FINDING_CONFIRMERS = KEEPERS | {Role.COORDINATOR, Role.MANAGER}
# Who confirms that a backup is lost which Team IT declared lost.
LOSS_DECIDERS = frozenset({Role.MANAGER, Role.HEAD_MANAGER})
PROPOSERS = frozenset({Role.TEAM_LEADER, Role.DOCUMENT_CONTROL})
APPROVERS = frozenset({Role.CLIENT})
# A hold keeps what would be destroyed: better one too many.
HOLDERS = frozenset({Role.COORDINATOR, Role.MANAGER, Role.QMR, Role.DOCUMENT_CONTROL})
REGISTRARS = frozenset({Role.DOCUMENT_CONTROL})
# Who may say that a condition of destruction is met (RET-7); no list is vouched for by one person alone.
SAYERS = {
    "period": frozenset({Role.TEAM_LEADER, Role.DOCUMENT_CONTROL}),
    "operation": frozenset({Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER}),
    "client": frozenset({Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER}),
    "law": frozenset({Role.DOCUMENT_CONTROL, Role.QMR, Role.MANAGER}),
    "case": frozenset({Role.DOCUMENT_CONTROL, Role.COORDINATOR, Role.QMR, Role.MANAGER}),
}
