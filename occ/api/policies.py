"""How long an answer can be had again by its Idempotency-Key."""

from django.utils.translation import gettext_lazy as _

from occ.policies.registry import Definition, number, register

KEPT_DAYS = "api.answers.kept_days"
register(
    Definition(
        KEPT_DAYS, _("Answers of the API are kept for a repeated request"), _("days"), "UU 27/2022", 7, number(1, 90),
        everywhere=True,
    )
)  # fmt: skip
