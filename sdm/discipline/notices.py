"""What a pembinaan tells people: that something waits, never what. An inbox and a mailbox are read over shoulders."""

from django.utils.translation import gettext_noop

from occ.notifications.kinds import Kind, register
from occ.workflow.endings import asks
from sdm.models.discipline import DisciplineCase

YOURS = register(
    Kind(
        "sdm.discipline.yours",
        gettext_noop("Please read and answer: %(label)s"),
        gettext_noop("%(label)s waits for you in OCC. Only you, your superiors and HR can open it."),
    )
)
WAITS = register(
    Kind(
        "sdm.discipline.waits",
        gettext_noop("%(label)s waits for your step"),
        gettext_noop("%(label)s waits for your step in OCC."),
    )
)
TOLD = register(
    Kind(
        "sdm.discipline.told",
        gettext_noop("%(label)s has gone on"),
        gettext_noop("Read in OCC how it stands."),
    )
)
# Whatever state it waits in, the next step of the case is what was asked for, or something else was done instead.
for one in (YOURS, WAITS):
    asks(one, DisciplineCase, ())
