"""Warning letters given before OCC kept them (SDM-11): each with a closed case of its own, without a document of OCC's.

They count for the level of the next letter as those of OCC do, for as long as they are valid and within the present
employment.
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from occ.documents.signing import position_of
from occ.errors import Invalid, NotAllowed
from occ.ledger.services import record
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import User
from occ.people.scope import has_role
from occ.policies.services import policy_value
from occ.times import local_day
from sdm.discipline.choices import LAST_LEVEL, CaseStatus, EntryKind, Matter
from sdm.discipline.levels import valid_until as law_until
from sdm.discipline.policies import MONTHS
from sdm.discipline.workflow import RELATIONS
from sdm.models.discipline import DisciplineCase, WarningLetter
from sdm.services.discipline_common import entry, words
from sdm.services.discipline_letters import CLAUSE_LENGTH, REASON

PAPER = 60


@transaction.atomic
def letter_take_up(
    *, person_id: int, level: int, paper_number: str, issued_on: date, violated_on: date | None = None,
    valid_until: date | None = None, reason: str, clause: str, actor: User, now: datetime,
) -> tuple[WarningLetter, bool]:  # fmt: skip
    """A letter that was given on paper, and whether that is new; the same again changes nothing.

    `valid_until` None: as the policy of its day has it. Raises NotAllowed (oneself too), Invalid.
    """
    person = person_locked(person_id)
    if not has_role(actor, RELATIONS, site=person.site) or actor.person_id == person_id:
        raise NotAllowed
    paper_number = words(paper_number, "paper_number", PAPER)
    reason, clause = words(reason, "reason", REASON), words(clause, "clause", CLAUSE_LENGTH)
    if not 1 <= level <= LAST_LEVEL:
        raise Invalid(_("A warning letter is SP 1, 2 or 3."), field="level")
    if not person.joined_on <= issued_on <= local_day(now, person.site.zone):
        raise Invalid(_("That lies before the person joined, or in the future."), field="issued_on")
    violated_on = violated_on or issued_on
    if violated_on > issued_on:
        raise Invalid(_("The violation came before the letter."), field="violated_on")
    at = datetime.combine(issued_on, time(12), person.site.zone)
    until = valid_until or law_until(issued_on, int(policy_value(MONTHS, at=at, site=person.site)))
    if until < issued_on:
        raise Invalid(_("It would end before it begins."), field="valid_until")
    same = WarningLetter.objects.standing().filter(person=person, level=level, issued_on=issued_on).first()
    if same is not None:
        if same.paper_number == paper_number:
            return same, False
        raise Invalid(_("Another letter of this level is recorded for that day."), field="issued_on", code="differs")
    case = DisciplineCase(
        site=person.site, person=person, matter=Matter.DISCIPLINE, about=reason, status=CaseStatus.ENDED,
        source_label=_("Letter of before"), opened_at=at, opened_by=actor, closed_at=at,
    )  # fmt: skip
    sign(case, actor, "taken up", now=now)
    case.save()
    name, position = str(actor.person or actor)[:150], position_of(actor)[:80]
    made = WarningLetter(
        case=case, person=person, violated_on=violated_on, reason=reason, clause=clause, requested_at=now,
        requested_by=actor, requested_name=name, requested_position=position, level=level, issued_on=issued_on,
        valid_until=until, issued_at=at, issued_by=actor, issued_name=name, issued_position=position,
        paper_number=paper_number,
    )  # fmt: skip
    sign(made, actor, "taken up", now=now)
    made.save()
    said = _("SP %(level)s, letter %(number)s of before, on paper: %(reason)s")
    text = said % {"level": level, "number": paper_number, "reason": reason}
    entry(case, EntryKind.ISSUED, text, actor=actor, now=now)
    record(actor=actor, action="discipline.taken_up", subject=case, data={}, now=now, site=person.site)
    return made, True
