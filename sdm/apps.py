from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SdmConfig(AppConfig):
    name = "sdm"
    verbose_name = _("People")

    def ready(self) -> None:
        from occ.documents.attachments import register_visibility
        from sdm import documents, finding, jobs, policies, receivers, tasks  # noqa: F401  (they register themselves)
        from sdm.discipline import registered as discipline_registered  # noqa: F401
        from sdm.models import Leaving
        from sdm.positions import registered as positions  # noqa: F401
        from sdm.recruiting import registered as recruiting  # noqa: F401
        from sdm.selectors import letter_visible
        from sdm.training import registered as training_registered  # noqa: F401
        from sdm.views import discipline, training  # noqa: F401  (their lists as exports)

        register_visibility(Leaving, letter_visible)
