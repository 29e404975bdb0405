from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UserIdsConfig(AppConfig):
    name = "userids"
    verbose_name = _("User IDs")

    def ready(self) -> None:
        from userids import documents, finding, jobs, notices, panels, policies, receivers  # noqa: F401  (they register themselves)
