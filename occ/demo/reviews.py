"""What the demo's coordinators do: review each breach, keep their dates, hold the quarterly access review."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from occ.demo.logbook import Life
from occ.documents.choices import Purpose
from occ.documents.signing import Signing, position_of
from occ.people.choices import Role
from occ.people.models import RoleAssignment, User
from occ.times import JAKARTA, local_day
from userids.choices import BreachCause
from userids.models import AccessReview, AccessReviewItem, AccessReviewPart, Account, BreachReview, DeactivationRequest
from userids.services import access_reviews, breach_reviews, deactivations
from userids.services.access_reviews import quarter_of
from userids.services.others import deactivation_ask

ROUND = timedelta(days=2)
UNTIL = "Dipakai sampai hari terakhir bekerja."  # kept with the IDs that are being shut
CAMPAIGNS = 3  # closed ones before the present quarter's
CAUSES = (
    (BreachCause.OVERLOOKED, "Permintaan masuk saat pergantian shift dan tidak terbaca.",
     "Serah terima shift memuat permintaan user ID yang terbuka."),
    (BreachCause.NOBODY_ON_DUTY, "Team Leader cuti dan penggantinya belum punya akses.",
     "Setiap Team Leader yang cuti menunjuk pengganti di OCC."),
    (BreachCause.APPLICATION_DOWN, "Menu pengguna aplikasi tidak dapat dibuka sepanjang malam.",
     "Nomor piket vendor dicantumkan di instruksi kerja."),
)  # fmt: skip


def schedule(life: Life) -> None:
    """Put the coordinators' rounds and the campaigns of the past into the life's events."""
    when = life.now - timedelta(days=725)
    while when < life.now:
        life.at(when, partial(review_round, life))
        when += ROUND
    quarter = quarter_of(local_day(life.now, JAKARTA))
    for _quarter in range(CAMPAIGNS + 1):
        opens = datetime.combine(quarter, time(8), JAKARTA)
        if opens < life.now:
            life.at(opens, partial(campaign, life))
        quarter = quarter_of(quarter - timedelta(days=1))


def review_round(life: Life, *, now: datetime) -> None:
    """Breaches of the last days are analysed, done actions closed; the newest are left for whoever tries the demo."""
    if now > life.now - timedelta(days=3):
        return
    for review in BreachReview.objects.open().select_related("request", "site").order_by("pk"):
        coordinator = life.staff.users[f"coordinator.{review.site.code.lower()}"]
        who: dict[str, Any] = {"review_id": review.pk, "actor": coordinator, "now": now}
        if review.status == "action":
            done = review.action_due is not None and review.action_due <= local_day(now, JAKARTA) + timedelta(days=3)
            if done and not review.request.is_open and life.rng.random() < 0.9:
                breach_reviews.review_close(**who, evidence={"text": "Diperiksa pada rapat mingguan; berjalan."})
        elif review.cause == BreachCause.LATE_NOTICE and not review.request.is_open:
            note = "Surat diterima setelah hari kerja terakhir; di luar kendali operasi."
            breach_reviews.review_settle(
                **who, cause=review.cause, correction="User ID dinonaktifkan saat surat diterima.", note=note
            )
        else:
            cause, happened, action = life.rng.choice(CAUSES)
            breach_reviews.review_analyse(
                **who, cause=cause, cause_note=happened, corrective_action=action,
                correction="User ID dinonaktifkan begitu diketahui; riwayat log-in diperiksa.",
                action_due=local_day(now, JAKARTA) + timedelta(days=life.rng.randrange(7, 20)),
            )  # fmt: skip


def campaign(life: Life, *, now: datetime) -> None:
    """A quarter's access review at both sites; those of quarters that are over were answered and closed in time."""
    access_reviews.access_reviews_open(now=now)
    for review in AccessReview.objects.filter(status="open").select_related("site"):
        present = review.quarter == quarter_of(local_day(life.now, JAKARTA))
        parts = list(review.parts.order_by("pk"))
        for i, part in enumerate(parts[:-1] if present else parts):
            life.at(now + timedelta(days=i + 1, hours=3), partial(answer, life, review, part))
        if not present:
            life.at(now + timedelta(days=len(parts) + 3), partial(close, life, review))


def answer(life: Life, review: AccessReview, part: AccessReviewPart, *, now: datetime) -> None:
    leads = RoleAssignment.objects.filter(role=Role.TEAM_LEADER, team__isnull=False, team=part.team_id)
    leader = leads[0].user if leads else life.staff.users[f"coordinator.{review.site.code.lower()}"]
    access_reviews.items_lapse(review_id=review.pk, now=now)
    rows = AccessReviewItem.objects.filter(part=part).pending()
    mine = list(rows.decided_by(leader, review.site).values_list("pk", flat=True))
    if mine:
        access_reviews.items_decide(
            review_id=review.pk, item_ids=mine, decision="confirmed", note=UNTIL, actor=leader, now=now
        )


def close(life: Life, review: AccessReview, *, now: datetime) -> None:
    coordinator: User = life.staff.users[f"coordinator.{review.site.code.lower()}"]
    access_reviews.items_lapse(review_id=review.pk, now=now)
    rest = list(review.pending().decided_by(coordinator, review.site).values_list("pk", flat=True))
    if rest:
        access_reviews.items_decide(
            review_id=review.pk, item_ids=rest, decision="confirmed", note=UNTIL, actor=coordinator, now=now
        )
    signing = Signing(coordinator.pk, coordinator.get_full_name(), position_of(coordinator), Purpose.APPROVED, now)
    access_reviews.access_review_close(
        review_id=review.pk, language="id", signatures=[signing], actor=coordinator, now=now
    )


def others(life: Life) -> None:
    """IDs that are shut although nobody leaves: one suspended, one asked for an hour ago, one for next week."""
    free = (
        Account.objects.filter(site__code="JKT", status="active", role="Agent", deactivations=None)
        .exclude(assignments__person__user__isnull=False)
        .order_by("-user_id")
    )
    now, today = life.now, local_day(life.now, JAKARTA)
    suspended, disciplined, moving = free[:3]
    leader = life.leader(suspended.site)

    def asked(account: Account, reason: str, note: str, at: datetime, day: date | None) -> DeactivationRequest:
        return deactivation_ask(account_id=account.pk, reason=reason, last_day=day, note=note, actor=leader, now=at)

    then = now - timedelta(days=20)
    request = asked(suspended, "long_leave", "Cuti melahirkan tiga bulan.", then, today - timedelta(days=19))
    deactivations.deactivation_start(request_id=request.pk, actor=leader, now=then + timedelta(days=1, hours=5))
    deactivations.deactivation_confirm(
        request_id=request.pk, evidence={"text": "Status “Ditangguhkan” di daftar pengguna Omni Channel."},
        actor=leader, now=then + timedelta(days=1, hours=6),
    )  # fmt: skip
    asked(disciplined, "discipline", "Dibebastugaskan selama pemeriksaan.", now - timedelta(minutes=25), None)
    asked(moving, "transfer", "Pindah ke Yogyakarta.", now - timedelta(hours=4), today + timedelta(days=6))
