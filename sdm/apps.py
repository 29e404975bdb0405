from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SdmConfig(AppConfig):
    name = "sdm"
    verbose_name = _("People")

    def ready(self) -> None:
        from occ.documents.attachments import register_visibility
        from sdm import documents, finding, jobs, policies, receivers  # noqa: F401  (they register themselves)
        from sdm.contracts import registered  # noqa: F401
        from sdm.models import Leaving
        from sdm.selectors import letter_visible

        register_visibility(Leaving, letter_visible)
