"""Leaving as a table: letter, exit interview (MO 4.1.3: the superior accompanies it), clearance, closed."""

from django.utils.translation import gettext_lazy as _

from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from sdm.choices import LeavingStatus as S

RECORDERS = frozenset({Role.HR_RELATIONS, Role.SUPPORT})
INTERVIEWERS = frozenset({Role.HR_RELATIONS})

LEAVING = register(
    Flow(
        key="sdm.leaving",
        clause="MO 4.1.3",
        states=S,
        initial=S.RECORDED,
        path=(S.RECORDED, S.INTERVIEWED, S.CLEARED, S.CLOSED),
        off_path={S.WITHDRAWN: S.CLOSED},
        transitions=(
            transition("interview", S.RECORDED, S.INTERVIEWED, by=INTERVIEWERS, label=_("Hold the interview"),
                       four_eyes=True),
            transition(
                "waive", S.RECORDED, S.INTERVIEWED, by={Role.HR_RELATIONS}, label=_("No interview is held"),
                needs={"note"}, four_eyes=True,
            ),
            transition("clear", S.INTERVIEWED, S.CLEARED, by=RECORDERS, label=_("Everything is handed back"),
                       four_eyes=True),
            transition(
                "reopen", S.CLEARED, S.INTERVIEWED, by={Role.HR_RELATIONS}, label=_("Something is missing after all"),
                needs={"note"}, four_eyes=True,
            ),
            transition("close", S.CLEARED, S.CLOSED, by={Role.HR_RELATIONS}, label=_("Close and issue the document"),
                       four_eyes=True),
            transition(
                "withdraw", {S.RECORDED, S.INTERVIEWED, S.CLEARED}, S.WITHDRAWN, by=RECORDERS,
                label=_("Withdraw: the person stays"), needs={"note"}, four_eyes=True,
            ),
        ),
    )
)  # fmt: skip
