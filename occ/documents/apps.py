from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "occ.documents"
    verbose_name = _("Documents")

    def ready(self) -> None:
        from django.conf import settings

        from occ.documents import finding, sealing, turns  # noqa: F401  (two register themselves)

        if settings.SIGNING_KEY_FILE:  # a key that cannot be read stops the start, not the first document
            sealing.key()
