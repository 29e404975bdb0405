"""Which leave waits for somebody on "Today", what of it search finds, and what of it the person's page shows."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from occ.people.choices import Role
from occ.people.models import Person, User
from occ.people.scope import has_role, site_filter
from occ.search import Result
from occ.search import register as register_finder
from occ.times import JAKARTA, local_day
from occ.workflow.turns import Source, register
from sdm.absence.choices import LeaveStatus
from sdm.absence.workflow import ENTERERS, LEAVE
from sdm.models import LeaveRequest
from sdm.personal import ABSENCE_READERS, is_self
from sdm.providers import Line, Panel, register_panel
from sdm.ranks import COORDINATOR, TEAM_LEADER, deciders, ranked, without_superior
from sdm.services.absence import balance_on, leads


def waiting(user: User) -> Any:
    """Of the own team for its leader; of leaders, and what is overdue, for the coordinator; of who ranks as a
    coordinator for the manager, as a manager for the Head Manager; of who has nobody above here for HR; what was
    approved for WFM."""
    now = timezone.now()
    day = local_day(now, JAKARTA)
    leaders = Person.objects.filter(ranked(TEAM_LEADER, day)).values("pk")
    coordinators = Person.objects.filter(ranked(COORDINATOR, day)).values("pk")
    asked = LeaveRequest.objects.led_by(user)
    asked |= site_filter(user, {Role.COORDINATOR}) & (Q(employee__person__in=leaders) | Q(due_at__lte=now))
    asked |= site_filter(user, {Role.MANAGER}) & Q(employee__person__in=coordinators)
    asked |= site_filter(user, {Role.HEAD_MANAGER})
    above = Person.objects.filter(deciders(user, day))
    asked &= Q(employee__person__in=above)
    if has_role(user, ENTERERS):
        asked |= site_filter(user, ENTERERS) & Q(employee__in=decided_above(day))
    rows = LeaveRequest.objects.visible_to(user).filter(
        (Q(status=LeaveStatus.REQUESTED) & asked) | Q(status=LeaveStatus.APPROVED) & site_filter(user, {Role.WFM})
    )
    if user.person_id:
        rows = rows.exclude(employee_id=user.person_id)
    return rows.select_related("site", "employee__person").order_by("due_at", "pk")


def decided_above(day: date) -> set[int]:
    """Of whose leave nobody here decides; asked for now, by those of some rank only: all others have somebody."""
    asks = LeaveRequest.objects.filter(status=LeaveStatus.REQUESTED).values("employee_id")
    return without_superior(list(Person.objects.filter(ranked(TEAM_LEADER, day), pk__in=asks)), day)


def find(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = LeaveRequest.objects.visible_to(user).with_why(user).select_related("employee__person", "site")
    for word in text.split()[:6]:
        rows = rows.filter(Q(employee__person__name__icontains=word) | Q(employee__person__number__iexact=word))
    for one in rows.order_by("-starts_on", "-pk")[:limit]:
        when = f"{date_format(one.starts_on, 'j F Y')} – {date_format(one.ends_on, 'j F Y')}"
        yield Result(one.person.name, f"{one.called} · {when} · {one.get_status_display()}", one.get_absolute_url())


def _days(n: int) -> str:
    return ngettext("%(n)s day", "%(n)s days", n) % {"n": n}


def panel(user: User, person: Person) -> list[Line]:
    """The balance for who may see the person's leave, and the last times away."""
    rows = LeaveRequest.objects.visible_to(user).with_why(user).filter(employee_id=person.pk)
    found = list(rows.select_related("site", "employee__person").order_by("-starts_on", "-pk")[:8])
    lines = []
    if found and person.last_working_day is None:
        left = balance_on(person, local_day(timezone.now(), person.site.zone)).left
        lines.append(Line(_("Annual leave left"), "", "open", _days(left)))
    return lines + [
        Line(
            f"{date_format(one.starts_on, 'j F Y')} – {date_format(one.ends_on, 'j F Y')}", one.get_absolute_url(),
            one.status, str(one.get_status_display()), f"{one.called}, {_days(len(one.days))}",
        )
        for one in found
    ]  # fmt: skip


def reads(user: User, person: Person) -> bool:
    """Whether somebody's leave would be shown to the user."""
    if is_self(user, person.pk) or has_role(user, ABSENCE_READERS, site=person.site):
        return True
    return leads(user, person.pk, person.site)


register(
    Source(
        LEAVE, rows=waiting, due_at=lambda row: row.due_at, person="employee",
        title=lambda row: _("Leave of %(person)s") % {"person": row.person.name},
    )
)  # fmt: skip
register_finder(gettext_lazy("Leave"), find)
register_panel(Panel("sdm.leave", gettext_lazy("Leave"), gettext_lazy("No leave is recorded."), panel, reads=reads))
