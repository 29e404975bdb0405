"""What the monthly evaluation tells people."""

from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind, register
from occ.workflow.endings import asks
from sdm.evaluating.choices import EvaluationStatus, PeriodStatus
from sdm.models import Evaluation, EvaluationPeriod

TOLD = register(
    Kind(
        "sdm.evaluation.told",
        gettext_noop("Your evaluation of %(month)s is ready: please read and sign it"),
        gettext_noop("Your superior explains it to you. Read it and sign in your own session."),
    )
)
TAKEN_BACK = register(
    Kind(
        "sdm.evaluation.taken_back",
        gettext_noop("Your incentive of %(month)s was corrected: payroll settles what was paid too much"),
        gettext_noop("What was paid for %(month)s was more than the corrected evaluation comes to. Ask HR Payroll."),
        "warning",
    )
)
RETURNED = register(
    Kind(
        "sdm.evaluation.returned",
        gettext_noop("Evaluation of %(person)s sent back: %(reason)s"),
        gettext_noop("Score %(person)s anew for %(month)s, because: %(reason)s"),
        "warning",
    )
)
SENT_BACK = register(
    Kind(
        "sdm.evaluation_period.returned",
        gettext_noop("Report of the evaluation %(period)s goes back: %(reason)s"),
        gettext_noop("%(who)s sends the report of %(period)s back, because: %(reason)s"),
        "warning",
    )
)
asks(TOLD, Evaluation, {EvaluationStatus.TOLD})
asks(RETURNED, Evaluation, {EvaluationStatus.RETURNED})
asks(SENT_BACK, EvaluationPeriod, {PeriodStatus.RETURNED})
