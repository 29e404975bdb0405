"""What of the people's records is found by search, and which leavings wait for somebody on "Today"."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext_lazy

from occ.people.models import User
from occ.search import Result
from occ.search import register as register_finder
from occ.times import end_of_day
from occ.workflow.turns import Source, Stuck, register_stuck
from occ.workflow.turns import register as register_turns
from sdm.models import Employee, Leaving, Placement
from sdm.personal import MOVERS, may
from sdm.services import clearance
from sdm.workflow import LEAVING


def find_people(user: User, text: str, limit: int) -> Iterator[Result]:
    rows = Employee.objects.visible_to(user).search(text).select_related("person__site").defer("nik")
    for one in rows.order_by("person__name", "pk")[:limit]:
        person = one.person
        yield Result(person.name, f"{person.number} · {person.position} · {person.site.code}", one.get_absolute_url())


def stuck_plans(user: User) -> Iterator[Stuck]:
    """Transfers and returns whose day has come and that could not be brought about: for who may withdraw them."""
    for one in Placement.objects.stuck().visible_to(user).select_related("employee__person__site", "site")[:20]:
        if may(user, MOVERS, one.site):
            yield Stuck(f"{one.employee.person.name}: {one.stuck_because}", one.employee.get_absolute_url())


register_stuck(stuck_plans)
register_finder(gettext_lazy("People"), find_people)
register_turns(
    Source(
        LEAVING,
        rows=lambda user: (
            Leaving.objects.visible_to(user)
            .select_related("employee__person", "site")
            .order_by("last_working_day", "pk")
        ),
        title=lambda row: row.person.name,
        due_at=lambda row: end_of_day(row.last_working_day, row.site.zone),
        waits=lambda row, step: clearance.hinders(row, step, now=timezone.now()),
    )
)
