"""The processes of SOP-RET 8.1: backup (steps 1, 2, 5, 6); destruction (3, 4, 7 to 9), both ways of "Disetujui?"."""

from django.utils.translation import gettext_lazy as _

from occ.people.actors import BEAT, SystemActor
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from retention.choices import STANDING
from retention.choices import BatchStatus as B
from retention.choices import FindingStatus as F
from retention.choices import LossStatus as L
from retention.choices import ProposalStatus as P
from retention.personal import APPROVERS, ESCALATORS, FINDING_CONFIRMERS, KEEPERS, LOSS_DECIDERS, PROPOSERS

BACKUP = SystemActor("backup")
CHECKER = SystemActor("checker")
DISPOSER = SystemActor("disposer")

BATCH = register(
    Flow(
        key="retention.batch",
        clause="SOP-RET 8.1",
        states=B,
        initial=B.GATHERING,
        path=(B.GATHERING, B.ESCALATED, B.RUNNING, B.COMPLETE),
        off_path={B.INCOMPLETE: B.RUNNING},
        transitions=(
            transition(
                "escalate", B.GATHERING, B.ESCALATED, by={*ESCALATORS, BEAT}, label=_("Escalate to Team IT")
            ),
            transition(
                "start", {B.ESCALATED, B.INCOMPLETE}, B.RUNNING, by={*KEEPERS, BEAT}, label=_("Start the backup")
            ),
            transition(
                "stop", B.RUNNING, B.INCOMPLETE, by={BACKUP}, label=_("Left incomplete"), needs={"note"}
            ),
            transition("complete", B.RUNNING, B.COMPLETE, by={BACKUP}, label=_("All backed up")),
        ),
    )
)  # fmt: skip

PROPOSAL = register(
    Flow(
        key="retention.proposal",
        clause="SOP-RET 8.1",
        states=P,
        initial=P.DRAFT,
        path=(P.DRAFT, P.WITH_CLIENT, P.APPROVED, P.EXECUTING, P.DESTROYED, P.CLOSED),
        off_path={P.REFUSED: P.WITH_CLIENT, P.PARTIAL: P.EXECUTING, P.WITHDRAWN: P.DRAFT, P.VOID: P.WITH_CLIENT},
        transitions=(
            transition("submit", P.DRAFT, P.WITH_CLIENT, by=PROPOSERS, label=_("Put before the client")),
            transition(
                "withdraw", {P.DRAFT, P.WITH_CLIENT}, P.WITHDRAWN, by={*PROPOSERS, Role.COORDINATOR},
                label=_("Withdraw"), needs={"note"},
            ),
            transition("approve", P.WITH_CLIENT, P.APPROVED, by=APPROVERS, label=_("Approve")),
            transition("refuse", P.WITH_CLIENT, P.REFUSED, by=APPROVERS, label=_("Refuse"), needs={"note"}),
            transition(
                "recall", P.APPROVED, P.WITHDRAWN, by={*APPROVERS, Role.COORDINATOR}, label=_("Call back"),
                needs={"note"},
            ),
            transition(
                "void", {P.WITH_CLIENT, P.APPROVED, P.EXECUTING}, P.VOID, by={DISPOSER}, label=_("Void"),
                needs={"note"},
            ),
            transition("execute", {P.APPROVED, P.PARTIAL}, P.EXECUTING, by=KEEPERS, label=_("Start the deletion")),
            transition("retry", P.PARTIAL, P.EXECUTING, by={DISPOSER}, label=_("Tried again")),
            transition("stop", P.EXECUTING, P.PARTIAL, by={DISPOSER}, label=_("Partly done"), needs={"note"}),
            transition("finish", P.EXECUTING, P.DESTROYED, by={DISPOSER}, label=_("All deleted")),
            transition(
                "issue", P.DESTROYED, P.CLOSED, by={Role.DOCUMENT_CONTROL}, label=_("Issue the berita acara")
            ),
        ),
    )
)  # fmt: skip

FINDING = register(
    Flow(
        key="retention.finding",
        clause="SOP-RET 7",
        states=F,
        initial=F.OPEN,
        path=(F.OPEN, F.RESOLVED),
        off_path={F.PROPOSED: F.RESOLVED, F.GONE: F.RESOLVED},
        waiting=frozenset({F.PROPOSED}),
        transitions=(
            transition(
                "resolve", F.OPEN, F.RESOLVED, by=KEEPERS, label=_("Mark as resolved"), needs={"evidence"},
                only_for=lambda one: not one.is_grave,
            ),
            # What words settle is settled by two persons, where it is grave.
            transition(
                "propose", F.OPEN, F.PROPOSED, by=KEEPERS, label=_("Propose as resolved"), needs={"evidence"},
                only_for=lambda one: one.is_grave,
            ),
            transition(
                "confirm", F.PROPOSED, F.RESOLVED, by=FINDING_CONFIRMERS, label=_("Confirm that it is resolved"),
                needs={"note"}, apart_from=lambda one: {one.proposed_by_id},
            ),
            transition(
                "refuse", F.PROPOSED, F.OPEN, by=FINDING_CONFIRMERS, label=_("It is not resolved"), needs={"note"},
                apart_from=lambda one: {one.proposed_by_id},
            ),
            transition("still", F.PROPOSED, F.OPEN, by={CHECKER}, label=_("Found again"), needs={"note"}),
            transition(
                "mend", STANDING, F.RESOLVED, by={CHECKER}, label=_("Written anew and read back"), needs={"evidence"}
            ),
            transition(
                "write_off", STANDING, F.RESOLVED, by={CHECKER}, label=_("Its records were declared lost"),
                needs={"note"},
            ),
            transition(
                "take", STANDING, F.RESOLVED, by={CHECKER}, label=_("The file was taken as it is now"), needs={"note"}
            ),
            transition("gone", STANDING, F.GONE, by={CHECKER}, label=_("No longer found")),
            transition(
                "reopen", {F.RESOLVED, F.GONE}, F.OPEN, by={CHECKER}, label=_("Found again"), needs={"note"}
            ),
        ),
    )
)  # fmt: skip

LOSS = register(
    Flow(
        key="retention.loss",
        clause="SOP-RET 7",
        states=L,
        initial=L.DECLARED,
        path=(L.DECLARED, L.LOST),
        off_path={L.REFUSED: L.LOST},
        transitions=(
            transition(
                "confirm", L.DECLARED, L.LOST, by=LOSS_DECIDERS, label=_("Confirm that it is lost"), needs={"note"}
            ),
            transition("refuse", L.DECLARED, L.REFUSED, by=LOSS_DECIDERS, label=_("Refuse"), needs={"note"}),
        ),
    )
)  # fmt: skip
