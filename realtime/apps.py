from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = _("Real-time management")

    def ready(self) -> None:
        from realtime import (  # noqa: F401  (they register themselves)
            deeds,
            documents,
            handing,
            jobs,
            key_figures,
            notices,
            policies,
            roster_jobs,
            shifts,
            tasks,
            turns,
            workflow,
        )
        from realtime.forecasting import jobs as forecast_jobs  # noqa: F401
        from realtime.forecasting import policies as forecast_policies  # noqa: F401
        from realtime.rotg import registered  # noqa: F401
        from realtime.services import reporting  # noqa: F401
        from realtime.views import (  # noqa: F401
            alerts,
            attendance,
            attendance_exports,
            figures,
            handovers,
            interactions,
            my_roster,
            plans,
            roster_checks,
            rosters,
            rotg,
            rotg_rules,
            rotg_walks,
            shift_codes,
            sources,
        )
