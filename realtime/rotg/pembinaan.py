"""An accepted proposal of a pembinaan begins one: what was seen becomes what it is about, which few read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from occ.people.models import User
from realtime.choices import FollowUp
from realtime.rotg.taking import Taken, register
from sdm.discipline.choices import Matter
from sdm.discipline.opening import case_open

if TYPE_CHECKING:
    from realtime.models import RotgProposal

MOST = 2_000  # characters that a case says of what it is about


def about(proposal: RotgProposal) -> str:
    """The violations by day, each with its rule and what was seen; what does not fit in is on the proposal's page."""
    zone = proposal.site.zone
    found = proposal.violations.select_related("version__rule").order_by("seen_at", "pk")
    lines = [
        f"{one.seen_at.astimezone(zone):%Y-%m-%d}, {one.version.rule.number} {one.version.text}: {one.what}"
        for one in found
    ]
    text = "\n".join([_("Repeated violations of tata tertib:"), *lines])
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"


def begin(proposal: RotgProposal, actor: User, now: datetime) -> Taken:
    """Raises what `case_open` refuses: nobody is accepted into a second one about discipline."""
    case = case_open(
        person=proposal.person, matter=Matter.DISCIPLINE, about=about(proposal),
        source_label=_("Repeated violations"), source_url=proposal.get_absolute_url(), actor=actor, now=now,
    )  # fmt: skip
    return Taken(str(case), case.get_absolute_url())


register(FollowUp.PEMBINAAN, begin)
