from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    name = "occ.home"
    verbose_name = _("Home")

    def ready(self) -> None:
        from occ.home import jobs  # noqa: F401  (it registers itself)
