"""What the floor tells people."""

from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind, register

ALERT = register(
    Kind(
        "realtime.alert",
        gettext_noop("Alert at %(site)s: %(kind)s %(about)s"),
        gettext_noop("%(kind)s %(about)s at %(site)s since %(opened_at)s. Look at it and say that you do."),
        "danger",
    )
)
HEADCOUNT_HANDED = register(
    Kind(
        "realtime.headcount",
        gettext_noop("Shift %(shift)s at %(site)s: %(there)s of %(rostered)s agents came"),
        gettext_noop(
            "The team leader confirmed the attendance of shift %(shift)s: %(there)s of %(rostered)s agents came."
        ),
    )
)
MONTH_FROZEN = register(
    Kind(
        "realtime.month_frozen",
        gettext_noop("Service of %(month)s at %(site)s"),
        gettext_noop(
            "The figures of %(month)s at %(site)s against SLG and KPI are issued and wait for the client's signature:"
            " %(document)s."
        ),
        "info",
    )
)
ROSTER_PUBLISHED = register(
    Kind(
        "realtime.roster_published",
        gettext_noop("Your roster for %(month)s is published"),
        gettext_noop("Your shifts of %(month)s stand in your roster."),
        "info",
    )
)
ROSTER_CHANGED = register(
    Kind(
        "realtime.roster_changed",
        gettext_noop("Your roster has changed: %(days)s"),
        gettext_noop("Your roster has changed on these days: %(days)s. Reason: %(reason)s."),
        "warning",
    )
)
ROSTER_RENUMBERED = register(
    Kind(
        "realtime.roster_renumbered",
        gettext_noop("Your draft of %(month)s is version %(version)s now"),
        gettext_noop(
            "Version %(published)s of %(month)s was published meanwhile (%(reason)s). What it changes was taken over"
            " into your draft, which was version %(was)s and is version %(version)s now."
        ),
        "info",
    )
)
SWAP_ASKED = register(
    Kind(
        "realtime.swap_asked",
        gettext_noop("%(name)s asks to swap shifts with you"),
        gettext_noop("%(name)s would give you the shift of %(day)s. Agree or decline."),
        "info",
    )
)
SWAP_AGREED = register(
    Kind(
        "realtime.swap_agreed",
        gettext_noop("A swap of shifts waits for your approval"),
        gettext_noop("%(name)s and %(other)s would swap shifts (%(day)s). Approve or refuse."),
        "info",
    )
)
SWAP_ENDED = register(
    Kind(
        "realtime.swap_ended",
        gettext_noop("Swap of shifts, %(day)s: %(state)s"),
        gettext_noop("The swap of shifts of %(name)s and %(other)s (%(day)s) stands at: %(state)s. %(note)s"),
        "info",
    )
)
HANDOVER_SIGNED = register(
    Kind(
        "realtime.handover",
        gettext_noop("Shift %(shift)s at %(site)s is handed over"),
        gettext_noop("%(name)s signed the handover of shift %(shift)s at %(site)s. Read it and take it over."),
    )
)
