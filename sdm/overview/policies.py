"""What the organisation chart cannot read from people's records: what stands above, and which position ranks where."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from occ.policies.registry import Column, Definition, number, register
from occ.policies.services import policy_value
from occ.times import JAKARTA, end_of_day

ABOVE = "sdm.organisation.above"
RANKS = "sdm.organisation.ranks"


def valid_labels(value: Any) -> None:
    if not isinstance(value, list) or not all(0 < len(one.get("label") or "") <= 80 for one in value):
        raise ValueError("a list of rows with a name of at most 80 characters is needed")
    keys = [one.get("key") for one in value]
    if len(set(keys)) != len(keys):
        raise ValueError("each key is a word of its own")


def valid_ranks(value: Any) -> None:
    valid_labels(value)
    for one in value:
        number(1, 20)(one.get("rank"))


def ranks(day: date) -> list[tuple[str, int]]:
    """(position, level from the top) as the policy of that day has it."""
    return [(str(one["label"]), int(one["rank"])) for one in policy_value(RANKS, at=end_of_day(day, JAKARTA))]


register(
    Definition(
        ABOVE, _("What stands above the contact center in the organisation chart"), _("units"), "MO 1.5",
        [{"key": "division", "label": "Kepala Divisi Jaringan & Operasional"},
         {"key": "contact_center", "label": "Contact Center"}],
        valid_labels, everywhere=True, columns=(Column("label", _("Unit"), longest=80),),
    )
)  # fmt: skip
register(
    Definition(
        RANKS, _("Positions of the organisation chart from the top down; others stand beside the teams"),
        _("positions"),
        "MO 1.5",
        [{"key": key, "label": label, "rank": rank} for key, label, rank in (
            ("head_manager", "Head Manager", 1), ("manager", "Operation Manager", 2), ("qmr", "QMR", 2),
            ("coordinator", "Koordinator", 3), ("coordinator_en", "Coordinator", 3),
        )],
        valid_ranks, everywhere=True,
        columns=(Column("label", _("Position"), longest=80), Column("rank", _("Level from the top"))),
    )
)  # fmt: skip
