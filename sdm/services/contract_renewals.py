"""The renewal of a contract, from the reminder to the registered extension (SDM-7, MO 4.1.5).

Locks: the person first, then the renewal, as all who change a person's contracts do.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from occ.documents.attachments import attachment_add
from occ.documents.models import IssuedDocument
from occ.documents.pdf import pdf_check
from occ.documents.services import document_issue
from occ.errors import Faults, Invalid, Refused, WrongState
from occ.obligations import services as obligations
from occ.people import lifecycle
from occ.people.actors import BEAT, LIFECYCLE, Actor
from occ.people.choices import LeavingReason
from occ.people.history import sign
from occ.people.lifecycle import person_locked
from occ.people.models import Person
from occ.policies.services import Values, policy_value
from occ.texts import kept
from occ.times import JAKARTA, end_of_day, local_day
from occ.workflow.services import begin, step
from sdm.choices import EmploymentKind
from sdm.contracts.changes import changed
from sdm.contracts.choices import MADE
from sdm.contracts.choices import RenewalStatus as R
from sdm.contracts.deadlines import registration_due, renewal_due
from sdm.contracts.documents import PKWT, RENEWAL_REPORT, pkwt_body, renewal_body
from sdm.contracts.policies import REGISTER, REMIND_DAYS, RENEW, SIGN, law
from sdm.contracts.summaries import span, summary_of
from sdm.contracts.workflow import RENEWAL
from sdm.models import Employment, Renewal
from sdm.models.contracts import OPEN_RENEWAL
from sdm.services import employments
from sdm.services.employments import Terms, limit_check, pkwt_chain

logger = logging.getLogger(__name__)
LATE_RECORD = "late_notice"
AT_ONCE = 500  # a run; the next one goes on
FARTHEST = 365  # days: the longest that the policy allows


# Opened by beat and by changes ---------------------------------------------------------------------------------------


def ending(*, today: date, days: int = FARTHEST) -> Any:
    """PKWTs in force that end within so many days with nothing after them, of people who stay beyond that end."""
    later = Employment.objects.filter(employee=OuterRef("employee"), starts_on__gt=OuterRef("ends_on"))
    going = Renewal.objects.filter(employment=OuterRef("pk"), status__in=OPEN_RENEWAL)
    leaves = Q(employee__person__last_working_day__isnull=False) & Q(
        employee__person__last_working_day__lte=F("ends_on")
    )
    return (
        Employment.objects.filter(
            kind=EmploymentKind.PKWT, starts_on__lte=today, ends_on__gte=today, ends_on=F("agreed_until"),
            ends_on__lte=today + timedelta(days=days),
        )
        .exclude(leaves)
        .exclude(Exists(later))
        .exclude(Exists(going))
    )  # fmt: skip


def renewals_watch(*, now: datetime) -> int:
    """Open what begins, and let run out what was not decided by its contract's end. Again does no harm."""
    return renewals_open(now=now) + renewals_lapse(now=now)


def renewals_open(*, now: datetime) -> int:
    values, count = Values([REMIND_DAYS], at=now), 0
    today = local_day(now, JAKARTA)
    rows = ending(today=today).values_list("pk", "employee_id", "employee__person__site_id", "ends_on")
    for pk, person_id, site_id, ends_on in rows.order_by("ends_on", "pk")[: 20 * AT_ONCE]:
        if (ends_on - today).days > int(values(REMIND_DAYS, site_id)):
            continue
        if count >= AT_ONCE:
            break
        with transaction.atomic():
            person = person_locked(person_id)
            count += len(_open_for(person, now, only=pk))
    return count


def _open_for(person: Person, now: datetime, only: int | None = None) -> list[Renewal]:
    """The person's lock is held."""
    today = local_day(now, person.site.zone)
    days = int(policy_value(REMIND_DAYS, at=now, site=person.site))
    rows = ending(today=today, days=days).filter(employee_id=person.pk)
    return [_open(one, person, now) for one in (rows if only is None else rows.filter(pk=only))]


def _open(employment: Employment, person: Person, now: datetime) -> Renewal:
    assert employment.ends_on is not None
    made = Renewal(employment=employment, site=person.site, opened_at=now, ends_on=employment.ends_on)
    sign(made, BEAT, now=now)
    made.save()
    begin(RENEWAL, made, actor=BEAT, now=now)
    due_at = renewal_due(made.ends_on, person.site.zone)
    obligations.obligation_open(
        rule=RENEW, subject=made, label=f"{person.name} ({person.number})", site=made.site,
        team=None, starts_at=min(now, due_at), due_at=due_at, late_cause=LATE_RECORD, actor=BEAT, now=now,
    )  # fmt: skip
    return made


def renewals_follow(*, person: Person, now: datetime) -> None:
    """The person's contracts or leaving changed: what is decided otherwise is withdrawn, what ends soon is opened.

    The person's lock is held.
    """
    last = person.last_working_day
    rows = Renewal.objects.undecided().filter(employment__employee_id=person.pk).select_related("employment")
    for one in rows:
        held, why = one.employment, ""
        if last is not None and last <= one.ends_on:
            why = _("Leaves on %(day)s") % {"day": date_format(last, "j F Y")}
        elif held.ends_on != one.ends_on or held.ends_on != held.agreed_until:
            why = _("The contract ends on another day")
        elif Employment.objects.filter(employee_id=person.pk, starts_on__gt=one.ends_on).exists():
            why = _("Another contract follows already")
        if why:
            with step(RENEWAL, Renewal, one.pk, "withdraw", actor=LIFECYCLE, now=now, note=why) as found:
                obligations.obligation_cancel(subject=found, rule=RENEW, reason=why, actor=LIFECYCLE, now=now)
    if last is None or last >= local_day(now, person.site.zone):
        _open_for(person, now)


def renewals_follow_move(*, person: Person, actor: Actor, now: datetime) -> None:
    """What is open goes with the person to another site: whoever decides there sees it and owes it."""
    rows = Renewal.objects.open().filter(employment__employee_id=person.pk).exclude(site=person.site)
    for one in rows.select_for_update(of=("self",), no_key=True):
        one.site = person.site
        sign(one, actor, kept(gettext_noop("Works at another site")), now=now)
        one.save(update_fields=["site"])
        obligations.obligations_take_along(
            subject=one, rules=[RENEW, SIGN, REGISTER], site=person.site, team=None, actor=actor, now=now
        )


def renewals_left(*, person: Person, last: date, now: datetime) -> None:
    """Who has left has no extension that had not begun by then, closed or not. The person's lock is held."""
    rows = Renewal.objects.filter(status__in=MADE, employment__employee_id=person.pk, made__starts_on__gt=last)
    for one in rows:
        why = _("Left before the extension began")
        with step(RENEWAL, Renewal, one.pk, "left", actor=LIFECYCLE, now=now, note=why, also={"made": None}) as found:
            _extension_remove(one.made_id, why, LIFECYCLE, now)
            for rule in (SIGN, REGISTER):
                obligations.obligation_cancel(subject=found, rule=rule, reason=why, actor=LIFECYCLE, now=now)


def renewals_lapse(*, now: datetime) -> int:
    """Terms that ran out undecided: the person leaves with the contract's last day (MO 4.1.5, "waktu kontrak habis").

    One that cannot (a return is planned, …) is parked with its reason and does not stop the others.
    """
    count = 0
    rows = Renewal.objects.undecided().filter(ends_on__lt=local_day(now, JAKARTA)).select_related("site", "employment")
    for one in rows.order_by("ends_on", "pk")[:AT_ONCE]:
        if local_day(now, one.site.zone) <= one.ends_on:
            continue
        try:
            with transaction.atomic():
                person = person_locked(one.employment.employee_id)
                note = _("Nothing was decided by the end of the contract")
                with step(RENEWAL, Renewal, one.pk, "lapse", actor=BEAT, now=now, note=note) as found:
                    _decided(found, {"outcome": "lapsed"}, BEAT, now)
                    _leaves(person, found, BEAT, now)
        except WrongState:  # decided by somebody meanwhile
            continue
        except Refused as refusal:
            logger.warning("renewal %s could not run out: %s", one.pk, refusal.code)
            Renewal.objects.filter(pk=one.pk).update(stuck_because=str(refusal)[:300])
            continue
        count += 1
    return count


def _leaves(person: Person, renewal: Renewal, actor: Actor, now: datetime) -> None:
    """The contract is not renewed: the person's leaving begins, unless it has sooner."""
    if person.last_working_day is not None and person.last_working_day <= renewal.ends_on:
        return
    lifecycle.person_leave(
        person_id=person.pk, last_working_day=renewal.ends_on, reason=LeavingReason.NON_RENEWAL, actor=actor, now=now
    )


def _decided(renewal: Renewal, evidence: dict[str, Any], actor: Actor, now: datetime) -> None:
    obligations.obligation_fulfil(subject=renewal, rule=RENEW, at=now, evidence=evidence, actor=actor, now=now)


def _extension_remove(employment_id: int | None, why: str, actor: Actor, now: datetime) -> None:
    assert employment_id is not None
    employments.employment_remove(Employment.objects.get(pk=employment_id), why, actor, now)


# The steps -----------------------------------------------------------------------------------------------------------


def _person_of(renewal_id: int) -> int:
    return Renewal.objects.values_list("employment__employee_id", flat=True).get(pk=renewal_id)


def _terms(renewal: Renewal, agreed_until: date, number: str = "") -> Terms:
    return Terms(EmploymentKind.PKWT, renewal.ends_on + timedelta(days=1), agreed_until, number)


def proposal_facts(renewal: Renewal, *, now: datetime) -> dict[str, Any]:
    """What the operation should know: the summary of attendance, violations and evaluations, as of now."""
    today = local_day(now, renewal.site.zone)
    first, last = span(renewal.employment.starts_on, renewal.ends_on, today)
    return summary_of(renewal.person, first, last)


def latest_end(renewal: Renewal, *, now: datetime) -> date:
    """The last day that an extension may have: the limit of the chain in which it would lie."""
    begins = renewal.ends_on + timedelta(days=1)
    return pkwt_chain(renewal.person_id, begins, begins, numbers=law(now)).limit


def renewal_propose(
    *, renewal_id: int, agreed_until: date, reason: str, note: str = "", actor: Actor, now: datetime
) -> Renewal:
    """The operation proposes the extension; what was known of the person then is kept with it.

    Raises Invalid: not after the present end, beyond the law's limit, no reason.
    """
    person = Person.objects.get(pk=_person_of(renewal_id))
    faults = Faults()
    if not reason.strip():
        faults.add(_("Say why it should be extended."), field="reason")
    also = {"agreed_until": agreed_until, "reason": reason.strip()[:2000]}
    if agreed_until <= Renewal.objects.values_list("ends_on", flat=True).get(pk=renewal_id):
        faults.add(_("That is not later than the present end."), field="agreed_until", code="order")
        faults.tell()
    with step(RENEWAL, Renewal, renewal_id, "propose", actor=actor, now=now, note=note, also=also) as found:
        _not_over(found, now)
        terms = _terms(found, agreed_until)
        with faults.of():
            employments.terms_check(terms, at=now)
            limit_check(person.pk, terms, at=now)
        faults.tell()
        found.summary = proposal_facts(found, now=now)
        found.save(update_fields=["summary"])
    return found


def _not_over(renewal: Renewal, now: datetime) -> None:
    if local_day(now, renewal.site.zone) > renewal.ends_on:
        raise WrongState(_("The contract has ended: it cannot be extended any more."), code="ended")


def _plain(name: str) -> Any:
    def service(*, renewal_id: int, note: str = "", actor: Actor, now: datetime) -> Renewal:
        with step(RENEWAL, Renewal, renewal_id, name, actor=actor, now=now, note=note) as found:
            pass
        return found

    return service


renewal_verify, renewal_check, renewal_send_back, renewal_revise, renewal_distribute = map(
    _plain, ("verify", "check", "send_back", "revise", "distribute")
)


def renewal_submit(*, renewal_id: int, memo: str, note: str = "", actor: Actor, now: datetime) -> Renewal:
    """The memo with which HR is asked to make the extension. Raises Invalid without its number."""
    if not memo.strip():
        raise Invalid(_("Which memo? Give its number."), field="memo")
    also = {"memo": memo.strip()[:60]}
    with step(RENEWAL, Renewal, renewal_id, "submit", actor=actor, now=now, note=note, also=also) as found:
        pass
    return found


def _cancelling(name: str) -> Any:
    @transaction.atomic
    def service(*, renewal_id: int, note: str, actor: Actor, now: datetime) -> Renewal:
        person = person_locked(_person_of(renewal_id))
        with step(RENEWAL, Renewal, renewal_id, name, actor=actor, now=now, note=note) as found:
            _decided(found, {"outcome": "not renewed", "note": note}, actor, now)
            _leaves(person, found, actor, now)
        return found

    service.__doc__ = "It is not renewed, and why: the person's leaving begins with the contract's last day."
    return service


renewal_cancel, renewal_refuse = _cancelling("cancel"), _cancelling("refuse")


@transaction.atomic
def renewal_make(
    *, renewal_id: int, number: str, language: str = "id", note: str = "", actor: Actor, now: datetime
) -> tuple[Renewal, IssuedDocument]:
    """Make the extension and issue its PKWT. Raises Invalid (a number is needed, beyond the limit), WrongState."""
    person = person_locked(_person_of(renewal_id))
    if not number.strip():
        raise Invalid(_("A contract has a number."), field="number")
    found = Renewal.objects.get(pk=renewal_id)
    also: dict[str, Any] = {"number": number.strip()[:60]}
    if found.status == R.CHECKED and RENEWAL.find("make").open_to(actor, found.site):
        _not_over(found, now)
        assert found.agreed_until is not None
        also["made"] = employments.employment_extend(
            employment_id=found.employment_id, agreed_until=found.agreed_until, number=number, note=note, tell=False,
            actor=actor, now=now,
        )  # fmt: skip
    with step(RENEWAL, Renewal, renewal_id, "make", actor=actor, now=now, note=note, also=also) as found:
        evidence = {"contract": found.made_id, "number": found.number}
        _decided(found, evidence, actor, now)
        with override(language):
            title = f"{PKWT.title}: {found.person.name}"
        document = document_issue(
            type=PKWT, site=found.site, subject=found, title=title, data=pkwt_body(found, language=language),
            language=language, actor=actor, now=now,
        )  # fmt: skip
        due_at = renewal_due(found.ends_on, found.site.zone)
        obligations.obligation_open(
            rule=SIGN, subject=found, label=f"{person.name} ({person.number})", site=found.site, team=None,
            starts_at=now, due_at=due_at, actor=actor, now=now,
        )  # fmt: skip
        changed.send(Employment, person=person, actor=actor, now=now)  # told now that the renewal knows its contract
    return found, document


@transaction.atomic
def renewal_decline(*, renewal_id: int, note: str, actor: Actor, now: datetime) -> Renewal:
    """It was not signed: the extension is taken back and the person leaves with the old end.

    Raises WrongState once the extension holds: then a leaving is recorded instead.
    """
    person = person_locked(_person_of(renewal_id))
    was = Renewal.objects.values_list("made_id", flat=True).get(pk=renewal_id)
    with step(RENEWAL, Renewal, renewal_id, "decline", actor=actor, now=now, note=note, also={"made": None}) as found:
        if local_day(now, found.site.zone) > found.ends_on:
            raise WrongState(_("The extension holds already. Record the leaving instead."))
        _extension_remove(was, note, actor, now)
        obligations.obligation_cancel(subject=found, rule=SIGN, reason=note, actor=actor, now=now)
        _leaves(person, found, actor, now)
    return found


def renewal_sign(
    *, renewal_id: int, signed_on: date, file: File[bytes], note: str = "", actor: Actor, now: datetime
) -> Renewal:
    """Keep the signed contract; its registration is owed from that day. Raises Invalid, FileRefused."""
    if file is None:
        raise Invalid(_("Upload the signed contract as a PDF."), field="file")
    pdf_check(file)
    shown = {"text": signed_on.isoformat()}
    with step(
        RENEWAL, Renewal, renewal_id, "sign", actor=actor, now=now, note=note, evidence=shown,
        also={"signed_on": signed_on},
    ) as found:  # fmt: skip
        zone = found.site.zone
        if signed_on > local_day(now, zone):
            raise Invalid(_("The date lies in the future."), field="signed_on")
        if signed_on < local_day(found.opened_at, zone):
            raise Invalid(_("That lies before the renewal began."), field="signed_on")
        held = attachment_add(file=file, subject=found, actor=actor, now=now, purpose="signed", allowed=("pdf",))
        shown |= {"attachment": str(held.pk), "name": held.name, "sha256": held.sha256}
        at = now if signed_on == local_day(now, zone) else min(now, end_of_day(signed_on, zone))
        obligations.obligation_fulfil(subject=found, rule=SIGN, at=at, evidence=shown, actor=actor, now=now)
        due_at = registration_due(signed_on, zone, law(now).register_days)
        person = found.person
        obligations.obligation_open(
            rule=REGISTER, subject=found, label=f"{person.name} ({person.number})", site=found.site, team=None,
            starts_at=min(now, due_at), due_at=due_at, late_cause=LATE_RECORD, actor=actor, now=now,
        )  # fmt: skip
    return found


def renewal_register(
    *, renewal_id: int, registered_on: date, registration: str, file: File[bytes] | None = None, note: str = "",
    actor: Actor, now: datetime,
) -> Renewal:  # fmt: skip
    """Registered at the ministry: its number, the day, and what shows it. Raises Invalid, FileRefused."""
    if not registration.strip():
        raise Invalid(_("Which number did the ministry give?"), field="registration")
    shown = {"text": registration.strip()[:80]}
    also = {"registered_on": registered_on, "registration": shown["text"]}
    found = Renewal.objects.select_related("site").get(pk=renewal_id)
    if registered_on > local_day(now, found.site.zone):
        raise Invalid(_("The date lies in the future."), field="registered_on")
    if found.signed_on is not None and registered_on < found.signed_on:
        raise Invalid(_("That lies before it was signed."), field="registered_on")
    with step(
        RENEWAL, Renewal, renewal_id, "register", actor=actor, now=now, note=note, evidence=shown, also=also
    ) as found:
        if file is not None:
            held = attachment_add(
                file=file, subject=found, actor=actor, now=now, purpose="registration", allowed=("pdf", "png", "jpg")
            )
            shown |= {"attachment": str(held.pk), "name": held.name, "sha256": held.sha256}
        zone = found.site.zone
        at = now if registered_on == local_day(now, zone) else min(now, end_of_day(registered_on, zone))
        obligations.obligation_fulfil(subject=found, rule=REGISTER, at=at, evidence=shown, actor=actor, now=now)
    return found


def renewal_close(
    *, renewal_id: int, language: str = "id", note: str = "", actor: Actor, now: datetime
) -> tuple[Renewal, IssuedDocument]:
    """Close the file and issue the report of the process (MO 4.1.5, "Laporan proses perpanjangan kontrak")."""
    with step(RENEWAL, Renewal, renewal_id, "close", actor=actor, now=now, note=note, also={"closed_at": now}) as found:
        with override(language):
            title = f"{RENEWAL_REPORT.title}: {found.person.name}"
        document = document_issue(
            type=RENEWAL_REPORT, site=found.site, subject=found, title=title,
            data=renewal_body(found, language=language), language=language, actor=actor, now=now,
        )  # fmt: skip
    return found, document


TRANSITIONS: dict[str, Any] = {
    "propose": renewal_propose,
    "cancel": renewal_cancel,
    "verify": renewal_verify,
    "refuse": renewal_refuse,
    "submit": renewal_submit,
    "revise": renewal_revise,
    "check": renewal_check,
    "send_back": renewal_send_back,
    "make": renewal_make,
    "distribute": renewal_distribute,
    "sign": renewal_sign,
    "decline": renewal_decline,
    "register": renewal_register,
    "close": renewal_close,
}
