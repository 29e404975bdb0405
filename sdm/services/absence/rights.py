"""Who asks for leave for whom, decides about it, and reads why somebody is away (SDM-9)."""

from __future__ import annotations

from django.utils import timezone

from occ.people.models import Site, User
from occ.people.scope import has_role
from occ.times import local_day
from sdm.absence.workflow import APPROVERS, ASKERS, ENTERERS, ON_BEHALF
from sdm.models import LeaveRequest, led_people
from sdm.personal import ABSENCE_LEADERS, NOTE_READERS, is_self
from sdm.ranks import decides_of, without_superior


def leads(user: User, person_id: int, site: Site) -> bool:
    """Whether that user is the person's team leader."""
    return has_role(user, ABSENCE_LEADERS, site=site) and led_people(user).filter(pk=person_id).exists()


def may_decide(user: User, leave: LeaveRequest) -> bool:
    """The team leader of the person, or a coordinator or manager of the site, who ranks above; never of oneself.

    HR where nobody here ranks above: it enters what was decided above the contact center.
    """
    day = local_day(timezone.now(), leave.site.zone)
    if has_role(user, APPROVERS, site=leave.site) and decides_of(user, leave.employee_id, day):
        return True
    enters = has_role(user, ENTERERS, site=leave.site) and not is_self(user, leave.employee_id)
    return enters and decided_above(leave)


def decided_above(leave: LeaveRequest) -> bool:
    """Whether nobody with a log-in stands above the person, as above the only Head Manager."""
    return bool(without_superior([leave.person], local_day(timezone.now(), leave.site.zone)))


def may_act_for(user: User, person_id: int, site: Site) -> bool:
    """Whether that user asks, cancels and brings proofs for that person: oneself, who leads them, HR."""
    if is_self(user, person_id):
        return has_role(user, ASKERS)
    return has_role(user, ON_BEHALF - ABSENCE_LEADERS, site=site) or leads(user, person_id, site)


def reads_why(user: User, leave: LeaveRequest) -> bool:
    """The reason, the proof, and of what kind an absence for health or family is."""
    own = is_self(user, leave.employee_id)
    return own or has_role(user, NOTE_READERS, site=leave.site) or leads(user, leave.employee_id, leave.site)


def proof_visible(user: User, pk: str) -> bool:
    """Who reads the files of a leave: see `reads_why`."""
    found = LeaveRequest.objects.visible_to(user).filter(pk=pk).select_related("site").first()
    return found is not None and reads_why(user, found)
