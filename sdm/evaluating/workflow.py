"""How an evaluation, the month's report and an incentive scheme go (MO 4.1.4; docs/decisions/2026-11-29-evaluate.md).

The performance function of the chart is Quality Assurance (MO 2.1.2: it analyses performance, reports on it and
evaluates the QC officers each month); central performance is the Head Manager, who reviews what the operation
reports.
"""

from django.utils.translation import gettext_lazy as _

from occ.people.choices import Role
from occ.workflow.flows import Flow, register, transition
from sdm.evaluating import choices
from sdm.evaluating.choices import EvaluationStatus as E
from sdm.evaluating.choices import PeriodStatus as P
from sdm.evaluating.choices import SchemeStatus as S

SCORERS = frozenset(choices.SCORERS)
PERFORMANCE = frozenset({Role.QUALITY_ASSURANCE})
# A coordinator stands in where the performance function scored itself, or is the one evaluated.
VERIFIERS = PERFORMANCE | {Role.COORDINATOR}
APPROVERS = frozenset({Role.MANAGER})
CENTRAL = frozenset({Role.HEAD_MANAGER})
PAYROLL = frozenset({Role.HR_PAYROLL})
SIGNERS = frozenset(Role) - {Role.CLIENT, Role.AUDITOR}

EVALUATION = register(
    Flow(
        key="sdm.evaluation",
        clause="MO 4.1.4",
        states=E,
        initial=E.DUE,
        path=(E.DUE, E.SCORED, E.VERIFIED, E.TOLD, E.SIGNED),
        off_path={E.RETURNED: E.DUE, E.WAIVED: E.VERIFIED, E.WITNESSED: E.SIGNED},
        waiting=frozenset({E.RETURNED, E.WITNESSED}),
        transitions=(
            transition("score", {E.DUE, E.RETURNED}, E.SCORED, by=SCORERS, label=_("Score"), four_eyes=True),
            transition("verify", E.SCORED, E.VERIFIED, by=VERIFIERS, label=_("Complete and as needed: verify"),
                       four_eyes=True),
            transition("refuse", E.SCORED, E.RETURNED, by=VERIFIERS, label=_("Send back to the superior"),
                       needs={"note"}, four_eyes=True),
            transition("waive", {E.DUE, E.RETURNED, E.SCORED}, E.WAIVED, by=VERIFIERS,
                       label=_("Is not evaluated this month"), needs={"note"}, four_eyes=True),
            transition("reopen", {E.VERIFIED, E.WAIVED, E.TOLD, E.SIGNED, E.WITNESSED}, E.RETURNED, by=VERIFIERS,
                       label=_("Send back to be scored anew"), needs={"note"}, four_eyes=True),
            # Made for all at once when the month is distributed.
            transition("tell", {E.VERIFIED, E.TOLD, E.SIGNED, E.WITNESSED}, E.TOLD, by=PERFORMANCE,
                       label=_("Distribute")),
            transition("sign", E.TOLD, E.SIGNED, by=SIGNERS, label=_("I was told, and sign"), own=True),
            transition("witness", E.TOLD, E.WITNESSED, by=SCORERS, label=_("Told, but not signed"), needs={"note"},
                       four_eyes=True),
        ),
    )
)  # fmt: skip
PERIOD = register(
    Flow(
        key="sdm.evaluation_period",
        clause="MO 4.1.4",
        states=P,
        initial=P.COLLECTING,
        path=(P.COLLECTING, P.REPORTED, P.APPROVED, P.DISTRIBUTED, P.VALIDATED, P.PAID),
        off_path={P.RETURNED: P.COLLECTING},
        waiting=frozenset({P.RETURNED}),
        transitions=(
            transition("compile", {P.COLLECTING, P.RETURNED}, P.REPORTED, by=PERFORMANCE, label=_("Make the report")),
            transition("approve", P.REPORTED, P.APPROVED, by=APPROVERS, label=_("Approve the evaluations")),
            transition("refuse", P.REPORTED, P.RETURNED, by=APPROVERS, label=_("Not approved: back to the report"),
                       needs={"note"}),
            transition("distribute", P.APPROVED, P.DISTRIBUTED, by=PERFORMANCE, label=_("Distribute the evaluations")),
            transition("validate", P.DISTRIBUTED, P.VALIDATED, by=CENTRAL, label=_("As it should be: validate")),
            transition("reject", P.DISTRIBUTED, P.RETURNED, by=CENTRAL,
                       label=_("Not as it should be: back to the report"), needs={"note"}),
            transition("pay", P.VALIDATED, P.PAID, by=PAYROLL, label=_("Incentive is paid"), needs={"evidence"}),
            transition("reopen", {P.APPROVED, P.DISTRIBUTED, P.VALIDATED, P.PAID}, P.RETURNED, by=PERFORMANCE,
                       label=_("Correct what was approved"), needs={"note"}),
        ),
    )
)  # fmt: skip
SCHEME = register(
    Flow(
        key="sdm.incentive_scheme",
        clause="MO 4.1.4",
        states=S,
        initial=S.DRAFT,
        path=(S.DRAFT, S.PUBLISHED),
        off_path={S.DISCARDED: S.PUBLISHED},
        transitions=(
            transition("publish", S.DRAFT, S.PUBLISHED, by=APPROVERS | CENTRAL, label=_("Publish the scheme")),
            transition("withdraw", S.DRAFT, S.DISCARDED, by=PAYROLL | APPROVERS | CENTRAL, label=_("Discard the draft"),
                       needs={"note"}),
        ),
    )
)  # fmt: skip
