"""What a run leaves on paper: its counts, its findings by kind, the hash of the list it compared (UID-11)."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.models import IssuedDocument, IssuedDocumentQuerySet
from occ.documents.services import document_issue
from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.people.models import Site
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from occ.times import JAKARTA
from userids.choices import FindingKind, Sight
from userids.models.reconciliation import Finding, FindingSighting, Reconciliation
from userids.reconciling.words import instant, said

MOST = 500  # rows of a kind on paper; the list in OCC has all
REPORT = register_type(
    DocumentType(
        code="REK-UID",
        title=gettext_lazy("Reconciliation report of user IDs"),
        procedure="SOP User ID Omni Channel",
        clause="SOP-UID 5.3",
        sop_revision="02",
        owner=Role.DOCUMENT_CONTROL,
        readers=frozenset({Role.IT}),
        template=Path(__file__).parent.parent / "typst" / "reconciliation.typ",
    )
)
register_policy(
    Definition(
        REPORT.retention_policy, gettext_lazy("The reconciliation report is kept"), gettext_lazy("years"),
        "SOP-UID 10", 2, number(1, 100),
    )
)  # fmt: skip


def report_of(run: Reconciliation) -> IssuedDocumentQuerySet:
    return IssuedDocument.objects.filter(subject_type=run._meta.label_lower, subject_id=str(run.pk))


def report_issue(run: Reconciliation, *, language: str, actor: Actor) -> IssuedDocument:
    """Issue the report: for the site, where the application has user IDs at one only, else for all sites."""
    site = Site.objects.get(pk=run.sites[0]) if len(run.sites) == 1 else None
    with translation.override(language):
        body = report_body(run)
    return document_issue(
        type=REPORT, site=site, subject=run, title=f"{REPORT.title}: {run.application}", data=body, language=language,
        actor=actor, now=run.ran_at,
    )  # fmt: skip


def report_body(run: Reconciliation) -> dict[str, Any]:
    """The template's data, in the active language."""
    seen = FindingSighting.objects.filter(run=run).exclude(sight=Sight.GONE)
    by_kind: dict[str, list[list[str]]] = defaultdict(list)
    more: dict[str, int] = defaultdict(int)
    rows = Finding.objects.filter(pk__in=seen.values("finding")).select_related("site", "person")
    for one in rows.order_by("kind", "user_id", "pk").iterator(chunk_size=2_000):
        if len(by_kind[one.kind]) < MOST:
            line = [
                one.ids,
                one.site.code,
                said(one),
                str(one.get_status_display()),
                instant(one.due_at, one.site.zone),
            ]
            by_kind[one.kind].append(line)
        else:
            more[one.kind] += 1
    facts = [
        (_("Application"), str(run.application)),
        (_("List"), run.file_name or str(run.get_source_display())),
        (_("List of"), instant(run.taken_at, JAKARTA)),
        (_("Reconciled"), instant(run.ran_at, JAKARTA)),
        (_("Started by"), run.started_by_label),
    ]
    totals = [
        (_("Users in the list"), run.users), (_("Active in the list"), run.active_users),
        (_("User IDs in the logbook"), run.accounts), (_("Active in the logbook"), run.active_accounts),
    ]  # fmt: skip
    return {
        "facts": [{"label": label, "value": value} for label, value in facts],
        "totals": [{"label": label, "value": str(value)} for label, value in totals],
        "sha256": {"label": _("SHA-256 of the list"), "value": run.sha256},
        "summary": {
            "columns": [_("Finding"), _("Found"), _("New"), _("Came back"), _("No longer found")],
            "rows": [summary_line(run, kind) for kind in FindingKind],
        },
        "columns": [_("User ID"), _("Site"), _("What differs"), _("Status"), _("Due")],
        "kinds": [
            {
                "title": str(kind.label),
                "rows": by_kind[kind],
                "more": _("and %(n)s more, see the list of findings") % {"n": more[kind]} if more[kind] else None,
            }
            for kind in FindingKind
            if by_kind[kind]
        ],
        "empty": _("List and logbook agree: nothing was found."),
        "places": [
            {"purpose": purpose, "name": "." * 32, "position": position, "signed_at": None}
            for purpose, position in (
                (_("Prepared by"), _("Document Control")), (_("Checked by"), _("Team Leader / SPV")),
                (_("Approved by"), _("Coordinator")),
            )
        ],
    }  # fmt: skip


def summary_line(run: Reconciliation, kind: FindingKind) -> list[str]:
    def count(*sights: str) -> str:
        return str(sum(run.counts.get(sight, {}).get(kind, 0) for sight in sights))

    return [str(kind.label), count(Sight.NEW, Sight.AGAIN, Sight.REOPENED), count(Sight.NEW), count(Sight.REOPENED),
            count(Sight.GONE)]  # fmt: skip
