"""What becomes of a finding: people resolve it or answer for it, a run sees it go or come back."""

from django.utils.translation import gettext_lazy as _

from occ.people.actors import SystemActor
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from userids.choices import FindingStatus as F

RECONCILER = SystemActor("reconciliation")
OWNERS = frozenset({Role.TEAM_LEADER, Role.DOCUMENT_CONTROL, Role.IT})
# To leave a difference as it is for a time is no owner's own decision.
ACCEPTERS = frozenset({Role.COORDINATOR, Role.MANAGER})

FINDING = register(
    Flow(
        key="userids.finding",
        clause="SOP-UID 5.3",
        states=F,
        initial=F.OPEN,
        path=(F.OPEN, F.RESOLVED),
        off_path={F.ACCEPTED: F.RESOLVED, F.GONE: F.RESOLVED},
        transitions=(
            transition(
                "resolve", {F.OPEN, F.ACCEPTED}, F.RESOLVED, by=OWNERS, label=_("Mark as resolved"), needs={"evidence"}
            ),
            transition(
                "accept", F.OPEN, F.ACCEPTED, by=ACCEPTERS, label=_("Accept for a time"), needs={"note"}
            ),
            transition("gone", {F.OPEN, F.ACCEPTED, F.RESOLVED}, F.GONE, by={RECONCILER}, label=_("No longer found")),
            transition(
                "reopen", {F.RESOLVED, F.ACCEPTED, F.GONE}, F.OPEN, by={RECONCILER}, label=_("Found again"),
                needs={"note"},
            ),
        ),
    )
)  # fmt: skip
