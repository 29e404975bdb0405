from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RealtimeConfig(AppConfig):
    name = "realtime"
    verbose_name = _("Real-time management")

    def ready(self) -> None:
        from realtime import documents, jobs, key_figures, notices, policies, tasks, turns, workflow  # noqa: F401  (they register themselves)
        from realtime.forecasting import jobs as forecast_jobs  # noqa: F401
        from realtime.forecasting import policies as forecast_policies  # noqa: F401
        from realtime.views import alerts, attendance, figures, interactions, plans, sources  # noqa: F401
