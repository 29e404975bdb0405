"""How far ahead a gap is looked for, and whether an age limit is applied to anybody."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from occ.policies.registry import Column, Definition, number, register

AHEAD = "sdm.plan.days_ahead"
AGE_BASIS = "sdm.positions.age_limit"
LAW = "UU 13/2003 ps. 5-6; SE Menaker M/6/HK.04/V/2025"

register(
    Definition(AHEAD, _("Leavers and contract ends are looked at ahead by"), _("days"), "MO 2.2.A", 90, number(7, 730))
)


def valid_basis(value: Any) -> None:
    if not isinstance(value, list) or len(value) > 1:
        raise ValueError(_now("no row, or one that names the legal basis"))
    for row in value:
        words = row.get("basis") if isinstance(row, dict) else None
        if not isinstance(words, str) or len(words.strip()) < 10 or len(words) > 300:
            raise ValueError(_now("say in 10 to 300 characters which law allows the age limit"))


register(
    Definition(
        AGE_BASIS, _("The age limit of a position is applied because (none: it is shown and not applied)"),
        _("legal basis"), LAW, [], valid_basis, everywhere=True,
        columns=[Column("basis", _("Legal basis"), longest=300)],
    )
)  # fmt: skip
