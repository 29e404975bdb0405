from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SdmConfig(AppConfig):
    name = "sdm"
    verbose_name = _("People")

    def ready(self) -> None:
        from occ.documents.attachments import register_visibility
        from sdm import deeds, documents, finding, jobs, names, policies, receivers, row_jobs, tasks  # noqa: F401  (they register)
        from sdm.absence import registered as absence_registered  # noqa: F401
        from sdm.contracts import registered as contracts_registered  # noqa: F401
        from sdm.discipline import registered as discipline_registered  # noqa: F401
        from sdm.evaluating import registered as evaluating_registered  # noqa: F401
        from sdm.models import EvaluationPeriod, LeaveRequest, Leaving
        from sdm.overview import figures  # noqa: F401
        from sdm.positions import registered as positions_registered  # noqa: F401
        from sdm.recruiting import registered as recruiting_registered  # noqa: F401
        from sdm.selectors import letter_visible
        from sdm.services.absence import proof_visible as leave_visible
        from sdm.services.payroll import proof_visible
        from sdm.training import registered as training_registered  # noqa: F401
        from sdm.views import (  # noqa: F401  (their lists as exports)
            absence,
            absence_around,
            absence_import,
            discipline,
            evaluation_periods,
            evaluations,
            incentive_schemes,
            overview,
            payroll_runs,
            training_lists,
        )

        register_visibility(Leaving, letter_visible)
        register_visibility(EvaluationPeriod, proof_visible)
        register_visibility(LeaveRequest, leave_visible)
