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
MONTH_FROZEN = register(
    Kind(
        "realtime.month_frozen",
        gettext_noop("Service of %(month)s at %(site)s"),
        gettext_noop("The figures of %(month)s at %(site)s against SLG and KPI are issued: %(document)s."),
        "info",
    )
)
