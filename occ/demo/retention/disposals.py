"""Disposal proposals of the demo, each at another step: destroyed with its berita acara, approved in part, cooling off,
before the client, and a draft. What the catalogue and the backups of the demo made is what goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from occ.approvals.proving import identity_prove
from occ.demo.clockwork import until
from occ.demo.people import Staff
from occ.documents.choices import Purpose
from occ.documents.countersigning import document_sign
from occ.documents.signing import signing_confirm
from occ.errors import Invalid
from occ.people.models import Site, User
from occ.times import local_day
from retention.choices import DOCUMENTS, ConditionKey, Medium, RecordKind, Way
from retention.models import Proposal
from retention.services.disposing import proposal_dispose, proposal_execute
from retention.services.minutes import disposal_issue
from retention.services.paper_disposing import ByHand, papers_destroy, waiting
from retention.services.probing import probes_run_due
from retention.services.proposals import (
    condition_say,
    document_proposal_new,
    proposal_decide,
    proposal_new,
    proposal_submit,
)
from retention.services.witnesses import Outsider

NOTES = {
    ConditionKey.PERIOD: "Jadwal retensi SOP-RET 5.3 dan 5.4",
    ConditionKey.OPERATION: "Tidak dipakai lagi untuk pembinaan maupun laporan",
    ConditionKey.CLIENT: "Sudah ditanyakan dalam rapat bulanan",
    ConditionKey.LAW: "Tidak ada kewajiban simpan lain",
    ConditionKey.CASE: "Tidak ada perkara atau pengaduan yang berjalan",
}


class Story:
    """Proposals told in the past: each deed with the `now` of its day."""

    def __init__(self, staff: Staff, password: str, now: datetime) -> None:
        self.staff, self.password, self.now = staff, password, now

    def user(self, role: str, site: Site | None = None) -> User:
        name = f"{role}.{site.code.lower()}" if site else role
        return self.staff.users.get(name) or self.staff.users[role]

    def ago(self, days: float) -> datetime:
        return until(self.now - timedelta(days=days))

    def proposed(self, site: Site, kind: str, days: float) -> Proposal | None:
        leader, now = self.user("team_leader", site), self.ago(days)
        try:
            if kind == DOCUMENTS:
                reason = "Melewati masa simpan menurut daftar catatan dokumen"
                return document_proposal_new(site=site, reason=reason, actor=leader, now=now)
            reason = "Melewati masa simpan dua tahun"
            return proposal_new(site=site, kind=kind, reason=reason, actor=leader, now=now)
        except Invalid:  # nothing of that kind has its age and its backup
            return None

    def submitted(self, site: Site, kind: str, days: float) -> Proposal | None:
        made = self.proposed(site, kind, days + 1)
        if made is None:
            return None
        for key in ConditionKey:
            control = key in (ConditionKey.LAW, ConditionKey.CASE)
            who = self.user("document_control") if control else self.user("team_leader", site)
            condition_say(proposal_id=made.pk, key=key, note=NOTES[key], actor=who, now=self.ago(days + 0.5))
        return proposal_submit(proposal_id=made.pk, actor=self.user("document_control"), now=self.ago(days))

    def decided(self, made: Proposal, days: float, *, refuse: int = 0) -> Proposal:
        client, at = self.user("client"), self.ago(days)
        proof = identity_prove(user=client, password=self.password, code="", reason="demo", now=at)
        lines = set(made.items.order_by("position").values_list("pk", flat=True)[:refuse])
        again = local_day(self.now, made.site.zone) + timedelta(days=180)
        return proposal_decide(
            proposal_id=made.pk, list_sha256=made.list_sha256, refused=lines, proof=proof, actor=client, now=at,
            reason="Masih diperlukan untuk penanganan keluhan" if refuse else "", again_on=again if refuse else None,
        )  # fmt: skip

    def destroyed(self, made: Proposal, days: float, *, documented: float, signed: set[Purpose]) -> None:
        """Its berita acara is drawn up `documented` days ago, and a day later signed for what `signed` says."""
        at, control = self.ago(days), self.user("document_control")
        proposal_execute(proposal_id=made.pk, actor=self.user("it"), now=at)
        self.work(made, at)
        for medium, way in ((Medium.HARDCOPY, Way.SHREDDED), (Medium.SOFTCOPY, Way.ERASED)):
            if papers := list(waiting(made).filter(entry__medium=medium).values_list("pk", flat=True)):
                self.by_hand(made, papers, way, days - 0.1)
        probes_run_due(now=self.ago(days - 8))
        made.refresh_from_db()
        if made.status != "destroyed":
            return
        later = self.ago(documented)
        signing = signing_confirm(
            user=control, password=self.password, purpose=Purpose.PREPARED, now=later
        )  # fmt: skip
        leader = self.user("team_leader", made.site)
        house = [leader.person] if leader.person else [Outsider(str(leader), "Team Leader", "Contact Center")]
        witnesses = [*house, Outsider("Sri Wahyuni", "Asisten Manajer", "PT Pegadaian")]
        document = disposal_issue(
            proposal_id=made.pk, place=made.site.name, witnesses=witnesses,
            language="id", signatures=[signing], actor=control, now=later,
        )  # fmt: skip
        for slot in document.slots:
            if slot["user_id"] and slot["purpose"] in signed:
                document_sign(
                    document_id=document.pk, user=User.objects.get(pk=slot["user_id"]), password=self.password,
                    purpose=slot["purpose"], now=self.ago(documented - 1),
                )  # fmt: skip

    def work(self, made: Proposal, at: datetime) -> None:
        while proposal_dispose(proposal_id=made.pk, clock=clock(at)):
            pass

    def by_hand(self, made: Proposal, papers: list[int], way: str, days: float) -> None:
        """Team IT shreds papers, or erases files of other servers, and says so."""
        at, team = self.ago(days), self.user("it")
        proof = identity_prove(user=team, password=self.password, code="", reason="demo", now=at)
        done = ByHand(
            on_day=local_day(at, made.site.zone), place=f"Ruang arsip {made.site.name}", way=way,
            witness=Outsider("Sri Wahyuni", "Asisten Manajer", "PT Pegadaian"),
        )  # fmt: skip
        papers_destroy(proposal_id=made.pk, items=papers, done=done, proof=proof, actor=team, now=at)
        self.work(made, at)


def clock(at: datetime) -> Callable[[], datetime]:
    return lambda: at


def disposals(staff: Staff, *, password: str, now: datetime) -> None:
    """To be called when the records are catalogued and backed up."""
    story, sites = Story(staff, password, now), staff.sites
    jkt, ygy = sites["JKT"], sites["YGY"]
    if first := story.submitted(jkt, RecordKind.CHAT, 60):
        everybody = {Purpose.EXECUTED, Purpose.WITNESSED, Purpose.APPROVED}
        story.destroyed(story.decided(first, 55), 40, documented=31, signed=everybody)
    if part := story.submitted(jkt, RecordKind.RECORDING, 20):
        story.decided(part, 15, refuse=2 if part.items_count > 2 else 0)
    if cooling := story.submitted(ygy, RecordKind.CHAT, 6):
        story.decided(cooling, 2)
    story.submitted(ygy, RecordKind.RECORDING, 3)
    for site, kind in ((jkt, RecordKind.CHAT), (ygy, RecordKind.CHAT), (jkt, RecordKind.RECORDING)):
        if story.proposed(site, kind, 0.1):
            break
