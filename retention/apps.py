from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "retention"
    verbose_name = _("Retention")

    def ready(self) -> None:
        from retention import (  # noqa: F401  (they register)
            deeds,
            documents,
            finding,
            jobs,
            policies,
            receivers,
            turns,
            workflow,
        )
        from retention.batching import finding as batching_finding  # noqa: F401
        from retention.batching import lists, losses  # noqa: F401
        from retention.complying import jobs as complying_jobs  # noqa: F401
        from retention.disposal import finding as disposal_finding  # noqa: F401
        from retention.disposal import jobs as disposal_jobs  # noqa: F401
        from retention.disposal import turns as disposal_turns  # noqa: F401
        from retention.holding import finding as holding_finding  # noqa: F401
        from retention.holding import forms, notices  # noqa: F401
        from retention.holding import jobs as holding_jobs  # noqa: F401
        from retention.reading import readings  # noqa: F401
        from retention.registering import documents as register_document  # noqa: F401
        from retention.registering import finding as registering_finding  # noqa: F401
        from retention.registering import jobs as registering_jobs  # noqa: F401
        from retention.services import transcripts  # noqa: F401
