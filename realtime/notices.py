"""What the floor tells people."""

from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind, register

ALERT = register(
    Kind(
        "realtime.alert",
        gettext_noop("Alert at %(site)s: %(msg_kind)s %(about)s"),
        gettext_noop("%(msg_kind)s %(about)s at %(site)s since %(opened_at)s. Look at it and say that you do."),
        "danger",
    )
)
HEADCOUNT_HANDED = register(
    Kind(
        "realtime.headcount",
        gettext_noop("Shift %(shift)s at %(site)s: %(there)s of %(rostered)s agents"),
        gettext_noop(
            "The team leader confirmed the attendance of shift %(shift)s: %(there)s of %(rostered)s agents are at work."
        ),
    )
)
HANDOVER_SIGNED = register(
    Kind(
        "realtime.handover",
        gettext_noop("Shift %(shift)s at %(site)s is handed over"),
        gettext_noop("%(name)s signed the handover of shift %(shift)s at %(site)s. Read it and take it over."),
    )
)
