"""Pembinaan as a table (MO 4.1.3 "Mekanisme Pembinaan SDM"), with each "Tidak".

What is said with a step stands in the case's own record, not in a note: the ledger is read by others.
"""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from occ.people.actors import LIFECYCLE
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from sdm.discipline.choices import CaseStatus as S

SUPERIORS = frozenset({Role.TEAM_LEADER, Role.COORDINATOR, Role.MANAGER, Role.HEAD_MANAGER})
RELATIONS = frozenset({Role.HR_RELATIONS})
OPENERS = SUPERIORS | RELATIONS
# Whoever works here may be spoken to; the service lets in nobody but that person.
PERSONS = frozenset(Role) - {Role.CLIENT, Role.AUDITOR}
OPEN = frozenset(
    {S.ASSESSED, S.COACHED, S.IMPROVING, S.IMPROVED, S.PROBLEM, S.SP_REQUESTED, S.SP_ISSUED, S.FINAL, S.EXITING}
)
OWN_TURN = frozenset({S.COACHED, S.SP_ISSUED})  # the person's


def who_asked(case: Any) -> list[int]:
    """The keys of who asked for the letter that waits: somebody else answers it."""
    return list(case.warnings.unanswered().values_list("requested_by_id", flat=True))


DISCIPLINE = register(
    Flow(
        key="sdm.discipline",
        clause="MO 4.1.3",
        states=S,
        initial=S.ASSESSED,
        path=(S.ASSESSED, S.COACHED, S.IMPROVING, S.IMPROVED, S.FILED),
        off_path={
            S.APPRECIATED: S.FILED, S.CANCELLED: S.COACHED, S.PROBLEM: S.IMPROVED, S.SP_REQUESTED: S.IMPROVED,
            S.SP_ISSUED: S.IMPROVED, S.FINAL: S.FILED, S.EXITING: S.FILED, S.ENDED: S.FILED,
        },
        waiting=frozenset({S.APPRECIATED, S.PROBLEM, S.SP_REQUESTED, S.SP_ISSUED, S.FINAL, S.EXITING}),
        transitions=(
            transition("coach", S.ASSESSED, S.COACHED, by=SUPERIORS, label=_("Give pembinaan"), four_eyes=True),
            transition("appreciate", S.ASSESSED, S.APPRECIATED, by=SUPERIORS, label=_("Within the rules: appreciate"),
                       four_eyes=True),
            transition("cancel", S.ASSESSED, S.CANCELLED, by=OPENERS, label=_("Opened by mistake"), four_eyes=True),
            transition("improve", S.COACHED, S.IMPROVING, by=PERSONS, label=_("Say what you will improve"), own=True),
            transition("proceed", S.COACHED, S.IMPROVING, by=SUPERIORS, label=_("Begin without the person's words"),
                       four_eyes=True),
            transition("verify", S.IMPROVING, S.IMPROVED, by=SUPERIORS, label=_("Improved: verify and document"),
                       four_eyes=True),
            transition("identify", S.IMPROVING, S.PROBLEM, by=SUPERIORS,
                       label=_("Not improved: identify the problem"), four_eyes=True),
            transition("file", S.IMPROVED, S.FILED, by=RELATIONS, label=_("File the evidence"), four_eyes=True),
            transition("request", S.PROBLEM, S.SP_REQUESTED, by=SUPERIORS, label=_("Ask for a warning letter"),
                       four_eyes=True),
            transition("issue", S.SP_REQUESTED, S.SP_ISSUED, by=RELATIONS, label=_("Issue the warning letter"),
                       four_eyes=True, apart_from=who_asked),
            transition("finalise", S.SP_REQUESTED, S.FINAL, by=RELATIONS,
                       label=_("A violation inside SP 3: final"), four_eyes=True, apart_from=who_asked),
            transition("return", S.SP_REQUESTED, S.PROBLEM, by=RELATIONS, label=_("Send the request back"),
                       four_eyes=True),
            transition("receive", S.SP_ISSUED, S.COACHED, by=PERSONS, label=_("Sign for the letter"), own=True),
            transition("paper", S.SP_ISSUED, S.COACHED, by=RELATIONS, label=_("Signed on paper: upload it"),
                       four_eyes=True),
            transition("refuse", S.SP_ISSUED, S.COACHED, by=RELATIONS, label=_("Receipt refused before witnesses"),
                       four_eyes=True),
            transition("exit", S.FINAL, S.EXITING, by=RELATIONS, label=_("Open the exit process"), four_eyes=True),
            transition("spare", S.FINAL, S.COACHED, by=RELATIONS, label=_("Not final: back to improvement"),
                       four_eyes=True),
            transition("end", S.EXITING, S.ENDED, by=RELATIONS, label=_("The exit interview is done"), four_eyes=True),
            transition("stay", S.EXITING, S.FINAL, by={LIFECYCLE}, label=_("The leaving was withdrawn")),
            transition("lapse", OPEN - {S.EXITING}, S.ENDED, by={LIFECYCLE}, label=_("The person left")),
        ),
    )
)  # fmt: skip

WARNED = (S.ASSESSED, S.COACHED, S.IMPROVING, S.PROBLEM, S.SP_REQUESTED, S.SP_ISSUED)
LEAVING = (S.ASSESSED, S.COACHED, S.IMPROVING, S.PROBLEM, S.SP_REQUESTED, S.FINAL, S.EXITING, S.ENDED)
PATHS: dict[str, tuple[str, ...]] = {
    S.APPRECIATED: (S.ASSESSED, S.APPRECIATED),
    S.CANCELLED: (S.ASSESSED, S.CANCELLED),
    S.PROBLEM: WARNED, S.SP_REQUESTED: WARNED, S.SP_ISSUED: WARNED,
    S.FINAL: LEAVING, S.EXITING: LEAVING, S.ENDED: LEAVING,
}  # fmt: skip


# After a letter improvement begins anew: what led to the letter is behind it.
AGAIN = (S.ASSESSED, S.PROBLEM, S.SP_REQUESTED, S.SP_ISSUED, S.COACHED, S.IMPROVING, S.IMPROVED, S.FILED)


def drawn_at(status: str, *, warned: bool) -> Flow:
    """The same process drawn on the branch of the chart on which a case of that status stands; `warned`: a letter was
    issued in it."""
    path = PATHS.get(status, AGAIN if warned and status in AGAIN else ())
    return replace(DISCIPLINE, path=path, off_path={}) if path else DISCIPLINE
