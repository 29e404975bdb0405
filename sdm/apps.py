from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SdmConfig(AppConfig):
    name = "sdm"
    verbose_name = _("People")

    def ready(self) -> None:
        from occ.documents.attachments import register_visibility
        from sdm import documents, finding, jobs, policies, receivers  # noqa: F401  (they register themselves)
        from sdm.evaluating import registered as _evaluating  # noqa: F401
        from sdm.models import EvaluationPeriod, Leaving
        from sdm.selectors import letter_visible
        from sdm.services.payroll import proof_visible
        from sdm.views import (  # noqa: F401  (their lists)
            evaluation_periods,
            evaluations,
            incentive_schemes,
            payroll_runs,
        )

        register_visibility(Leaving, letter_visible)
        register_visibility(EvaluationPeriod, proof_visible)
