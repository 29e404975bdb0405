"""Who was not taken on is forgotten (UU 27/2022 art. 16, 43-44): candidates, and whom training knew by a typed name.

What remains is that somebody applied or was trained, and with which outcome: nothing that leads to them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from occ.ledger.services import record
from occ.people.actors import BEAT
from occ.people.history import sign
from occ.policies.services import policy_value
from occ.texts import kept
from sdm.models import Candidate, Participant
from sdm.models.training import CANDIDATE, ERASED, ParticipantQuerySet
from sdm.recruiting.deadlines import forgotten_since
from sdm.recruiting.policies import KEPT


def candidates_forget(*, now: datetime, most: int = 500) -> int:
    """Anonymise whoever was not taken on and whose time is over, in recruitment and in training; how many."""
    before = forgotten_since(now, float(policy_value(KEPT, at=now)))
    done = 0
    for pk in list(Candidate.objects.to_forget(before).order_by("ended_at").values_list("pk", flat=True)[:most]):
        done += _forget(pk, before, now)
    typed = Participant.objects.to_forget(before).order_by("ended_at").values_list("pk", flat=True)
    for pk in list(typed[:most]):
        done += _forget_typed(pk, before, now)
    return done


@transaction.atomic
def _forget(candidate_id: int, before: datetime, now: datetime) -> bool:
    rows = Candidate.objects.to_forget(before).select_for_update(of=("self",), no_key=True, skip_locked=True)
    found = rows.filter(pk=candidate_id).select_related("site").first()
    if found is None:
        return False
    empty: dict[str, Any] = dict.fromkeys(("name", "nik", "phone", "email", "birth_date", "study", "source"), "")
    empty |= {"nik_mark": None, "phone_mark": None, "forgotten_at": now}
    for name, value in empty.items():
        setattr(found, name, value)
    sign(found, BEAT, kept(gettext_noop("Anonymised")), now=now)
    found.save(update_fields=list(empty))
    record(actor=BEAT, action="candidate.anonymised", subject=found, data={}, now=now, site=found.site)
    # Older batches may bear the name; the candidate's number stays, and leads nowhere any more.
    _erase(Participant.objects.named().filter(number=f"{CANDIDATE}{found.pk}"), now)
    return True


@transaction.atomic
def _forget_typed(pk: int, before: datetime, now: datetime) -> bool:
    """A number that was typed with the name goes with it: only who typed it knows whose it is."""
    return bool(_erase(Participant.objects.to_forget(before).filter(pk=pk), now, number=""))


def _erase(rows: ParticipantQuerySet, now: datetime, **more: str) -> int:
    """Name, and what `more` says, in row and history; results stay. The ledger says of whom by the row's number."""
    found = list(rows.select_for_update(of=("self",), no_key=True).select_related("site"))
    for one in found:
        # Not by saving: one more row of history would be signed for nothing but the erasing, which the ledger tells.
        Participant.objects.filter(pk=one.pk).update(name=ERASED, **more)
        Participant.history.filter(id=one.pk, person=None).exclude(name=ERASED).update(name=ERASED, **more)
        record(actor=BEAT, action="training.names_erased", subject=one, data={}, now=now, site=one.site)
    return len(found)
