"""Every PKWT is registered at the ministry within some working days of its signing (SDM-7; PP 35/2021 art. 14).

An extension that a renewal made is registered in the renewal (contract_renewals); here all others, the first above all.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from occ.documents.attachments import attachment_add
from occ.errors import Invalid, NotAllowed, WrongState
from occ.ledger.services import record
from occ.obligations import services as obligations
from occ.people.actors import Actor
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person
from occ.times import end_of_day, local_day
from sdm.choices import EmploymentKind
from sdm.contracts.deadlines import registration_due
from sdm.contracts.policies import REGISTER, law
from sdm.contracts.workflow import HI
from sdm.models import Employment
from sdm.personal import may, of_another

LATE_RECORD = "late_notice"
# What was signed longer ago was settled before anybody told OCC of it.
LOOK_BACK = timedelta(days=31)


def signed_by(employment: Employment, today: date) -> date:
    """The day of signing; where nobody told it, the day on which it was recorded or began, whichever came first."""
    return employment.signed_on or min(today, employment.starts_on)


def registration_owe(employment: Employment, person: Person, *, actor: Actor, now: datetime) -> None:
    """The person's lock is held."""
    zone = person.site.zone
    today = local_day(now, zone)
    signed_on = signed_by(employment, today)
    if employment.kind != EmploymentKind.PKWT or signed_on < today - LOOK_BACK:
        return
    due_at = registration_due(signed_on, zone, law(now).register_days)
    obligations.obligation_open(
        rule=REGISTER, subject=employment, label=f"{person.name} ({person.number})", site=person.site, team=None,
        starts_at=min(now, due_at), due_at=due_at, late_cause=LATE_RECORD, actor=actor, now=now,
    )  # fmt: skip


def registrations_follow_move(*, person: Person, on: date, actor: Actor, now: datetime) -> None:
    """HR of the new site registers what is not registered yet; who was late reads of it as of the last day there."""
    for one in Employment.objects.filter(employee_id=person.pk, kind=EmploymentKind.PKWT, registered_on=None):
        obligations.obligations_take_along(
            subject=one, rules=[REGISTER], site=person.site, team=None, actor=actor, now=now,
            left_url=f"{one.get_absolute_url()}?as_of={on - timedelta(days=1)}",
        )  # fmt: skip


@transaction.atomic
def employment_register(
    *, employment_id: int, registered_on: date, registration: str, file: File[bytes] | None = None, actor: Actor,
    now: datetime,
) -> Employment:  # fmt: skip
    """Registered at the ministry: the day, the number that it gave, and what shows it.

    Raises NotAllowed, Invalid, WrongState, FileRefused.
    """
    person = person_locked(Employment.objects.values_list("employee_id", flat=True).get(pk=employment_id))
    found = Employment.objects.get(pk=employment_id)
    if not may(actor, HI, person.site):
        raise NotAllowed
    of_another(actor, person.pk)
    if found.kind != EmploymentKind.PKWT:
        raise WrongState(_("Only a PKWT is registered."))
    if hasattr(found, "renewal"):
        raise WrongState(_("This extension is registered in its renewal."))
    if found.registered_on is not None:
        raise WrongState(_("This contract is registered already."))
    number = registration.strip()
    if not number or len(number) > 80:
        raise Invalid(_("Which number did the ministry give?"), field="registration")
    zone = person.site.zone
    today = local_day(now, zone)
    if registered_on > today:
        raise Invalid(_("The date lies in the future."), field="registered_on")
    if found.signed_on is not None and registered_on < found.signed_on:
        raise Invalid(_("That lies before it was signed."), field="registered_on")
    found.registered_on, found.registration = registered_on, number
    sign(found, actor, _("Registered at the ministry"), now=now)
    found.save(update_fields=["registered_on", "registration"])
    shown = {"text": number}
    if file is not None:
        held = attachment_add(
            file=file, subject=found, actor=actor, now=now, purpose="registration", allowed=("pdf", "png", "jpg")
        )
        shown |= {"attachment": str(held.pk), "name": held.name, "sha256": held.sha256}
    data = {"registered_on": registered_on, "registration": number}
    record(actor=actor, action="employment.registered", subject=found, data=data, now=now, site=person.site)
    at = now if registered_on == today else min(now, end_of_day(registered_on, zone))
    obligations.obligation_fulfil(subject=found, rule=REGISTER, at=at, evidence=shown, actor=actor, now=now)
    return found
