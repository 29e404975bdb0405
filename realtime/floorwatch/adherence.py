"""Whether somebody does what is planned for them (RTM-5, RTM-7): one table, state against activity, and its words.

IN counts as adhering, OUT against it, NEUTRAL is taken out of what is divided by. The board judges an instant by it,
the attendance figures every minute of a shift. Whoever changes the table counts VERSION up, which figures keep.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from realtime.choices import Activity, AgentState, AuxReason

VERSION = 1


class Adherence(models.TextChoices):
    IN = "in", _("In adherence")
    OUT = "out", _("Out of adherence")
    NEUTRAL = "neutral", _("Neutral")
    UNKNOWN = "unknown", _("Not known")


# Words that applications and people use for why they are in AUX.
REASONS = {
    "istirahat": AuxReason.BREAK, "rest": AuxReason.BREAK, "short_break": AuxReason.BREAK,
    "makan": AuxReason.MEAL, "lunch": AuxReason.MEAL, "dinner": AuxReason.MEAL,
    "sholat": AuxReason.PRAYER, "solat": AuxReason.PRAYER, "salat": AuxReason.PRAYER, "shalat": AuxReason.PRAYER,
    "restroom": AuxReason.TOILET, "wc": AuxReason.TOILET, "meeting": AuxReason.BRIEFING, "rapat": AuxReason.BRIEFING,
    "training": AuxReason.COACHING, "pelatihan": AuxReason.COACHING, "system_trouble": AuxReason.SYSTEM,
    "gangguan": AuxReason.SYSTEM, "sistem": AuxReason.SYSTEM, "it": AuxReason.SYSTEM,
}  # fmt: skip


OURS = {str(reason): reason for reason in AuxReason} | REASONS


def reason_of(word: str) -> str:
    """A source's word for a reason of AUX as one of ours; OTHER for one that we do not know, and for none."""
    text = word.strip().lower().replace(" ", "_").replace("-", "_")
    return OURS.get(text, AuxReason.OTHER).value


# What somebody does, as far as it matters here: at work with nobody, with a customer, in AUX for rest, on an errand of
# the house, held up by the system, for another reason; not there; nobody knows.
READY, SERVING, REST, ERRAND, SYSTEM, OTHER, AWAY, UNKNOWN = (
    "ready", "serving", "rest", "errand", "system", "other", "away", "unknown",
)  # fmt: skip
AUX = AgentState.AUX.value
OF_STATE: dict[str, str] = {
    AgentState.AVAILABLE: READY, AgentState.BUSY: SERVING, AgentState.HOLD: SERVING, AgentState.WRAPUP: SERVING,
    AgentState.OFFLINE: AWAY, AgentState.UNKNOWN: UNKNOWN,
}  # fmt: skip
OF_REASON: dict[str, str] = {
    AuxReason.BREAK: REST, AuxReason.MEAL: REST, AuxReason.PRAYER: REST, AuxReason.TOILET: OTHER,
    AuxReason.BRIEFING: ERRAND, AuxReason.COACHING: ERRAND, AuxReason.SYSTEM: SYSTEM, AuxReason.OTHER: OTHER,
}  # fmt: skip

YES, NO, _N_ = Adherence.IN, Adherence.OUT, Adherence.NEUTRAL
# A customer is served to the end, whatever was planned for meanwhile; what the system does is nobody's fault; rest is
# rest, whichever kind the plan names; who logs off for a rest has it all the same.
COLUMNS = (READY, SERVING, REST, ERRAND, SYSTEM, OTHER, AWAY)
TABLE = {
    "":                (_N_, _N_, _N_, _N_, _N_, _N_, YES),
    Activity.WORK:     (YES, YES, NO, NO, _N_, NO, NO),
    Activity.BREAK:    (NO, _N_, YES, NO, _N_, YES, _N_),
    Activity.MEAL:     (NO, _N_, YES, NO, _N_, YES, _N_),
    Activity.PRAYER:   (NO, _N_, YES, NO, _N_, YES, _N_),
    Activity.BRIEFING: (NO, _N_, NO, YES, _N_, NO, NO),
    Activity.COACHING: (NO, _N_, NO, YES, _N_, NO, NO),
    Activity.TRAINING: (NO, _N_, NO, YES, _N_, NO, _N_),
}  # fmt: skip
AT = {(activity, column): row[i] for activity, row in TABLE.items() for i, column in enumerate(COLUMNS)}


def adherence(state: str, reason: str, activity: str) -> Adherence:
    """`activity`: what is planned now, "" outside a shift. What nobody knows is UNKNOWN, which counts like NEUTRAL."""
    doing = OF_REASON[reason_of(reason)] if state == AUX else OF_STATE[state]
    return Adherence.UNKNOWN if doing == UNKNOWN else AT[activity, doing]
