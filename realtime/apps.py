from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = _("Real-time management")

    def ready(self) -> None:
        from realtime import documents, handing, key_figures, notices, policies, tasks, turns, workflow  # noqa: F401  (they register themselves)
        from realtime.services import reporting  # noqa: F401
        from realtime.views import alerts, attendance, handovers, plans, sources  # noqa: F401
