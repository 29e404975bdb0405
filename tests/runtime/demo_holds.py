"""What the demo must show (KER-2), asked of a demo that was started: test_demo.py runs it in there.

The demo is made through the services: what it shows is what the rules say.
"""

import json
import stat
from datetime import timedelta

from django.utils import timezone

from occ.demo.load import logins_file
from occ.documents.models import IssuedDocument
from occ.ledger.verification import faults
from occ.people.choices import Role
from occ.people.models import Person, RoleAssignment, Site
from realtime.choices import ProposalStatus, ViolationStatus
from realtime.models import Handover, RotgProposal, Violation
from sdm.models import Leaving
from userids.choices import FindingKind
from userids.models import AccessReview, Account, BreachReview, DeactivationRequest, ReplacementRequest
from userids.models.reconciliation import Finding


def check() -> None:
    """Two sites, two years, and requests with minutes, hours and days left. Raises AssertionError."""
    now = timezone.now()
    assert {site.code for site in Site.objects.all()} == {"JKT", "YGY"}
    active = Account.objects.filter(status="active").count()
    assert active >= 100, "the personnel of MO 2.2.A hold about 113 user IDs"
    assert Account.objects.order_by("created_at")[0].created_at < now - timedelta(days=700)
    assert set(DeactivationRequest.objects.values_list("status", flat=True)) >= {
        "recorded", "requested", "in_progress", "failed", "deactivated", "documented", "cancelled",
    }  # fmt: skip
    assert set(ReplacementRequest.objects.values_list("status", flat=True)) >= {"requested", "documented", "cancelled"}
    for site in Site.objects.all():
        open_requests = DeactivationRequest.objects.filter(site=site, confirmed_at=None).exclude(status="cancelled")
        left = sorted(one.due_at - now for one in open_requests)
        assert left[0] < timedelta(0), "one is past its time"
        assert any(timedelta(0) < one < timedelta(hours=2) for one in left)
        assert any(timedelta(hours=2) < one < timedelta(hours=24) for one in left)
        assert any(one > timedelta(days=2) for one in left)
    assert not Person.objects.filter(last_working_day__lt=now - timedelta(days=5), assignments__ends_at=None).exists()
    assert not list(faults())
    assert set(BreachReview.objects.values_list("status", flat=True)) >= {"open", "closed"}
    assert Account.objects.filter(status="suspended").exists()
    assert set(AccessReview.objects.values_list("status", flat=True)) == {"open", "closed"}
    assert IssuedDocument.objects.filter(type_code="ACR-UID").count() == 6
    assert set(Leaving.objects.values_list("status", flat=True)) >= {"recorded", "interviewed", "closed", "withdrawn"}
    assert set(Violation.objects.values_list("status", flat=True)) == set(ViolationStatus.values)
    assert set(RotgProposal.objects.values_list("status", flat=True)) == set(ProposalStatus.values)
    assert not Person.objects.filter(employee=None).exists()
    documents = IssuedDocument.objects.filter(type_code="LOG-UID").order_by("issued_at")
    assert len(documents) == 10 and documents[0].expires_on < timezone.localdate() + timedelta(days=60)
    assert IssuedDocument.objects.filter(type_code="REK-UID").count() == 3
    kinds = set(Finding.objects.open().values_list("kind", flat=True))
    assert kinds >= set(FindingKind.values) - {FindingKind.TWO_IDS, FindingKind.ACTIVE_IN_APPLICATION}
    handed = Handover.objects.exclude(ends_at__gt=now - timedelta(hours=1))
    assert {one.status for one in handed} == {"taken"} and handed.count() >= 4
    assert IssuedDocument.objects.filter(type_code="STS").count() == Handover.objects.filter(status="taken").count()
    assert {"accepted", "claimed", "gone", "resolved"} <= set(Finding.objects.values_list("status", flat=True))
    logins = json.loads(logins_file().read_text())
    assert stat.S_IMODE(logins_file().stat().st_mode) == 0o600
    assert {"support", "team_leader.jkt", "coordinator.ygy", "document_control", "auditor"} <= set(logins["users"])
    assert set(RoleAssignment.objects.values_list("role", flat=True)) >= {Role.SUPPORT, Role.AUDITOR}
