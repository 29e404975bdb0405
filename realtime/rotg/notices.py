"""What tata tertib tells people."""

from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind, register

RECORDED = register(
    Kind(
        "realtime.violation.recorded",
        gettext_noop("Rule %(rule)s: please answer until %(due_at)s"),
        gettext_noop(
            "It was recorded that you did not keep rule %(rule)s. Say what happened in your own words until %(due_at)s."
        ),
        "warning",
    )
)
REMINDED = register(
    Kind(
        "realtime.violation.reminded",
        gettext_noop("Your answer about rule %(rule)s is due %(due_at)s"),
        gettext_noop("After %(due_at)s it is decided without your answer."),
        "warning",
    )
)
DECIDED = register(
    Kind(
        "realtime.violation.decided",
        gettext_noop("Rule %(rule)s: %(outcome)s"),
        gettext_noop("%(outcome)s, because: %(reason)s"),
    )
)
ACCEPTED = register(
    Kind(
        "realtime.rotg.accepted",
        gettext_noop("%(kind)s for %(person)s after repeated violations"),
        gettext_noop(
            "%(who)s accepted the proposal: %(kind)s for %(person)s after %(count)s violations of tata tertib."
        ),
    )
)
