"""MO 4.1.1 as tables: the request through the chart's five lanes, and each candidate through the pipeline.

Where this differs from the drawing says docs/decisions/2026-11-29-recruit.md.
"""

from django.utils.translation import gettext_lazy as _

from occ.people.actors import LIFECYCLE
from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from sdm.recruiting.choices import CandidateStatus as C
from sdm.recruiting.choices import RequestStatus as R
from sdm.recruiting.personal import OPERATION

RECRUIT, TRAIN, PAYROLL, RELATIONS = (
    frozenset({one}) for one in (Role.HR_RECRUITMENT, Role.HR_TRAINING, Role.HR_PAYROLL, Role.HR_RELATIONS)
)

REQUEST = register(
    Flow(
        key="sdm.recruitment",
        clause="MO 4.1.1",
        states=R,
        initial=R.REQUESTED,
        path=(R.REQUESTED, R.SCHEME, R.RECRUITING, R.LISTED, R.LIST_APPROVED, R.CONTRACTING, R.HIRED, R.BAPP,
              R.RECEIVED),
        off_path={R.REVISION: R.REQUESTED, R.CANCELLED: R.RECEIVED},
        waiting=frozenset({R.REVISION}),
        transitions=(
            transition("verify", R.REQUESTED, R.SCHEME, by=RECRUIT, label=_("Requirement verified: on to payroll")),
            transition("send_back", R.REQUESTED, R.REVISION, by=RECRUIT, label=_("Requirement is not complete"),
                       needs={"note"}),
            transition("approve_scheme", R.SCHEME, R.RECRUITING, by=PAYROLL, label=_("Salary scheme approved")),
            transition("refuse_scheme", R.SCHEME, R.REVISION, by=PAYROLL, label=_("Salary scheme not approved"),
                       needs={"note"}),
            transition("resubmit", R.REVISION, R.REQUESTED, by=OPERATION, label=_("Request again, revised")),
            transition("submit_list", R.RECRUITING, R.LISTED, by=RECRUIT,
                       label=_("Send the list of those who passed")),
            transition("approve_list", R.LISTED, R.LIST_APPROVED, by=OPERATION, label=_("Approve the list")),
            transition("refuse_list", R.LISTED, R.RECRUITING, by=OPERATION, label=_("The list does not fit"),
                       needs={"note"}),
            transition("send_final", R.LIST_APPROVED, R.CONTRACTING, by=OPERATION,
                       label=_("Send the final participants to HR")),
            transition("finish", R.CONTRACTING, R.HIRED, by=RELATIONS, label=_("All of the list are hired")),
            # Some of the list withdrew before they signed: others are looked for.
            transition("reopen", R.CONTRACTING, R.RECRUITING, by=RELATIONS, label=_("Look for further candidates"),
                       needs={"note"}),
            transition("make_bapp", R.HIRED, R.BAPP, by=RECRUIT, label=_("Make the BAPP")),
            transition("receive", R.BAPP, R.RECEIVED, by=OPERATION, label=_("BAPP received")),
            transition("cancel", {R.REQUESTED, R.REVISION, R.SCHEME, R.RECRUITING, R.LISTED, R.LIST_APPROVED},
                       R.CANCELLED, by=OPERATION, label=_("Nobody is needed any more"), needs={"note"}),
        ),
    )
)  # fmt: skip

CANDIDATE = register(
    Flow(
        key="sdm.candidate",
        clause="MO 4.1.1",
        states=C,
        initial=C.APPLIED,
        path=(C.APPLIED, C.FITS, C.TRAINING, C.PASSED, C.APPROVED, C.CONTRACT, C.SIGNED, C.HIRED),
        off_path={C.NOT_PASSED: C.PASSED, C.REJECTED: C.HIRED, C.WITHDRAWN: C.HIRED},
        waiting=frozenset(),
        transitions=(
            transition("check", C.APPLIED, C.FITS, by=RECRUIT, label=_("Meets the specification")),
            transition("train", C.FITS, C.TRAINING, by=TRAIN, label=_("Begin training softskill")),
            transition("pass", C.TRAINING, C.PASSED, by=TRAIN, label=_("Training softskill passed")),
            transition("fail", C.TRAINING, C.NOT_PASSED, by=TRAIN, label=_("Training softskill not passed"),
                       needs={"note"}),
            transition("again", C.NOT_PASSED, C.TRAINING, by=TRAIN, label=_("Train again")),
            transition("approve", C.PASSED, C.APPROVED, by=OPERATION, label=_("Approve")),
            transition("decline", C.PASSED, C.REJECTED, by=OPERATION, label=_("Does not fit"), needs={"note"}),
            transition("contract", C.APPROVED, C.CONTRACT, by=RELATIONS, label=_("Contract and ID card are made")),
            transition("sign", C.CONTRACT, C.SIGNED, by=RELATIONS, label=_("PKWT explained and signed")),
            transition("hire", C.SIGNED, C.HIRED, by=RELATIONS, label=_("Enter the data: active employee")),
            transition("refuse", {C.APPLIED, C.FITS, C.NOT_PASSED, C.PASSED}, C.REJECTED, by=RECRUIT,
                       label=_("Not taken on"), needs={"note"}),
            # What follows from the end of the request, for whoever is not on the list.
            transition("end", {C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED, C.PASSED, C.APPROVED}, C.REJECTED,
                       by={LIFECYCLE}, label=_("The request ended"), needs={"note"}),
            transition("withdraw", {C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED, C.PASSED, C.APPROVED, C.CONTRACT,
                                    C.SIGNED}, C.WITHDRAWN, by=RECRUIT | RELATIONS, label=_("Candidate withdraws"),
                       needs={"note"}),
        ),
    )
)  # fmt: skip
GOING = frozenset({C.APPLIED, C.FITS, C.TRAINING, C.NOT_PASSED, C.PASSED, C.APPROVED, C.CONTRACT, C.SIGNED})
ON_THE_LIST = frozenset({C.APPROVED, C.CONTRACT, C.SIGNED})
OUT = frozenset({C.REJECTED, C.WITHDRAWN})
