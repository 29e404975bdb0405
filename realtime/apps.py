from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = _("Real-time management")

    def ready(self) -> None:
        from realtime import (  # noqa: F401  (they register themselves)
            documents,
            key_figures,
            notices,
            policies,
            shifts,
            tasks,
            turns,
            workflow,
        )
        from realtime.views import alerts, plans, sources  # noqa: F401
