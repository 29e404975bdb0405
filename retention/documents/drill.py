"""What retention leaves on paper: the report of a restore drill (RET-6)."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.models import IssuedDocument
from occ.documents.services import document_issue
from occ.documents.types import DocumentType
from occ.documents.types import register as register_type
from occ.people.actors import Actor
from occ.people.choices import Role
from occ.policies.registry import Definition, number
from occ.policies.registry import register as register_policy
from retention.choices import Result
from retention.models import Check

DRILL = register_type(
    DocumentType(
        code="DRL-RET",
        title=gettext_lazy("Restore drill report"),
        procedure="SOP Retensi Chat dan Recording",
        clause="SOP-RET 5.1, 5.2",
        sop_revision="02",
        owner=Role.IT,
        readers=frozenset({Role.TEAM_LEADER}),
        template=Path(__file__).parents[1] / "typst" / "drill.typ",
    )
)
register_policy(
    Definition(
        DRILL.retention_policy, gettext_lazy("The restore drill report is kept"), gettext_lazy("years"), "SOP-RET 10",
        2, number(1, 100),
    )
)  # fmt: skip


def drill_issue(check: Check, *, language: str, actor: Actor, now: datetime) -> IssuedDocument:
    """In the active language, which is `language`."""
    assert check.batch is not None
    return document_issue(
        type=DRILL, site=check.batch.site, subject=check, title=f"{DRILL.title}: {check.of}",
        data=drill_body(check), language=language, actor=actor, now=now,
    )  # fmt: skip


def drill_body(check: Check) -> dict[str, Any]:
    """The template's data, in the active language."""
    assert check.batch is not None and check.ended_at is not None
    said, zone = check.details, check.batch.site.zone
    facts = [
        (_("Batch"), check.batch.identifier),
        *([(_("Package"), check.pack.name)] if check.pack else []),
        (_("Started"), date_format(check.started_at.astimezone(zone), "j F Y, H:i T")),
        (_("Ended"), date_format(check.ended_at.astimezone(zone), "j F Y, H:i T")),
        (_("Result"), str(Result(check.result).label)),
    ]
    totals = [
        (_("Records restored"), check.objects_count),
        (_("Bytes"), check.bytes_count),
        (_("Compared byte by byte with the source"), said["compared"]),
        (_("Compared by SHA-256 alone"), said["by_hash"]),
        (_("Destroyed before"), said["destroyed"]),
        (_("Failures"), check.failures),
    ]
    right = {True: _("as it was completed"), False: _("another one, or not readable")}
    return {
        "facts": [{"label": label, "value": value} for label, value in facts],
        "totals": [[label, f"{value:,}".replace(",", ".")] for label, value in totals],
        "draw": _("Drawn out of %(n)s batches with the seed %(seed)s.") % {"n": said["drawn_from"], "seed": check.seed}
        if check.seed
        else (
            _("Not drawn: %(who)s asked for this package.")
            if check.pack
            else _("Not drawn: %(who)s asked for this batch.")
        )
        % {"who": check.by},
        "bags": {
            "columns": [_("Bag"), _("Manifest in the store")],
            "rows": [[bag, right[same]] for bag, same in said["manifests"].items()],
        },
        "failed": {"title": _("What failed"), "columns": [_("Conversation"), _("Why")], "rows": said["failed"]},
        "places": [
            {"purpose": purpose, "name": "." * 32, "position": position, "signed_at": None}
            for purpose, position in ((_("Prepared by"), _("Team IT")), (_("Checked by"), _("Team Leader / SPV")))
        ],
    }
