from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = _("Real-time management")

    def ready(self) -> None:
        from realtime import (  # noqa: F401  (they register themselves)
            documents,
            jobs,
            key_figures,
            notices,
            policies,
            shifts,
            tasks,
            turns,
            workflow,
        )
        from realtime.views import alerts, my_roster, plans, roster_checks, rosters, shift_codes, sources  # noqa: F401
