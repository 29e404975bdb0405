"""What of rosters and of the floor waits for somebody, on "Today"; and alerts that nobody looks after."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Case, Exists, OuterRef, Value, When
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from occ.people.choices import Role
from occ.people.models import User
from occ.people.scope import has_role
from occ.workflow.turns import LIMIT, Source, Stuck, Turn, register, register_asked, register_stuck
from realtime.choices import RosterStatus, SwapStatus
from realtime.models import Alert, Handover, RecoveryPlan, Roster, RosterCheck, ShiftSwap
from realtime.services.alerting import ACKNOWLEDGERS
from realtime.services.months import changed_since_frozen, reports_unsigned, sign_url
from realtime.workflow import CHECK, HANDOVER, RECOVERY, ROSTER, SWAP


def plans(user: User) -> Any:
    """Not those of one's own: somebody else verifies."""
    rows = RecoveryPlan.objects.visible_to(user).exclude(status="done", opened_by=user)
    return rows.select_related("site").order_by("opened_at", "pk")


def handovers(user: User) -> Any:
    """Who handed a shift over does not take it over."""
    rows = Handover.objects.visible_to(user).exclude(status="handed", handed_by=user)
    return rows.select_related("site", "shift").order_by("ends_at", "pk")


def unattended(user: User) -> Iterator[Stuck]:
    if has_role(user, ACKNOWLEDGERS):
        rows = Alert.objects.visible_to(user).open().filter(acknowledged_at=None).select_related("site")
        for one in rows.order_by("opened_at", "pk")[:10]:
            words = _("Alert at %(site)s: %(alert)s") % {"site": one.site.code, "alert": one}
            yield Stuck(words, one.get_absolute_url(), heading=_("Nobody looks after it"))


def unsigned(user: User) -> Iterator[Turn]:
    for one in reports_unsigned(user)[:LIMIT]:
        assert one.site is not None and one.period_from is not None
        said = {"month": date_format(one.period_from, "F Y"), "site": one.site.name}
        title = _("SLG and KPI of %(month)s, %(site)s") % said
        yield Turn(title, sign_url(one), _("Sign the report"), one.site.code, None, one.site.zone)


def unrevised(user: User) -> Iterator[Turn]:
    for one in changed_since_frozen(user, timezone.now()):
        title = _("Figures of %(month)s changed since the freeze, %(site)s") % {
            "month": one.label,
            "site": one.site.name,
        }
        yield Turn(title, one.get_absolute_url(), _("Issue a revision"), one.site.code, None, one.site.zone)


def rosters(user: User) -> Any:
    """Not the drafts that one has written in: somebody else validates."""
    rows = Roster.objects.visible_to(user).in_work()
    mine = rows.filter(status=RosterStatus.DRAFT, hands=user).values("pk")
    return rows.exclude(pk__in=mine).select_related("site").order_by("month", "pk")


def checks(user: User) -> Any:
    """The soonest first, those whose day is over after them: they are owed until somebody signs. Of one's own roster
    somebody else waits."""
    since = timezone.localdate() - timedelta(days=1)
    rows = RosterCheck.objects.visible_to(user).waiting().annotate(first=TruncMonth("day"))
    own = Roster.objects.drawn_up().filter(hands=user, site=OuterRef("site"), month=OuterRef("first"))
    over = Case(When(day__lt=since, then=Value(1)), default=Value(0))
    return rows.exclude(Exists(own)).select_related("site", "shift").order_by(over, "due_at", "pk")


def swaps(user: User) -> Any:
    """An agent waits for nobody's own step: who asked waits, who was asked answers."""
    rows = ShiftSwap.objects.visible_to(user).open().select_related("site", "person", "other")
    if user.person_id is not None and has_role(user, {Role.AGENT}):
        rows = rows.exclude(person=user.person_id).exclude(status=SwapStatus.ACCEPTED, other=user.person_id)
    return rows.order_by("day", "pk")


register(
    Source(ROSTER, rows=rosters, title=lambda row: _("Roster %(name)s") % {"name": row.called}, due_at=lambda row: None)
)
register(
    Source(
        CHECK, rows=checks, title=lambda row: _("Roster validation %(name)s") % {"name": row},
        due_at=lambda row: row.due_at,
    )
)  # fmt: skip
register(Source(SWAP, rows=swaps, title=str, due_at=lambda row: None, person="person"))
register(Source(RECOVERY, rows=plans, title=lambda row: str(row), due_at=lambda row: None))
register(
    Source(
        HANDOVER, rows=handovers, title=lambda row: _("Shift handover %(shift)s") % {"shift": row},
        due_at=lambda row: row.ends_at,
    )
)  # fmt: skip
register_stuck(unattended)
register_asked(unsigned)
register_asked(unrevised)
