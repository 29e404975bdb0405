from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SdmConfig(AppConfig):
    name = "sdm"
    verbose_name = _("People")

    def ready(self) -> None:
        from occ.documents.attachments import register_visibility
        from sdm import documents, finding, jobs, policies, receivers  # noqa: F401  (they register themselves)
        from sdm.absence import registered  # noqa: F401
        from sdm.models import LeaveRequest, Leaving
        from sdm.overview import figures  # noqa: F401
        from sdm.selectors import letter_visible
        from sdm.services.absence import proof_visible
        from sdm.views import absence, absence_around, absence_import, overview  # noqa: F401

        register_visibility(Leaving, letter_visible)
        register_visibility(LeaveRequest, proof_visible)
