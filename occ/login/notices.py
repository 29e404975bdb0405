from django.utils.translation import gettext_noop as _

from occ.notifications.kinds import Kind, register

register(
    Kind(
        "login.second_factor_reset",
        _("Your second factor was reset"),
        _(
            "%(by)s reset it on %(done_at)s (%(reason)s). With the next log-in you set up a new one. "
            "If you did not ask for this, tell Team IT at once."
        ),
        level="warning",
    )
)
register(
    Kind(
        "login.recovery_code_used",
        _("A recovery code was used for your log-in"),
        _("You have %(left)s left. If that was not you, change your password and tell Team IT at once."),
        level="warning",
    )
)
