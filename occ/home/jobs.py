"""The exports of the roof's own lists: obligations and the document register."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from occ.documents.filters import RegisterFilter
from occ.documents.models import IssuedDocument
from occ.home.filters import ObligationFilter
from occ.home.navigation import FLOOR
from occ.list_export import register_list
from occ.obligations.models import Obligation
from occ.people.models import User
from occ.people.scope import has_role
from occ.sheets.writing import OutColumn


def on_the_floor(user: User) -> bool:
    return has_role(user, FLOOR)


def obligation_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Due"), width=18), OutColumn(_("What"), width=50), OutColumn(_("Owed by"), width=22),
        OutColumn(_("Team"), width=20), OutColumn(_("Site"), width=8), OutColumn(_("Clause"), width=16),
        OutColumn(_("State"), width=14), OutColumn(_("Fulfilled"), width=18), OutColumn(_("In time"), width=10),
    ]  # fmt: skip


def obligation_line(one: Obligation) -> list[Any]:
    return [
        one.due_at, one.title, str(one.owner or one.get_owner_role_display()), one.team.name if one.team else "",
        one.site.code, one.clause, one.get_state_display(), one.fulfilled_at, one.on_time if one.fulfilled_at else None,
    ]  # fmt: skip


def document_columns() -> list[OutColumn]:
    return [
        OutColumn(_("Number"), width=26), OutColumn(_("Title"), width=40), OutColumn(_("Site"), width=8),
        OutColumn(_("Issued"), width=18), OutColumn(_("Issued by"), width=26), OutColumn(_("Kept until"), width=14),
        OutColumn(_("Destroyed"), width=18), OutColumn(_("Owner"), width=20), OutColumn(_("Status"), width=14),
        OutColumn("SHA-256", width=66),
    ]  # fmt: skip


def document_line(one: IssuedDocument) -> list[Any]:
    return [
        one.full_number, one.title, one.site.code if one.site else _("All"), one.issued_at, one.issuer,
        one.expires_on, one.destroyed_at, one.get_owner_role_display(), one.get_status_display(), one.sha256,
    ]  # fmt: skip


register_list(
    "home.obligations", gettext_lazy("Obligations"), may=on_the_floor, filters=ObligationFilter, order=("due_at", "pk"),
    rows=lambda user, now: Obligation.objects.visible_to(user).select_related("site", "team", "owner"),
    columns=obligation_columns, line=obligation_line,
)  # fmt: skip
register_list(
    "home.documents", gettext_lazy("Document register"), may=on_the_floor, filters=RegisterFilter, order=("pk",),
    rows=lambda user, now: IssuedDocument.objects.visible_to(user).select_related("site").defer("data"),
    columns=document_columns, line=document_line,
)  # fmt: skip
