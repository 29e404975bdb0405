"""The numbers of the forecast as dated policies."""

from django.utils.translation import gettext_lazy as _

from occ.policies.registry import Definition, number, register
from realtime.forecasting.model import AHEAD

DAYS_AHEAD = "realtime.forecast.days_ahead"
PAYDAY = "realtime.forecast.payday"
WAPE = "realtime.forecast.wape_percent"
register(Definition(DAYS_AHEAD, _("Every night the forecast is made for so many days"), _("days"), "MO 2.1.2", 14,
                    number(1, AHEAD[-1])))  # fmt: skip
register(Definition(PAYDAY, _("Customers are paid on this day of the month"), _("day of the month"), "MO 2.1.2", 25,
                    number(1, 31)))  # fmt: skip
register(Definition(WAPE, _("A forecast's WAPE is at most"), _("percent"), "MO 2.1.2", 20, number(1, 100)))
