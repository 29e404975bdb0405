"""Whose turn it is, for "Today": renewals by their contract's end, compensations by their term's; and what is stuck.

Who reads the files of a renewal: those who keep contracts, and not all who see that it goes on.
"""

from collections.abc import Iterator

from occ.documents.attachments import register_visibility
from occ.people.models import User
from occ.people.scope import has_role
from occ.workflow.turns import Source, Stuck, register, register_stuck
from sdm.contracts.deadlines import compensation_due, renewal_due
from sdm.contracts.workflow import COMPENSATION, CORRECTION, HI, RENEWAL
from sdm.models import Compensation, CompensationCorrection, Renewal
from sdm.personal import CONTRACT_FILE_READERS, WAGE_READERS

register(
    Source(
        RENEWAL,
        rows=lambda user: (
            Renewal.objects.visible_to(user)
            .select_related("employment__employee__person", "site")
            .order_by("ends_on", "pk")
        ),
        title=lambda row: row.person.name,
        due_at=lambda row: renewal_due(row.ends_on, row.site.zone),
    )
)
register(
    Source(
        COMPENSATION,
        rows=lambda user: (
            Compensation.objects.visible_to(user)
            .exclude(employment__employee_id=user.person_id or 0)
            .select_related("employment__employee__person", "site")
            .order_by("ends_on", "pk")
        ),
        title=lambda row: row.person.name,
        due_at=lambda row: compensation_due(row.ends_on, row.site.zone),
    )
)
register(
    Source(
        CORRECTION,
        rows=lambda user: (
            CompensationCorrection.objects.visible_to(user)
            .exclude(compensation__employment__employee_id=user.person_id or 0)
            .exclude(status="agreed", approved_by=user)
            .select_related("compensation__employment__employee__person", "site")
            .order_by("due_at", "pk")
        ),
        title=lambda row: row.person.name,
        due_at=lambda row: row.due_at,
    )
)


def stuck(user: User) -> Iterator[Stuck]:
    """Contracts that ended undecided and whose leaving could not begin by itself."""
    rows = Renewal.objects.visible_to(user).undecided().exclude(stuck_because="").order_by("ends_on", "pk")
    for one in rows.select_related("employment__employee__person", "site")[:20]:
        if has_role(user, HI, site=one.site):
            yield Stuck(f"{one.person.name}: {one.stuck_because}", one.get_absolute_url())


register_stuck(stuck)


def renewal_files_visible(user: User, pk: str) -> bool:
    found = Renewal.objects.visible_to(user).filter(pk=pk).select_related("site").first()
    return found is not None and has_role(user, CONTRACT_FILE_READERS, site=found.site)


def compensation_files_visible(user: User, pk: str) -> bool:
    found = Compensation.objects.visible_to(user).filter(pk=pk).select_related("site").first()
    return found is not None and has_role(user, WAGE_READERS, site=found.site)


def correction_files_visible(user: User, pk: str) -> bool:
    found = CompensationCorrection.objects.visible_to(user).filter(pk=pk).select_related("site").first()
    return found is not None and has_role(user, WAGE_READERS, site=found.site)


register_visibility(CompensationCorrection, correction_files_visible)
register_visibility(Renewal, renewal_files_visible)
register_visibility(Compensation, compensation_files_visible)
