from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "retention"
    verbose_name = _("Retention")

    def ready(self) -> None:
        from retention import batch_lists, documents, finding, jobs, policies, receivers, turns, workflow  # noqa: F401  (they register)
