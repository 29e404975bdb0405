"""What leave tells people. Why somebody is away is told to nobody."""

from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind, register

RECORDED = register(
    Kind(
        "sdm.leave.recorded",
        gettext_noop("Recorded for you: away from %(first)s to %(last)s"),
        gettext_noop("%(who)s recorded an absence from %(first)s to %(last)s for you. If it is wrong, say so."),
    )
)
DECIDED = register(
    Kind(
        "sdm.leave.decided",
        gettext_noop("Your leave from %(first)s to %(last)s: %(outcome)s"),
        gettext_noop("%(outcome)s, by %(who)s. %(note)s"),
    )
)
