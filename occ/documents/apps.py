from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "occ.documents"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from occ.documents import finding  # noqa: F401  (it registers itself)
