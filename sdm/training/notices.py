"""What a training tells people."""

from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind, register

ENTERED = register(
    Kind(
        "sdm.training.entered",
        gettext_noop("Batch %(batch)s has come to: %(stage)s"),
        gettext_noop("Participants of batch %(batch)s have come to this stage: %(stage)s."),
    )
)
PASSED = register(
    Kind(
        "sdm.training.passed",
        gettext_noop("Batch %(batch)s: %(name)s passed the training"),
        gettext_noop("%(name)s passed the training and joins on %(join_on)s."),
    )
)
