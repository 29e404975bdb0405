from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoginConfig(AppConfig):
    name = "occ.login"
    verbose_name = _("Log-in")

    def ready(self) -> None:
        from occ.login import jobs, notices, policies, proving, receivers, rotation  # noqa: F401  (they register)
