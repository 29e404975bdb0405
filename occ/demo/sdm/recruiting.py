"""Positions, plan and recruitment of the demo: a request at every step of MO 4.1.1, candidates in every column."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

from occ.demo.clockwork import until
from occ.demo.people import FIRST, LAST, Staff, noon
from occ.people.models import Site
from occ.times import JAKARTA
from sdm.models import Candidate, Employment, Position, Recruitment
from sdm.services import candidates, plan, recruitments
from sdm.services.contract_registration import employment_register
from userids.models import Application
from userids.services.accounts import account_create

SCHEME: dict[str, Any] = dict.fromkeys(("bpjs_health", "bpjs_labour", "pph21", "fits_pks"), True)
WHY = {
    "replacement": "Menggantikan yang mengundurkan diri pada bulan ini.",
    "growth": "Jumlah interaksi WhatsApp naik; sesuai rencana personil.",
    "service": "Layanan verifikasi lewat video call diperluas.",
}


class Recruiter:
    """Makes each step as its lane would, at the time it happened."""

    def __init__(self, staff: Staff, now: datetime) -> None:
        self.staff, self.now, self.rng = staff, now, random.Random(11)  # noqa: S311 - invented people
        self.today = now.astimezone(JAKARTA).date()
        self.count = 0
        users = staff.users
        self.hr, self.payroll, self.trainer = users["hr_recruitment"], users["hr_payroll"], users["hr_training"]
        self.relations, self.support = users["hr_relations"], users["support"]

    def operation(self, site: Site) -> Any:
        return self.staff.users[f"coordinator.{site.code.lower()}"]

    def day(self, ago: int) -> datetime:
        return until(min(noon(self.today - timedelta(days=ago)), self.now - timedelta(minutes=10 + self.count % 40)))

    def ask(self, code: str, site: Site, people: int, why: str, *, ago: int, needed: date) -> Recruitment:
        return recruitments.recruitment_request(
            site=site, position=Position.objects.get(code=code), people=people, needed_by=needed, why=why,
            explanation=WHY[why], actor=self.operation(site), now=self.day(ago),
        )  # fmt: skip

    def verify(self, row: Recruitment, ago: int) -> None:
        recruitments.recruitment_verify(recruitment_id=row.pk, actor=self.hr, now=self.day(ago))

    def approve(self, row: Recruitment, ago: int) -> None:
        recruitments.scheme_approve(recruitment_id=row.pk, actor=self.payroll, now=self.day(ago), **SCHEME)

    def applies(self, row: Recruitment, ago: int, **given: Any) -> Candidate:
        self.count += 1
        born = date(1996 + self.count % 8, 1 + self.count % 12, 1 + self.count % 28)
        values: dict[str, Any] = {
            "name": f"{self.rng.choice(FIRST)} {self.rng.choice(LAST)}", "phone": f"0813 7700 {self.count:04}",
            "nik": f"970101{born:%d%m%y}{self.count:04}", "email": f"pelamar{self.count}@demo.example",
            "education": "d3" if self.count % 3 else "s1",
            "study": self.rng.choice(["Komunikasi", "Manajemen", "Akuntansi"]),
            "experience_months": (self.count * 7) % 40, "skills": [*row.version.skills, "Bahasa Jawa"],
            "source": self.rng.choice(["Job fair", "Situs karier", "Rekomendasi karyawan"]),
        }  # fmt: skip
        return candidates.candidate_add(recruitment_id=row.pk, actor=self.hr, now=self.day(ago), **values | given)

    def trained(self, found: Candidate, ago: int, *, until: str = "passed") -> Candidate:
        step: dict[str, Any] = {"candidate_id": found.pk}
        candidates.candidate_check(**step, actor=self.hr, now=self.day(ago))
        if until == "fits":
            return found
        candidates.candidate_train(**step, actor=self.trainer, now=self.day(ago - 1))
        if until == "not_passed":
            candidates.candidate_fail(
                **step, training_score=55, note="Nilai akhir di bawah batas; boleh mengulang.", actor=self.trainer,
                now=self.day(ago - 3),
            )  # fmt: skip
        elif until == "passed":
            score = 78 + found.pk % 20
            candidates.candidate_pass(**step, training_score=score, actor=self.trainer, now=self.day(ago - 3))
        return found

    def listed(self, row: Recruitment, ago: int) -> None:
        recruitments.list_submit(recruitment_id=row.pk, actor=self.hr, now=self.day(ago))

    def to_contract(self, row: Recruitment, ago: int) -> None:
        self.listed(row, ago)
        step: dict[str, Any] = {"recruitment_id": row.pk, "actor": self.operation(row.site)}
        recruitments.list_approve(list_digest=recruitments.list_digest(row.pk), now=self.day(ago - 1), **step)
        recruitments.final_send(now=self.day(ago - 1), **step)

    def contract(self, found: Candidate, ago: int, starts_on: date, *, sign: bool = True) -> None:
        step: dict[str, Any] = {"candidate_id": found.pk, "actor": self.relations}
        candidates.candidate_contract(
            contract_number=f"PKWT/R{found.pk:03}/1", contract_from=starts_on,
            contract_until=starts_on + timedelta(days=364), id_card=f"IDC-{found.pk:04}", now=self.day(ago), **step,
        )  # fmt: skip
        if sign:
            signed = self.day(ago - 1)
            candidates.candidate_sign(signed_on=signed.astimezone(JAKARTA).date(), now=signed, **step)

    def hire(self, found: Candidate, ago: int) -> None:
        self.staff.count += 1
        candidates.candidate_hire(
            candidate_id=found.pk, number=f"{self.today:%y}{self.staff.count:05}",
            work_email=f"pegawai{self.staff.count}@demo.example", actor=self.relations, now=self.day(ago),
        )  # fmt: skip


def recruiting(staff: Staff, *, now: datetime) -> None:
    made = Recruiter(staff, now)
    jkt, ygy = staff.sites["JKT"], staff.sites["YGY"]
    for site in (jkt, ygy):
        plan.plan_take_over(site=site, starts_on=staff.start, actor=staff.users["manager"], now=noon(staff.start))
    ahead = made.today + timedelta(days=30)
    whole_way(made, jkt)
    forgotten(made, ygy)
    board(made, ygy, ahead)
    # One at each step that waits for somebody.
    made.ask("agent", jkt, 2, "replacement", ago=0, needed=ahead)
    made.verify(made.ask("quality_control", ygy, 1, "replacement", ago=3, needed=ahead), 2)
    back = made.ask("team_leader", jkt, 1, "growth", ago=9, needed=ahead)
    made.verify(back, 8)
    recruitments.scheme_refuse(
        recruitment_id=back.pk, bpjs_health=True, bpjs_labour=True, pph21=True,
        note="PKS menyebut empat team leader; ajukan setelah adendum.", actor=made.payroll, now=made.day(6),
    )  # fmt: skip
    waiting(made, jkt, ahead)
    under_contract(made, jkt, ahead)


def whole_way(made: Recruiter, site: Site) -> None:
    """Two months ago: from the Form JO to the BAPP received, with one analyst at work who has a user ID."""
    row = made.ask("social_media", site, 1, "service", ago=75, needed=made.today - timedelta(days=40))
    made.verify(row, 74)
    made.approve(row, 72)
    chosen = made.trained(made.applies(row, 70), 66)
    candidates.candidate_refuse(
        candidate_id=made.applies(row, 69).pk, note="Tidak hadir pada seleksi.", actor=made.hr, now=made.day(65)
    )
    made.to_contract(row, 60)
    made.contract(chosen, 52, made.today - timedelta(days=45))
    made.hire(chosen, 50)
    chosen.refresh_from_db()
    registered = made.day(50)
    employment_register(
        employment_id=Employment.objects.get(employee_id=chosen.employee_id).pk, registration="WLKP-REKRUT-1",
        registered_on=registered.astimezone(JAKARTA).date(), actor=made.relations, now=registered,
    )  # fmt: skip
    recruitments.recruitment_finish(recruitment_id=row.pk, actor=made.relations, now=made.day(50))
    recruitments.bapp_make(recruitment_id=row.pk, actor=made.hr, now=made.day(49))
    recruitments.bapp_receive(recruitment_id=row.pk, actor=made.operation(site), now=made.day(48))
    assert chosen.employee is not None
    account_create(
        application=Application.objects.get(code="OMNI"), user_id="OMNI-SMA-01", person=chosen.employee,
        email=chosen.employee.email, role="Social Media Analytic", channels=["social"], site=site,
        activated_at=made.day(45), actor=made.support, now=made.day(45),
    )  # fmt: skip


def forgotten(made: Recruiter, site: Site) -> None:
    """Long ago: nobody was needed after all, and who applied has been anonymised since."""
    row = made.ask("wfm", site, 1, "growth", ago=260, needed=made.today - timedelta(days=200))
    made.verify(row, 259)
    made.approve(row, 257)
    made.applies(row, 255)
    recruitments.recruitment_cancel(
        recruitment_id=row.pk, note="Beban kerja ditangani tim yang ada.", actor=made.operation(site), now=made.day(250)
    )
    candidates.candidates_forget(now=made.day(69))


def board(made: Recruiter, site: Site, needed: date) -> None:
    """A request with candidates in every column before the list, one waived, one of them twice."""
    row = made.ask("agent", site, 4, "growth", ago=21, needed=needed)
    made.verify(row, 20)
    made.approve(row, 18)
    first = made.applies(row, 15)
    made.trained(first, 12)
    made.trained(made.applies(row, 14), 11)
    made.trained(made.applies(row, 14), 9, until="not_passed")
    made.trained(made.applies(row, 12), 8, until="training")
    made.trained(made.applies(row, 12), 8, until="training")
    waived = made.applies(row, 9, education="sma", experience_months=36)
    criterion = waived.criteria.get(outcome="not_met")
    candidates.criterion_waive(
        criterion_id=criterion.pk, reason="Tiga tahun pengalaman di contact center sejenis.", actor=made.hr,
        now=made.day(8),
    )  # fmt: skip
    made.trained(waived, 7, until="fits")
    made.applies(row, 3, skills=[])
    made.applies(row, 2, education="")
    made.applies(row, 1, phone=first.phone)


def waiting(made: Recruiter, site: Site, needed: date) -> None:
    """A list that waits for the operation."""
    row = made.ask("verifier", site, 2, "service", ago=25, needed=needed)
    made.verify(row, 24)
    made.approve(row, 22)
    for ago in (16, 15):
        made.trained(made.applies(row, ago), ago - 3)
    made.listed(row, 1)


def under_contract(made: Recruiter, site: Site, needed: date) -> None:
    """Contracts and ID cards: one hired for next week (whose user ID is asked for), one signed, one to be made."""
    row = made.ask("helpdesk", site, 3, "growth", ago=40, needed=needed)
    made.verify(row, 39)
    made.approve(row, 37)
    found = [made.trained(made.applies(row, 30), 26) for _one in range(3)]
    made.to_contract(row, 6)
    begins = made.today + timedelta(days=7)
    made.contract(found[0], 4, begins)
    made.contract(found[1], 3, begins)
    made.hire(found[0], 2)
