from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkflowConfig(AppConfig):
    name = "occ.workflow"
    verbose_name = _("Workflow")

    def ready(self) -> None:
        from occ.workflow import endings  # noqa: F401  (it registers itself)
