from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ObligationsConfig(AppConfig):
    name = "occ.obligations"
    verbose_name = _("Obligations")

    def ready(self) -> None:
        from occ.obligations import endings  # noqa: F401  (it registers itself)
