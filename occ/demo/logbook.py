"""Two years of the user-ID logbook, lived through the services in the order of time; then requests in every state.

Reminders and breaches are swept at the instants at which they fell due, so that history, obligations and figures
are what the real thing would have left.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import count

import typst
from django.core.files.base import ContentFile

from occ.demo.clockwork import until
from occ.demo.people import PERSONNEL, Staff
from occ.documents.attachments import attachment_add
from occ.documents.choices import Purpose
from occ.documents.signing import Signing, position_of
from occ.people import lifecycle, shifts
from occ.people.choices import LeavingReason, Role
from occ.people.models import Person, Site, Team, User
from occ.times import JAKARTA, local_day
from userids.choices import Channel
from userids.models import Account, Application, DeactivationRequest, Resignation
from userids.services import accounts, deactivations, replacements
from userids.services.exports import logbook_issue

LEAVERS = 44  # in two years, as a floor of this size sees
ISSUED = (712, 540, 360, 180, 21)  # days ago: the first one's masa simpan of two years ends soon
PROOF = "Status “Non Aktif” di daftar pengguna Omni Channel."
MIXES = [["voice"], ["chat", "whatsapp"], ["email", "social"], ["chat", "social", "whatsapp"]]
Deed = Callable[..., object]  # called with now=…
NOTES = ("Menu pengguna tidak terbuka (time-out).", "Aplikasi menolak perubahan: sesi masih aktif.", "VPN terputus.")


class Life:
    """Events in order of time, each a function of its instant; due ladder steps are swept between them."""

    def __init__(self, staff: Staff, now: datetime) -> None:
        self.staff, self.now, self.rng = staff, now, staff.rng
        self.events: list[tuple[datetime, int, Deed]] = []
        self.order = count()
        self.shifts: dict[int, datetime] = {}
        self.support = staff.users["support"]
        self.numbers = count(1)
        self.application = Application.objects.create(code="OMNI", name="Omni Channel")

    def at(self, when: datetime, deed: Deed) -> None:
        heapq.heappush(self.events, (when, next(self.order), deed))

    def __enter__(self) -> Life:
        shifts.register_last_shift(self.shift_ends)
        return self

    def __exit__(self, *raised: object) -> None:
        shifts.unregister_last_shift(self.shift_ends)

    def run(self) -> None:
        while self.events:
            when, _order, deed = heapq.heappop(self.events)
            deed(now=until(when))
        until(self.now)
        lifecycle.announce_left(now=self.now)

    def shift_ends(self, person: Person, day: date) -> shifts.ShiftEnd | None:
        """The demo's roster: only the shifts that it needs."""
        ends = self.shifts.get(person.pk)
        return shifts.ShiftEnd(ends, "demo") if ends else None

    def leader(self, site: Site) -> User:
        return self.staff.users[f"team_leader.{site.code.lower()}"]

    # Joining -------------------------------------------------------------------------------------------------------

    def open_account(self, person: Person, role: str, channels: list[str], when: datetime) -> Account:
        return accounts.account_create(
            application=self.application, user_id=f"OMN-{next(self.numbers):03}", person=person, email=person.email,
            role=role, channels=channels, site=person.site, activated_at=when, actor=self.support, now=when,
        )  # fmt: skip

    def channels(self) -> list[str]:
        return self.rng.choice(MIXES)

    def found(self, site: Site, team: Team, when: datetime, role: str = "Agent") -> Account:
        """An agent who was there when the logbook began."""
        person = self.staff.hire(site, role, local_day(when, JAKARTA) - timedelta(days=self.rng.randrange(400)), team)
        channels = [str(Channel.VIDEO)] if role == "Agent Verifikator" else self.channels()
        return self.open_account(person, role, channels, when)

    # Leaving -------------------------------------------------------------------------------------------------------

    def leave(self, account: Account, last_day: date, *, late_notice: bool = False) -> None:
        """A whole, finished leaving with its replacement, as chance has it."""
        rng, holder = self.rng, account.holder
        assert holder is not None
        person = holder.person
        ends = end_of_shift(last_day, rng)
        self.shifts[person.pk] = ends
        told = ends + timedelta(hours=30) if late_notice else ends - timedelta(days=rng.randrange(3, 30), hours=5)
        reason = rng.choices(
            [LeavingReason.RESIGNATION, LeavingReason.NON_RENEWAL, LeavingReason.DISMISSAL], [8, 3, 1]
        )[0]

        def record(*, now: datetime) -> None:
            deactivations.resignation_record(
                person_id=person.pk, last_working_day=last_day, reason=reason, actor=self.support, now=now
            )
            request = DeactivationRequest.objects.open().get(person=person)
            begin = max(ends, now) + timedelta(minutes=rng.randrange(20, 600))
            if rng.random() < 0.15:  # nobody looked in time
                begin = max(ends, now) + timedelta(hours=rng.randrange(26, 60))
            self.at(begin, partial(self.shut, request, account))

        self.at(told, record)

    def shut(self, request: DeactivationRequest, account: Account, *, now: datetime) -> None:
        leader, rng = self.leader(account.site), self.rng
        deactivations.deactivation_start(request_id=request.pk, actor=leader, now=now)
        done = now + timedelta(minutes=rng.randrange(3, 40))
        if rng.random() < 0.2:
            failed, note = now + timedelta(minutes=10), rng.choice(NOTES)
            self.at(failed, partial(self.fail, request, note))
            self.at(failed + timedelta(minutes=45), partial(self.start, request))
            done = failed + timedelta(minutes=60)
        self.at(done, partial(self.confirm, request, account))

    def fail(self, request: DeactivationRequest, note: str, *, now: datetime) -> None:
        deactivations.deactivation_fail(request_id=request.pk, note=note, actor=self.leader(request.site), now=now)

    def start(self, request: DeactivationRequest, *, now: datetime) -> None:
        deactivations.deactivation_start(request_id=request.pk, actor=self.leader(request.site), now=now)

    def confirm(self, request: DeactivationRequest, account: Account, *, now: datetime) -> None:
        since = now - timedelta(minutes=2)
        if since <= request.due_at < now:
            since = now
        deactivations.deactivation_confirm(
            request_id=request.pk, evidence={"text": PROOF}, inactive_since=since,
            actor=self.leader(request.site), now=now,
        )  # fmt: skip
        self.at(now + timedelta(hours=self.rng.randrange(1, 20)), partial(self.document, request))
        if now < self.now - timedelta(days=40):
            self.at(now + timedelta(days=self.rng.randrange(3, 20)), partial(self.replace, account))

    def document(self, request: DeactivationRequest, *, now: datetime) -> None:
        if now < self.now:
            deactivations.deactivation_document(request_id=request.pk, actor=self.support, now=now)

    def newcomer(self, account: Account, when: datetime) -> Person:
        team = self.rng.choice(self.staff.teams[account.site.code])
        return self.staff.hire(account.site, account.role, local_day(when, JAKARTA), team)

    def replace(self, account: Account, *, now: datetime) -> None:
        person, leader = self.newcomer(account, now), self.leader(account.site)
        request = replacements.replacement_request(
            account_id=account.pk, person_id=person.pk, email=person.email, actor=self.support, now=now
        )
        steps = [timedelta(hours=2), timedelta(hours=3), timedelta(hours=8)]
        replacements.replacement_start(request_id=request.pk, actor=leader, now=now + steps[0])
        replacements.replacement_confirm(
            request_id=request.pk, evidence={"text": "Pengguna baru dapat masuk."}, sessions_revoked=True,
            work_handed_over=True, actor=leader, now=now + steps[1],
        )  # fmt: skip
        replacements.replacement_document(request_id=request.pk, actor=self.support, now=now + steps[2])


def end_of_shift(day: date, rng: random.Random) -> datetime:
    """The end of a shift that began on that day: 15:00, 22:00 or 07:00 the next morning."""
    hour = rng.choice([15, 22, 31])
    return datetime.combine(day, time.min, JAKARTA) + timedelta(hours=hour)


def live(life: Life) -> None:
    """The past: the logbook's beginning two years ago, and every leaving since."""
    staff, now, rng = life.staff, life.now, life.rng
    begin = now - timedelta(days=730)
    held: list[Account] = []
    for code, (agents, verifiers, _leaders) in PERSONNEL.items():
        teams = staff.teams[code]
        for i in range(agents + verifiers):
            role = "Agent" if i < agents else "Agent Verifikator"
            held.append(life.found(staff.sites[code], teams[i % len(teams)], begin + timedelta(minutes=i), role))
    leaving = rng.sample([one for one in held if one.role == "Agent"], LEAVERS)
    for i, account in enumerate(leaving):
        days = 715 - i * 690 // LEAVERS - rng.randrange(0, 8)
        life.leave(account, local_day(now, JAKARTA) - timedelta(days=days), late_notice=rng.random() < 0.05)
    for site in staff.sites.values():
        for back in ISSUED:
            life.at(now - timedelta(days=back), partial(_issue, life, site))
    life.run()


def _issue(life: Life, site: Site, *, now: datetime) -> None:
    """Document Control issues the site's logbook, as it does twice a year."""
    control = life.staff.users["document_control"]
    signing = Signing(control.pk, control.get_full_name(), position_of(control), Purpose.PREPARED, now)
    accounts = Account.objects.filter(site=site).as_of(now).select_related("site", "application")
    logbook_issue(
        accounts=accounts, site=site, at=now, period=None, language="id", signatures=[signing], actor=control, now=now
    )


def present(life: Life) -> None:
    """Requests in every state, with minutes, hours and days left, and past their time; on both sites."""
    for code, clock in (("JKT", timedelta(0)), ("YGY", timedelta(minutes=25))):
        site = life.staff.sites[code]
        free = list(
            Account.objects.filter(
                site=site, status="active", role="Agent", deactivations=None, assignments__ends_at=None
            )
            .exclude(assignments__person__user__isnull=False)
            .with_holder()
            .order_by("user_id")
        )
        life.rng.shuffle(free)
        for left, state in (
            (timedelta(minutes=40), "requested"), (timedelta(hours=1, minutes=50), "in_progress"),
            (timedelta(hours=5), "requested"), (timedelta(hours=9), "failed"), (timedelta(hours=21), "requested"),
            (timedelta(days=3), "requested"), (timedelta(days=12), "recorded"), (timedelta(hours=-3), "in_progress"),
            (timedelta(hours=-30), "requested"), (timedelta(hours=6), "deactivated"),
            (timedelta(hours=8), "documented"),
            (timedelta(days=5), "cancelled"),
        ):  # fmt: skip
            _request(life, free.pop(), due=life.now + left + clock, state=state)
    life.run()
    _replacements(life)
    until(life.now)


def _request(life: Life, account: Account, *, due: datetime, state: str) -> None:
    """A request whose time is over at `due`, brought to `state` by now."""
    holder, now, leader = account.holder, life.now, life.leader(account.site)
    assert holder is not None
    person = holder.person
    ends = due - timedelta(hours=24)
    life.shifts[person.pk] = ends
    told = min(ends - timedelta(days=9), now - timedelta(days=2))
    resignation = deactivations.resignation_record(
        person_id=person.pk, last_working_day=local_day(ends - timedelta(hours=8), JAKARTA),
        request=state != "recorded", actor=life.support, now=told,
    )  # fmt: skip
    _letter(resignation, life.support, told)
    request = DeactivationRequest.objects.open().get(person=person)
    began = max(ends, now - timedelta(hours=20)) + timedelta(minutes=5)
    if state in {"in_progress", "failed", "deactivated", "documented"}:
        life.at(began, partial(life.start, request))
    if state == "failed":
        life.at(began + timedelta(minutes=9), partial(life.fail, request, NOTES[0]))
    if state in {"deactivated", "documented"}:
        confirm = partial(deactivations.deactivation_confirm, evidence={"text": PROOF}, actor=leader)
        life.at(began + timedelta(minutes=12), partial(confirm, request_id=request.pk))
    if state == "documented":
        life.at(began + timedelta(minutes=50), partial(life.document, request))
    if state == "cancelled":
        withdraw = partial(deactivations.resignation_withdraw, note="Karyawan mengurungkan niat.", actor=life.support)
        life.at(now - timedelta(days=1), partial(withdraw, resignation_id=resignation.pk))


def _letter(resignation: Resignation, actor: User, now: datetime) -> None:
    person = resignation.person
    text = (
        f"= Surat Pengunduran Diri\n\nSaya, {person.name} (NIK {person.number}), mengundurkan diri. "
        f"Hari kerja terakhir saya {resignation.last_working_day:%d-%m-%Y}.\n\n{person.name}"
    )
    pdf = typst.compile(text.encode())
    assert isinstance(pdf, bytes)
    file = ContentFile(pdf, name="surat-pengunduran-diri.pdf")
    attachment_add(file=file, subject=resignation, actor=actor, now=now, purpose="letter", allowed=("pdf",))


def _replacements(life: Life) -> None:
    """Replacements that are under way: asked for, being made, failed, made but not documented, cancelled."""
    now = life.now
    free = Account.objects.filter(status="inactive", assignments__ends_at__isnull=False).exclude(
        pk__in=Account.objects.filter(assignments__ends_at=None).values("pk")
    )
    for account, state in zip(
        free.distinct().order_by("-deactivated_at"),
        ("requested", "in_progress", "failed", "replaced", "cancelled"),
        strict=False,
    ):
        leader, asked = life.leader(account.site), now - timedelta(hours=7)
        person = life.newcomer(account, asked)
        request = replacements.replacement_request(
            account_id=account.pk, person_id=person.pk, email=person.email, actor=life.support, now=asked
        )
        pk = request.pk
        if state == "cancelled":
            replacements.replacement_cancel(request_id=pk, note="Agent baru batal masuk.", actor=life.support, now=now)
        if state in {"in_progress", "failed", "replaced"}:
            replacements.replacement_start(request_id=pk, actor=leader, now=asked + timedelta(hours=1))
        if state == "failed":
            replacements.replacement_fail(request_id=pk, note=NOTES[1], actor=leader, now=asked + timedelta(hours=2))
        if state == "replaced":
            replacements.replacement_confirm(
                request_id=pk, evidence={"text": "Pengguna baru dapat masuk."}, sessions_revoked=True,
                work_handed_over=True, actor=leader, now=asked + timedelta(hours=2),
            )  # fmt: skip


def agents_log_in(life: Life) -> None:
    """agent.jkt and agent.ygy: people who hold an ID and stay."""
    for code, site in life.staff.sites.items():
        assignment = (
            Account.objects.filter(site=site, status="active", role="Agent", deactivations=None)
            .with_holder()
            .order_by("user_id")[0]
            .holder
        )
        assert assignment is not None
        life.staff.log_in(f"agent.{code.lower()}", assignment.person, Role.AGENT, site, None)
