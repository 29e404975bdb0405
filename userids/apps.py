from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UserIdsConfig(AppConfig):
    name = "userids"
    verbose_name = _("User IDs")

    def ready(self) -> None:
        from occ.documents.attachments import register_visibility
        from userids import (  # noqa: F401  (they register themselves)
            deeds,
            documents,
            finding,
            hindrances,
            jobs,
            names,
            notices,
            panels,
            policies,
            receivers,
            tasks,
        )
        from userids.models import Resignation
        from userids.selectors import letter_visible
        from userids.views import id_requests  # noqa: F401

        register_visibility(Resignation, letter_visible)
        from userids.reconciling import (
            hearing,  # noqa: F401
            turns,  # noqa: F401
        )
        from userids.reconciling import jobs as reconciling_jobs  # noqa: F401
        from userids.reconciling import tasks as reconciling_tasks  # noqa: F401
