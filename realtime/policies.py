"""The numbers of SOP-RTM and of MO 1.3, 3.2 as dated policies."""

from django.utils.translation import gettext_lazy as _

from occ.policies.registry import Definition, number, register
from realtime.choices import Category

SHORT_ABANDON = "realtime.voice.short_abandon_seconds"
WITHIN = "realtime.voice.service_level_seconds"
SERVICE_LEVEL = "realtime.voice.service_level_percent"
SCR = "realtime.scr_percent"
AHT = "realtime.aht_seconds"
MENU_COUNTS = "realtime.voice.menu_counts"


def response_target(category: str) -> str:
    return f"realtime.response.{category}.target"


def response_limit(category: str) -> str:
    return f"realtime.response.{category}.limit"


for key, label, unit, clause, default, least, most in (
    (SHORT_ABANDON, _("An abandon is a short one below"), _("seconds"), "SOP-RTM 7.1", 5, 0, 60),
    (WITHIN, _("The service level counts calls answered within"), _("seconds"), "SOP-RTM 7.1", 20, 1, 600),
    (SERVICE_LEVEL, _("Service level: so many calls are answered in that time"), _("percent"), "SOP-RTM 7.1", 80, 1,
     100),
    (SCR, _("SCR: so many of the calls offered are answered"), _("percent"), "MO 3.2", 90, 1, 100),
    (AHT, _("AHT: talk and hold of a call take at most"), _("seconds"), "MO 3.2", 450, 1, 7_200),
    (MENU_COUNTS, _("Calls that end in the voice menu count as offered (1) or not (0)"), _("0 or 1"), "MO 3.2", 0, 0,
     1),
):  # fmt: skip
    register(Definition(key, label, unit, clause, default, number(least, most)))

RESPONSE = {Category.INFORMATION: (180, 720), Category.REQUEST: (300, 1_200), Category.COMPLAINT: (720, 1_200)}
TARGETS = {
    Category.INFORMATION: _("Response time to information: target"),
    Category.REQUEST: _("Response time to a request: target"),
    Category.COMPLAINT: _("Response time to a complaint: target"),
}
LIMITS = {
    Category.INFORMATION: _("Response time to information: limit"),
    Category.REQUEST: _("Response time to a request: limit"),
    Category.COMPLAINT: _("Response time to a complaint: limit"),
}
for category, (aim, at_most) in RESPONSE.items():
    seconds, clause = _("seconds"), "MO 3.2"
    valid = number(1, 86_400)
    register(Definition(response_target(category), TARGETS[category], seconds, clause, aim, valid))
    register(Definition(response_limit(category), LIMITS[category], seconds, clause, at_most, valid))
